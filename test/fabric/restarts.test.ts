// SPDX-License-Identifier: Apache-2.0
/** Parts of a network that end and begin again, as the recorder and those who follow the ledger meet them. */
import type { LedgerEvent, LedgerPosition } from '../../gateway/src/ledger/provenanceLedger';
import { LedgerError } from '../../gateway/src/ledger/ledgerError';
import { CLIENT, NORTH, startTestNetwork, type TestNetwork } from '../gateway/ledger/network';
import { requestOf } from '../gateway/recorder/support/requests';
import { untilItWorks } from '../support/untilItWorks';
import { describeFabric } from '../scripts/network/testNetwork';
import { connectAs } from './connections';
import { eventsOf, openLane } from './lanes';
import { Outages } from './productNetwork';
import { waitUntilReady } from './sharedNetwork';

jest.setTimeout(120_000);

describeFabric('parts that are started again', () => {
  let net: TestNetwork;
  let outages: Outages;
  beforeAll(async () => {
    net = await startTestNetwork();
    await net.north.putClient(CLIENT);
    outages = new Outages(net.native);
  });
  afterEach(async () => {
    await outages.mend();
    await waitUntilReady(net.native.network);
  });
  afterAll(() => net.close());

  let made = 0;
  const next = () => requestOf(made++);
  const laneName = (name: string): string => `${name}-${String(Date.now())}`;

  test('a peer that has joined but not yet found the others refuses for a moment; trying again is enough', async () => {
    await Promise.all(['peer.trustee', 'peer.south', 'peer.north'].map((part) => outages.kill(part)));
    await Promise.all(['peer.trustee', 'peer.south'].map((part) => outages.start(part)));
    await outages.start('peer.north');
    // A connection of its own: one that saw the peer go waits a moment before it dials again.
    const north = await connectAs(net, NORTH);
    const lane = `${NORTH}/${laneName('joined')}`;
    const batch = { start: 0, requests: [next()] };
    const refusals: LedgerError[] = [];
    const { tookMs } = await untilItWorks(async () => {
      try {
        await north.recordBatch(lane, 0, batch);
      } catch (error) {
        refusals.push(error as LedgerError);
        throw error;
      }
    });
    process.stdout.write(`endorsers found after ${tookMs.toFixed(0)} ms\n`);
    const unfound = refusals.filter(({ message }) => message.includes('failed to find any endorsing peers'));
    expect(unfound.length).toBeGreaterThan(0);
    expect(new Set(unfound.map(({ kind }) => kind))).toEqual(new Set(['retryable']));
    expect(await north.findBatch(lane, 0)).toMatchObject({ start: 0, count: 1 });
    expect(await north.findBatch(lane, 1)).toBeUndefined();
    north.close();
  });

  test.each(['chaincode.north', 'chaincode.trustee', 'peer.north'])(
    'while %s is stopped nothing is recorded nor released; after it, once',
    async (part) => {
      const lane = await openLane(net.north, laneName('stopped'));
      try {
        await lane.record(next());
        await outages.stop(part);
        let released = false;
        const request = next();
        const recorded = lane.record(request).then((outcome) => {
          released = true;
          return outcome;
        });
        const failure = await lane.fails(() => true);
        expect(failure.kind).toBe('unavailable');
        expect([released, lane.recorder.state().committedEvents]).toEqual([false, 1]);
        await outages.start(part);
        expect(await recorded).toMatchObject({ permitted: [true, true], late: false });
        const events = await untilItWorks(() => eventsOf(net.trustee, lane.name));
        expect(events.value.map(({ id }) => id)).toEqual([requestOf(made - 2).id, request.id]);
      } finally {
        await lane.close();
      }
    },
  );

  test('who follows the ledger loses the stream with its peer, and resumes behind the last event: each exactly once, in order', async () => {
    const lane = await openLane(net.north, laneName('followed'));
    const rounds = 3;
    const seen: LedgerEvent[] = [];
    const stop = new AbortController();
    let breaks = 0;
    const start: LedgerPosition = { block: await net.trustee.height(), transactionId: '' };
    const following = (async () => {
      let position = start;
      while (!stop.signal.aborted) {
        try {
          for await (const event of net.trustee.events(position, stop.signal)) {
            seen.push(event);
            position = { block: event.block, transactionId: event.transactionId };
          }
        } catch (error) {
          expect(error).toBeInstanceOf(LedgerError);
          breaks += 1;
          await untilItWorks(() => net.trustee.height(), 30_000);
        }
      }
    })();
    const sawAll = async (): Promise<void> => {
      await untilItWorks(() => {
        expect(seen).toHaveLength(lane.recorder.state().committedBatches);
        return Promise.resolve();
      }, 30_000);
    };
    try {
      for (let round = 0; round < rounds; round += 1) {
        await lane.record(next());
        // The stream is open again before its peer goes again.
        await sawAll();
        if (round < rounds - 1) {
          const meanwhile = lane.record(next());
          await outages.stop('peer.trustee');
          await outages.start('peer.trustee');
          await meanwhile;
        }
      }
      await sawAll();
      const committed = lane.recorder.state().committedBatches;
      expect(seen.map(({ payload }) => payload)).toEqual(
        Array.from(
          { length: committed },
          (_, seq) => expect.objectContaining({ lane: lane.name, seq }) as unknown,
        ),
      );
      expect(new Set(seen.map(({ transactionId }) => transactionId)).size).toBe(committed);
      expect(breaks).toBeGreaterThanOrEqual(rounds - 1);
    } finally {
      stop.abort();
      await following;
      await lane.close();
    }
  });
});
