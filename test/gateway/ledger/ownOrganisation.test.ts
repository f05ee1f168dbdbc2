// SPDX-License-Identifier: Apache-2.0
import { status } from '@grpc/grpc-js';
import { msp, peer } from '@hyperledger/fabric-protos';
import pino from 'pino';
import { connectToPeer } from '../../../gateway/src/compose/openLedger';
import { parseLedgerConfig } from '../../../gateway/src/config/peerConfig';
import type { FabricLedger } from '../../../gateway/src/ledger/fabricLedger';
import { NORTH, SOUTH, startTestNetwork, type TestNetwork, TRUSTEE } from './network';
import { type Relay, startRelay, statusError } from './relay';
import { isOnFabric } from '../../support/ledgerUnderTest';

const SILENT = pino({ level: 'silent' });

let net: TestNetwork;
const opened: FabricLedger[] = [];

beforeAll(async () => {
  net = await startTestNetwork();
}, 240_000);

afterAll(async () => {
  for (const ledger of opened) {
    ledger.close();
  }
  await net.close();
});

const MOVED: ReadonlySet<string> = new Set(['FABRIC_PEER_ENDPOINT', 'FABRIC_TLS_CA_FILE']);

/** `mspId`'s identity at the peer of `peerOf`. */
async function join(mspId: string, peerOf: string): Promise<FabricLedger> {
  const at = net.environment(peerOf);
  const moved = Object.entries(at).filter(([name]) => MOVED.has(name));
  return open({ ...net.environment(mspId), ...(Object.fromEntries(moved) as Record<string, string>) });
}

async function open(environment: Record<string, string>): Promise<FabricLedger> {
  const config = parseLedgerConfig(environment);
  const ledger = await connectToPeer(config, config.peer, SILENT);
  opened.push(ledger);
  return ledger;
}

const REQUESTS = { start: 0, requests: [] };

async function firstEvent(ledger: FabricLedger): Promise<unknown> {
  for await (const event of ledger.events(undefined, new AbortController().signal)) {
    return event;
  }
  return undefined;
}

test.each([
  [NORTH, SOUTH],
  [TRUSTEE, NORTH],
])('%s is told nothing by the peer of %s', async (mspId, peerOf) => {
  const ledger = await join(mspId, peerOf);
  const calls: (() => Promise<unknown>)[] = [
    () => ledger.tip(),
    () => ledger.findBlock(0n),
    () => ledger.findEventBlock(0n, 2n, new AbortController().signal),
    () => ledger.findSettings(),
    () => ledger.findBatch(`${mspId}/main`, 0),
    () => ledger.evaluateBatch(`${mspId}/main`, REQUESTS),
    () => ledger.recordBatch(`${mspId}/main`, 0, REQUESTS),
    () => firstEvent(ledger),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'OTHER_PEER',
      message: `the peer at this endpoint is of ${peerOf}, and this service is of ${mspId}`,
    });
  }
});

test.each([NORTH, SOUTH, TRUSTEE])('%s is served by its own peer', async (mspId) => {
  const ledger = await join(mspId, mspId);
  expect((await ledger.tip()).height).toBeGreaterThan(0n);
  expect(await ledger.findSettings()).toMatchObject({ trustee: TRUSTEE });
  expect(await firstEvent(ledger)).toMatchObject({ name: 'RegistryChanged' });
});

if (!isOnFabric()) {
  describe('a peer that lies about whose it is', () => {
    let relay: Relay;
    let ledger: FabricLedger;

    beforeEach(async () => {
      const here = net.environment(NORTH);
      relay = await startRelay(here['FABRIC_PEER_ENDPOINT'] ?? '');
      ledger = await open({ ...here, FABRIC_PEER_ENDPOINT: relay.endpoint });
    });

    afterEach(() => {
      relay.close();
    });

    const refused = { kind: 'unavailable', reason: 'OTHER_PEER' };

    test('an earlier answer is no answer to this question', async () => {
      let earlier: Buffer | undefined;
      relay.meddle.ProcessProposal.push(
        async (request, forward) => (earlier = await forward(request)),
        () => Promise.resolve(earlier ?? Buffer.alloc(0)),
      );
      await ledger.tip();
      const again = await open({ ...net.environment(NORTH), FABRIC_PEER_ENDPOINT: relay.endpoint });
      await expect(again.tip()).rejects.toMatchObject(refused);
    });

    test('another name under the same signature', async () => {
      relay.meddle.ProcessProposal.push(async (request, forward) => {
        const answer = peer.ProposalResponse.deserializeBinary(await forward(request));
        const endorsement = answer.getEndorsement();
        const endorser = msp.SerializedIdentity.deserializeBinary(
          endorsement?.getEndorser_asU8() ?? Buffer.of(),
        );
        endorser.setMspid(SOUTH);
        endorsement?.setEndorser(endorser.serializeBinary());
        return Buffer.from(answer.serializeBinary());
      });
      await expect(ledger.tip()).rejects.toMatchObject(refused);
      expect(relay.calls).toEqual([]);
    });

    test('no endorsement: nothing is asked', async () => {
      relay.meddle.ProcessProposal.push(() => Promise.resolve(Buffer.alloc(0)));
      await expect(ledger.tip()).rejects.toMatchObject({ kind: 'unavailable' });
      expect(relay.calls).toEqual([]);
    });

    test('who does not answer once is asked anew, and a broken connection too', async () => {
      const lost = statusError(status.UNAVAILABLE, 'gone');
      const asked: string[] = [];
      const note = async (
        request: Buffer,
        forward: (request: Buffer) => Promise<Buffer>,
      ): Promise<Buffer> => {
        asked.push('who');
        return forward(request);
      };
      relay.meddle.ProcessProposal.push(() => Promise.reject(lost), note, note);
      await expect(ledger.tip()).rejects.toMatchObject({ reason: 'NO_ANSWER' });
      await ledger.tip();
      await ledger.tip();
      expect(asked).toHaveLength(1);
      relay.meddle.Evaluate.push(() => Promise.reject(lost));
      await expect(ledger.tip()).rejects.toMatchObject({ reason: 'NO_ANSWER' });
      await ledger.tip();
      expect(asked).toHaveLength(2);
    });
  });
}
