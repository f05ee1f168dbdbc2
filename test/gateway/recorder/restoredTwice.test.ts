// SPDX-License-Identifier: Apache-2.0
/**
 * Copies of store and peer that come back while the lane went another way: over a lost place, behind a place
 * that another batch has by now, and one copy after another.
 */
import { settle } from './support/manualScheduler';
import { emergencyOf, partsOf, requestOf } from './support/requests';
import { expectSoundLanes } from './support/soundLanes';
import {
  createWorkbench,
  LANE,
  recordOne,
  type StoreCopy,
  watch,
  watchParts,
  type Workbench,
} from './support/workbench';

const ONE_EACH = { pipelineAt: 1, maxBatchEvents: 2, maxInFlight: 5, pipelineAfterMs: 1 };
const NEW_LANE = 'NorthHospitalMSP/ward2';

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const idsOn = (...lanes: string[]): string[] =>
  lanes.flatMap((lane) => bench.ledger.events(lane)).map(({ id }) => id);

async function expectGoingOn(lane: string, number: number): Promise<void> {
  const next = await bench.start({ lane, limits: ONE_EACH });
  await bench.scheduler.advance(60_000);
  bench.ledger.trusteeCopy = 'gives';
  await bench.scheduler.advance(120_000);
  const more = watch(recordOne(next, requestOf(number)));
  await bench.scheduler.advance(60_000);
  expect(more.outcome).toMatchObject({ late: false });
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, waiting: 0 });
  expectSoundLanes(bench.ledger, [LANE, NEW_LANE]);
}

describe('store and own peer from one backup, and the trustee gives no copy', () => {
  describe.each([1, 2])('%i emergencies behind an ordinary access that is withdrawn', (count) => {
    test.each([500, 3_500])('backup after %i ms: none stands twice, and the numbers follow', async (ms) => {
      bench.ledger.isCutOff = true;
      const recorder = await bench.start({ limits: ONE_EACH });
      const ordinary = watch(recordOne(recorder, requestOf(1)));
      const emergency = watch(recordOne(recorder, emergencyOf(2)));
      await bench.scheduler.advance(ms);
      expect(bench.outbox.batches().map(({ seq }) => seq)).toEqual([0, 1]);
      const [store, peer] = [bench.copyStore(), bench.ledger.batches()];
      const second = count === 1 ? {} : watch(recordOne(recorder, emergencyOf(3)));
      await bench.scheduler.advance(15_000);
      expect(ordinary.error).toBeDefined();
      bench.ledger.isCutOff = false;
      await bench.scheduler.advance(30_000);
      expect([emergency.outcome, second.outcome ?? { late: true }]).toMatchObject([
        { late: true },
        { late: true },
      ]);
      const before = idsOn(LANE);
      expect(before).toContain(emergencyOf(2).id);
      bench.restoreStore(store);
      bench.ledger.restoreOwnPeer(peer);
      bench.ledger.trusteeCopy = 'lacks';
      await expectGoingOn(LANE, 9);
      expect(idsOn(LANE)).toEqual([...before, requestOf(9).id]);
    });
  });
});

describe('a store that is put back after another one wrote in its lane', () => {
  /** Two emergencies are owed in batches of their own; a new store records a request of two parts there. */
  async function written(): Promise<StoreCopy> {
    const empty = bench.copyStore();
    bench.ledger.isCutOff = true;
    const recorder = await bench.start({ limits: ONE_EACH });
    const first = watch(recordOne(recorder, emergencyOf(1)));
    const second = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(3_500);
    expect([first.outcome, second.outcome]).toMatchObject([{ late: true }, { late: true }]);
    expect(bench.outbox.batches().map(({ seq }) => seq)).toEqual([0, 1]);
    const store = bench.copyStore();
    bench.restoreStore(empty);
    bench.ledger.isCutOff = false;
    const fresh = await bench.start({ limits: ONE_EACH });
    const two = watchParts(fresh.record(partsOf(5, 2, requestOf(0))));
    await bench.scheduler.advance(1_000);
    expect(two.outcomes).toHaveLength(2);
    bench.restoreStore(store);
    return store;
  }

  test('under another name: nothing goes into the old lane behind that, what is owed goes into the new one', async () => {
    await written();
    await expectGoingOn(NEW_LANE, 9);
    expect(bench.ledger.lane(LANE)).toHaveLength(1);
    expect(idsOn(NEW_LANE).sort()).toEqual([emergencyOf(1).id, emergencyOf(2).id, requestOf(9).id].sort());
  });

  test('under its own name: the lane is fenced, and nothing is written there', async () => {
    await written();
    const next = await bench.start({ limits: ONE_EACH });
    await bench.scheduler.advance(60_000);
    expect(next.state()).toMatchObject({ phase: 'fenced' });
    expect(bench.ledger.lane(LANE)).toHaveLength(1);
    bench.kill();
    await expectGoingOn(NEW_LANE, 9);
    expect(idsOn(NEW_LANE).sort()).toEqual([emergencyOf(1).id, emergencyOf(2).id, requestOf(9).id].sort());
  });

  test('a row whose place before is on the ledger with another length is not handed in', async () => {
    const store = await written();
    // The lower one is gone from the copy: only the public record tells.
    const rows = store.get('outbox') ?? [];
    bench.restoreStore(new Map([...store, ['outbox', rows.filter(({ seq }) => seq === 1)]]));
    const next = await bench.start({ limits: ONE_EACH });
    await bench.scheduler.advance(60_000);
    expect(next.state().phase).not.toBe('ready');
    expect(bench.ledger.lane(LANE)).toHaveLength(1);
  });
});

test('two copies one after the other: what the first has had corrected the second does not correct again', async () => {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ limits: ONE_EACH });
  const emergency = watch(recordOne(recorder, emergencyOf(1)));
  await settle();
  bench.ledger.isCutOff = true;
  await bench.scheduler.advance(3_000);
  expect(emergency.outcome).toMatchObject({ late: true });
  const owing = bench.copyStore();
  bench.ledger.isCutOff = false;
  bench.ledger.faults = [{ kind: 'held' }];
  bench.ledger.releaseHeld();
  await settle();
  const amending = bench.copyStore();
  expect(bench.outbox.batches().map(({ seq }) => seq)).toEqual([1]);
  bench.restoreStore(owing);
  bench.ledger.faults = [];
  const first = await bench.start({ limits: ONE_EACH });
  await bench.scheduler.advance(60_000);
  expect(first.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
  expect(bench.ledger.events(LANE).map(({ amends }) => amends?.why)).toEqual([undefined, 'releasedLate']);
  for (const lane of [LANE, NEW_LANE]) {
    bench.restoreStore(amending);
    await expectGoingOn(lane, lane === LANE ? 8 : 9);
  }
});
