// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import pino from 'pino';
import { connectLedger, type FabricLedger } from '../../../gateway/src/ledger/fabricLedger';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createP256Signer } from '../../../gateway/src/ledger/signer';
import { requestOf } from '../recorder/support/requests';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from './network';
import { type Relay, startRelay, statusError } from './relay';

let net: TestNetwork;
let relay: Relay;
let north: FabricLedger;
let lane = 0;
beforeAll(async () => {
  net = await startTestNetwork();
  await net.north.putClient(CLIENT);
  const organisation = net.network.embedded.organisation(NORTH);
  const user = organisation.users.gateway;
  if (user === undefined) {
    throw new Error('no gateway user');
  }
  relay = await startRelay(organisation.endpoint);
  north = await connectLedger({
    endpoint: relay.endpoint,
    identity: { mspId: NORTH, certificatePem: user.certificatePem },
    signer: createP256Signer(readFileSync(user.privateKeyPath, 'utf8')),
    channel: 'chartwitness',
    chaincode: 'provenance',
    deadlines: { evaluateMs: 4_000, endorseMs: 4_000, submitMs: 2_000, commitMs: 3_000, probeMs: 300 },
    log: pino({ level: 'silent' }),
  });
}, 60_000);
afterAll(async () => {
  north.close();
  relay.close();
  await net.close();
}, 30_000);
beforeEach(() => {
  lane += 1;
  relay.calls.length = 0;
});

const laneName = (): string => `${NORTH}/lane-${String(lane)}`;
const record = () => north.recordBatch(laneName(), 0, { start: 0, requests: [requestOf(lane)] });
const isRecorded = async (): Promise<boolean> => (await net.north.findBatch(laneName(), 0)) !== undefined;
const away = () => Promise.reject(statusError(status.UNAVAILABLE, 'relay: connection lost'));

async function failure(promise: Promise<unknown>): Promise<LedgerError> {
  const error: unknown = await promise.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LedgerError);
  return error as LedgerError;
}

