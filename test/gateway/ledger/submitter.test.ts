// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import pino from 'pino';
import {
  connectLedger,
  type FabricLedger,
  type FabricLedgerOptions,
} from '../../../gateway/src/ledger/fabricLedger';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createP256Signer } from '../../../gateway/src/ledger/signer';
import { testSubject } from '../../support/accessRequests';
import { requestOf } from '../recorder/support/requests';
import { type FakeOrderer, startFakeOrderer } from './fakeOrderer';
import { CLIENT, NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from './network';
import { type Relay, startRelay, statusError } from './relay';

let net: TestNetwork;
let relay: Relay;
let north: FabricLedger;
let orderers: readonly [FakeOrderer, FakeOrderer];
let lane = 0;
beforeAll(async () => {
  net = await startTestNetwork();
  await net.north.putClient(CLIENT);
  const { endpoint } = net.network.embedded.organisation(NORTH);
  relay = await startRelay(endpoint);
  orderers = [await startFakeOrderer(endpoint), await startFakeOrderer(endpoint)];
  north = await connectLedger({
    ...optionsOf(NORTH, NORTH),
    orderers: { endpoints: orderers.map((each) => each.endpoint) },
    deadlines: {
      evaluateMs: 4_000,
      endorseMs: 4_000,
      submitMs: 2_000,
      broadcastMs: 500,
      commitMs: 1_000,
      probeMs: 300,
    },
  });
}, 60_000);
afterAll(async () => {
  north.close();
  relay.close();
  orderers.forEach((each) => {
    each.close();
  });
  await net.close();
}, 30_000);
beforeEach(() => {
  lane += 1;
  relay.calls.length = 0;
  orderers.forEach(({ answers, handed }) => {
    answers.length = 0;
    handed.length = 0;
  });
});

const laneName = (): string => `${NORTH}/lane-${String(lane)}`;
const record = () => north.recordBatch(laneName(), 0, { start: 0, requests: [requestOf(lane)] });
const isRecorded = async (): Promise<boolean> => (await net.north.findBatch(laneName(), 0)) !== undefined;
const noOrderer = () =>
  Promise.reject(statusError(status.UNAVAILABLE, 'no orderers could successfully process transaction'));
const handedIn = (): number[] => orderers.map(({ handed }) => handed.length);
const away = () => Promise.reject(statusError(status.UNAVAILABLE, 'relay: connection lost'));

function optionsOf(certificateOf: string, keyOf: string): FabricLedgerOptions {
  const certificate = net.network.embedded.organisation(certificateOf).users['gateway'];
  const key = net.network.embedded.organisation(keyOf).users['gateway'];
  return {
    endpoint: relay.endpoint,
    identity: { mspId: certificateOf, certificatePem: certificate?.certificatePem ?? '' },
    signer: createP256Signer(readFileSync(key?.privateKeyPath ?? '', 'utf8')),
    channel: 'chartwitness',
    chaincode: 'provenance',
    log: pino({ level: 'silent' }),
  };
}

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
    relay.meddle.CommitStatus.push(away, away, away, away);
    expect((await failure(record())).kind).toBe('unknown');
    expect(await isRecorded()).toBe(true);
  });

  test('taken by an orderer and lost with it: handed in again, committed once', async () => {
    const requests: Buffer[] = [];
    relay.meddle.Submit.push((request) => {
      requests.push(request);
      return Promise.resolve(Buffer.from(new gateway.SubmitResponse().serializeBinary()));
    });
    relay.meddle.Submit.push((request, forward) => {
      requests.push(request);
      return forward(request);
    });
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(relay.calls).toEqual(['Endorse', 'Submit', 'CommitStatus', 'Submit', 'CommitStatus']);
    expect(requests[1]).toEqual(requests[0]);
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

describe('a peer that reaches no orderer', () => {
  test('the signed transaction goes to an orderer directly, and commits', async () => {
    relay.meddle.Submit.push(noOrderer);
    const before = await net.north.height();
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(relay.calls).toEqual(['Endorse', 'Submit', 'CommitStatus']);
    expect(handedIn()).toEqual([1, 0]);
    expect(await net.north.height()).toBe(before + 1n);
  });

  test('a consent of the trustee takes the same way', async () => {
    const itsRelay = await startRelay(net.network.embedded.organisation(TRUSTEE).endpoint);
    const trustee = await connectLedger({
      ...optionsOf(TRUSTEE, TRUSTEE),
      endpoint: itsRelay.endpoint,
      orderers: { endpoints: [orderers[1].endpoint] },
    });
    itsRelay.meddle.Submit.push(noOrderer);
    const { version } = await trustee.putConsent(testSubject('sub'), { rules: [], default: 'deny' }, 0);
    trustee.close();
    itsRelay.close();
    expect(version).toBe(1);
    expect(handedIn()).toEqual([0, 1]);
  });

  test('the peer did hand it on although it said no: the second copy changes nothing', async () => {
    relay.meddle.Submit.push(async (request, forward) => {
      await forward(request);
      return noOrderer();
    });
    expect((await record()).permitted).toEqual([[true, true]]);
    expect(handedIn()).toEqual([1, 0]);
    const batch = await net.north.getEvents(laneName(), 0);
    expect(batch.events).toHaveLength(1);
  });

  test('an orderer that is not ready or does not answer: the next one is asked, and first from then on', async () => {
    orderers[0].answers.push({ status: 503, info: 'no Raft leader' });
    relay.meddle.Submit.push(noOrderer);
    await record();
    expect(handedIn()).toEqual([1, 1]);
    expect(orderers[1].handed).toEqual(orderers[0].handed);
    lane += 1;
    orderers[1].answers.push('silence');
    relay.meddle.Submit.push(noOrderer);
    await record();
    expect(handedIn()).toEqual([2, 2]);
    expect(await isRecorded()).toBe(true);
  });

  test('an orderer that has it already (BFT) has taken it', async () => {
    orderers[0].answers.push({ status: 503, info: 'failed to submit request: request already exists' });
    relay.meddle.Submit.push(async (request, forward) => {
      await forward(request);
      return noOrderer();
    });
    await record();
    expect(handedIn()).toEqual([1, 0]);
  });

  test('nor does any orderer take it: unknown, and in truth absent', async () => {
    const no = { status: 503, info: 'no Raft leader' };
    relay.meddle.Submit.push(noOrderer, noOrderer, noOrderer);
    orderers.forEach(({ answers }) => answers.push(no, no, no));
    const error = await failure(record());
    expect(error.kind).toBe('unknown');
    expect(handedIn()).toEqual([3, 3]);
    expect(await isRecorded()).toBe(false);
  });

  test('a peer that is away itself, or refuses, is not passed by', async () => {
    relay.meddle.Submit.push(away, away, away);
    expect((await failure(record())).kind).toBe('unknown');
    relay.meddle.Submit.push(() =>
      Promise.reject(statusError(status.INVALID_ARGUMENT, 'prepared transaction must be signed')),
    );
    expect((await failure(record())).kind).toBe('rejected');
    expect(handedIn()).toEqual([0, 0]);
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
  test("a key that is not the certificate's is refused at the start", async () => {
    await expect(connectLedger(optionsOf(NORTH, SOUTH))).rejects.toThrow(/does not belong/);
  });

  test('a certificate outside its validity is refused at the start', async () => {
    await expect(
      connectLedger({ ...optionsOf(NORTH, NORTH), clock: () => Date.parse('2999-01-01') }),
    ).rejects.toThrow(/enrol again/);
  });
});