describe('a network that loses messages', () => {
  test('nothing lost: the trustee is read from the settings, once', async () => {
    await record();
    expect(relay.calls).toEqual(['Evaluate', 'Endorse', 'Submit', 'CommitStatus']);
  });

  test('endorsement lost: nothing ordered, unavailable', async () => {
    relay.meddle.Endorse.push(away);
    expect((await failure(record())).kind).toBe('unavailable');
    expect(await isRecorded()).toBe(false);
  });

  test('the answer to submit lost: found by its transaction id, committed once', async () => {
    relay.meddle.Submit.push(async (request, forward) => {
      await forward(request);
      return away();
    });
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(relay.calls).toEqual(['Endorse', 'Submit', 'CommitStatus']);
    expect(await isRecorded()).toBe(true);
  });

  test('submit lost on its way: the same bytes are handed in again', async () => {
    relay.meddle.Submit.push(away);
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(relay.calls).toEqual(['Endorse', 'Submit', 'CommitStatus', 'Submit', 'CommitStatus']);
  });

  test('submit never arrives: unknown, and in truth absent', async () => {
    relay.meddle.Submit.push(away, away, away);
    const error = await failure(record());
    expect(error.kind).toBe('unknown');
    expect(error.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect(await isRecorded()).toBe(false);
  });

  test('the first answer about the commit lost: asked again', async () => {
    relay.meddle.CommitStatus.push(away);
    expect((await record()).permitted).toEqual([[true, true]]);
  });

  test('no answer about the commit: unknown, and in truth committed', async () => {
    relay.meddle.CommitStatus.push(away, away);
    expect((await failure(record())).kind).toBe('unknown');
    expect(await isRecorded()).toBe(true);
  });

  test('a busy peer (concurrency limit) is retryable', async () => {
    relay.meddle.Endorse.push(() =>
      Promise.reject(
        statusError(
          status.UNKNOWN,
          'too many requests for /gateway.Gateway, exceeding concurrency limit (500)',
        ),
      ),
    );
    expect((await failure(record())).kind).toBe('retryable');
  });

  test('an invalid transaction in a block is told from one that is not there', async () => {
    relay.meddle.CommitStatus.push(() => {
      const response = new gateway.CommitStatusResponse();
      response.setResult(peer.TxValidationCode.MVCC_READ_CONFLICT);
      return Promise.resolve(Buffer.from(response.serializeBinary()));
    });
    const error = await failure(record());
    expect(error).toMatchObject({ kind: 'retryable' });
    expect(error.message).toContain('MVCC_READ_CONFLICT');
  });
});

describe('a peer that prepares another transaction', () => {
  let earlier: Buffer | undefined;

  /** Changes the prepared transaction and hands it to the client. */
  function tamper(change: (payload: common.Payload) => void): void {
    relay.meddle.Endorse.push(async (request, forward) => {
      const response = gateway.EndorseResponse.deserializeBinary(await forward(request));
      const envelope = response.getPreparedTransaction() ?? new common.Envelope();
      const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
      change(payload);
      envelope.setPayload(payload.serializeBinary());
      response.setPreparedTransaction(envelope);
      return Buffer.from(response.serializeBinary());
    });
  }

  function changeAction(
    payload: common.Payload,
    change: (action: peer.TransactionAction, content: peer.ChaincodeActionPayload) => void,
  ): void {
    const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
    const [action] = transaction.getActionsList();
    if (action === undefined) {
      throw new Error('no action');
    }
    const content = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
    change(action, content);
    action.setPayload(content.serializeBinary());
    payload.setData(transaction.serializeBinary());
  }

  async function expectRefused(): Promise<void> {
    const error = await failure(record());
    expect(error.kind).toBe('rejected');
    expect(error.message).toContain('another transaction');
    expect(relay.calls).not.toContain('Submit');
    expect(await isRecorded()).toBe(false);
  }

  test('an earlier transaction in place of ours', async () => {
    relay.meddle.Endorse.push(async (request, forward) => (earlier = await forward(request)));
    await record();
    lane += 1;
    relay.calls.length = 0;
    relay.meddle.Endorse.push(() => Promise.resolve(earlier ?? Buffer.alloc(0)));
    await expectRefused();
  });

  test('another channel', async () => {
    tamper((payload) => {
      const header = payload.getHeader() ?? new common.Header();
      const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
      channel.setChannelId('elsewhere');
      header.setChannelHeader(channel.serializeBinary());
      payload.setHeader(header);
    });
    await expectRefused();
  });

  test('other arguments', async () => {
    tamper((payload) => {
      changeAction(payload, (_, content) => {
        const call = peer.ChaincodeProposalPayload.deserializeBinary(
          content.getChaincodeProposalPayload_asU8(),
        );
        call.setInput(new Uint8Array([1, 2, 3]));
        content.setChaincodeProposalPayload(call.serializeBinary());
      });
    });
    await expectRefused();
  });

  test('transient data put back in, where every member would read it', async () => {
    tamper((payload) => {
      changeAction(payload, (_, content) => {
        const call = peer.ChaincodeProposalPayload.deserializeBinary(
          content.getChaincodeProposalPayload_asU8(),
        );
        call.getTransientmapMap().set('batch', new Uint8Array([1]));
        content.setChaincodeProposalPayload(call.serializeBinary());
      });
    });
    await expectRefused();
  });

  test('a result of another proposal (its hash differs)', async () => {
    tamper((payload) => {
      changeAction(payload, (_, content) => {
        const action = content.getAction() ?? new peer.ChaincodeEndorsedAction();
        const response = peer.ProposalResponsePayload.deserializeBinary(
          action.getProposalResponsePayload_asU8(),
        );
        response.setProposalHash(new Uint8Array(32));
        action.setProposalResponsePayload(response.serializeBinary());
        content.setAction(action);
      });
    });
    await expectRefused();
  });

  test.each([NORTH, TRUSTEE])('the endorsement of %s left out', async (mspId) => {
    tamper((payload) => {
      changeAction(payload, (_, content) => {
        const action = content.getAction() ?? new peer.ChaincodeEndorsedAction();
        action.setEndorsementsList(
          action
            .getEndorsementsList()
            .filter((endorsement) => !Buffer.from(endorsement.getEndorser_asU8()).includes(mspId)),
        );
        content.setAction(action);
      });
    });
    await expectRefused();
  });

  test('a second action', async () => {
    tamper((payload) => {
      const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
      transaction.addActions(transaction.getActionsList()[0]?.clone());
      payload.setData(transaction.serializeBinary());
    });
    await expectRefused();
  });
});

describe('an identity that a peer would refuse', () => {
  const options = (certificateOf: string, keyOf: string) => {
    const certificate = net.network.embedded.organisation(certificateOf).users.gateway;
    const key = net.network.embedded.organisation(keyOf).users.gateway;
    return {
      endpoint: relay.endpoint,
      identity: { mspId: certificateOf, certificatePem: certificate?.certificatePem ?? '' },
      signer: createP256Signer(readFileSync(key?.privateKeyPath ?? '', 'utf8')),
      channel: 'chartwitness',
      chaincode: 'provenance',
      log: pino({ level: 'silent' }),
    };
  };

  test("a key that is not the certificate's is refused at the start", async () => {
    await expect(connectLedger(options(NORTH, SOUTH))).rejects.toThrow(/does not belong/);
  });

  test('a certificate outside its validity is refused at the start', async () => {
    await expect(
      connectLedger({ ...options(NORTH, NORTH), clock: () => Date.parse('2999-01-01') }),
    ).rejects.toThrow(/enrol again/);
  });
});
