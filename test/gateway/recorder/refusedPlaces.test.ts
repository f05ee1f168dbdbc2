// SPDX-License-Identifier: Apache-2.0
/**
 * A batch that the ledger refuses while later places of its lane count on its length, or while it may be
 * ordered still and the gateway gets another name: its place is filled all the same, with as many entries
 * about nobody.
 */
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { NOBODYS_CLIENT } from '@chartwitness/chaincode/domain';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { settle } from './support/manualScheduler';
import { FIRST, startOwn } from './support/ownLane';
import { emergencyOf, requestOf } from './support/requests';
import { expectSoundLanes as expectLanesSound } from './support/soundLanes';
import { createWorkbench, LANE, recordOne, watch, type Watched, type Workbench } from './support/workbench';

const NEW_LANE = `${LANE}-2`;
const ONE_EACH = { pipelineAt: 1, maxBatchEvents: 1, maxInFlight: 5 };

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const recordAll = (recorder: Recorder, requests: readonly AccessRequest[]): Watched[] =>
  requests.map((request) => watch(recordOne(recorder, request)));
const idsOf = (...numbers: readonly number[]): string[] => numbers.map((number) => requestOf(number).id);
/** What is on the lanes, without the first entry and what is about nobody. */
const recorded = (...lanes: string[]): string[] =>
  (lanes.length === 0 ? [LANE] : lanes)
    .flatMap((lane) => bench.ledger.events(lane))
    .flatMap(({ id, requester }) => (requester.clientId === NOBODYS_CLIENT || id === FIRST.id ? [] : [id]));
const fillers = (lane = LANE): number =>
  bench.ledger.events(lane).filter(({ requester }) => requester.clientId === NOBODYS_CLIENT).length;

function refuse(...ids: readonly string[]): void {
  bench.ledger.refuses = ({ id }) => ids.includes(id);
}

const expectSoundLanes = (...lanes: string[]): void => {
  expectLanesSound(bench.ledger, lanes);
};

/**
 * Five emergencies are handed in without an answer, and leave late; the orderer forgets them; then the ledger
 * refuses the first.
 */
async function hang(recorder: Recorder, fate: 'dropped' | 'delayed'): Promise<void> {
  bench.ledger.faults = range(5).map(() => ({ kind: 'lost', fate }));
  const watched = recordAll(recorder, range(5).map(emergencyOf));
  await settle();
  bench.ledger.isCutOff = true;
  await bench.scheduler.advance(3_000);
  expect(watched.map(({ outcome }) => outcome?.late)).toEqual(range(5).map(() => true));
  expect(bench.outbox.batches()).toHaveLength(5);
  refuse(emergencyOf(1).id);
}

describe('a refused place on which later ones count', () => {
  test('is filled by entries about nobody: the lane goes on, and the refused one is set aside by name', async () => {
    const recorder = await startOwn(bench, { limits: ONE_EACH });
    await hang(recorder, 'dropped');
    bench.ledger.isCutOff = false;
    const ordinary = watch(recordOne(recorder, requestOf(9)));
    await bench.scheduler.advance(5_000);
    expect(ordinary.outcome).toMatchObject({ late: false });
    await bench.scheduler.advance(120_000);
    expect(recorder.state()).toMatchObject({
      phase: 'ready',
      ledgerAway: false,
      owed: 0,
      setAside: 1,
      inFlight: 0,
    });
    expect([recorded().sort(), fillers()]).toEqual([idsOf(2, 3, 4, 5, 9).sort(), 1]);
    expect(bench.outbox.rivals()).toEqual([]);
    expectSoundLanes(LANE);
  });

  test('no later place is handed in again before it', async () => {
    const recorder = await startOwn(bench, { limits: ONE_EACH });
    await hang(recorder, 'dropped');
    const before = bench.ledger.attempts.length;
    // The first stays as it is for a while: nobody knows yet whether it will be refused.
    bench.ledger.differsAbout = ({ id }) => id === emergencyOf(1).id;
    refuse();
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(150);
    const tried = bench.ledger.attempts.slice(before).map(({ seq }) => seq);
    expect(new Set(tried)).toEqual(new Set(tried.length === 0 ? [] : [1]));
    bench.ledger.differsAbout = () => false;
    await bench.scheduler.advance(60_000);
    expect([recorded().sort(), fillers()]).toEqual([idsOf(1, 2, 3, 4, 5).sort(), 0]);
    expectSoundLanes(LANE);
  });

  test('also where the later place is on the ledger already', async () => {
    const recorder = await startOwn(bench, { limits: { pipelineAt: 1, maxBatchEvents: 1 } });
    bench.ledger.faults = [{ kind: 'held', conflicts: true }];
    bench.ledger.refuses = ({ id }) => id === requestOf(1).id && bench.ledger.attempts.length > 2;
    const watched = recordAll(recorder, [requestOf(1), requestOf(2)]);
    await settle();
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(2_000);
    expect(watched.map(({ outcome }) => outcome !== undefined)).toEqual([false, true]);
    expect(watched[0]?.error).toMatchObject({ code: 'INTERNAL' });
    const more = watch(recordOne(recorder, requestOf(3)));
    await bench.scheduler.advance(1_000);
    expect(more.outcome).toBeDefined();
    expect([recorded(), fillers(), recorder.state().phase]).toEqual([idsOf(2, 3), 1, 'ready']);
    expectSoundLanes(LANE);
  });

  test('and that is ordered after all is found there, with everything that follows from it', async () => {
    const recorder = await startOwn(bench, { limits: ONE_EACH });
    await hang(recorder, 'delayed');
    bench.ledger.isCutOff = false;
    bench.ledger.faults = [{ kind: 'none' }, { kind: 'held' }];
    await bench.scheduler.advance(2_000);
    expect(bench.outbox.rivals()).toHaveLength(1);
    bench.ledger.deliver();
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(60_000);
    const originals = bench.ledger
      .events(LANE)
      .flatMap(({ id, amends }) => (amends === undefined ? [id] : []));
    expect([originals, fillers()]).toEqual([[FIRST.id, ...idsOf(1, 2, 3, 4, 5)], 0]);
    // Only the first was ordered before it left; the others were handed in again, marked.
    const amended = bench.ledger.events(LANE).flatMap(({ amends }) => amends?.id ?? []);
    expect(amended).toEqual(idsOf(1));
    expect(recorder.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 0, inFlight: 0 });
    expectSoundLanes(LANE);
  });

  test.each(['dropped', 'delayed'] as const)(
    'and the process ends before the place is filled (%s): the next one fills it',
    async (fate) => {
      const recorder = await startOwn(bench, { limits: ONE_EACH });
      await hang(recorder, fate);
      bench.ledger.isCutOff = false;
      bench.ledger.faults = [{ kind: 'none' }, { kind: 'held' }];
      await bench.scheduler.advance(2_000);
      bench.kill();
      bench.ledger.deliver();
      const next = await bench.start({ limits: ONE_EACH });
      await bench.scheduler.advance(120_000);
      watch(recordOne(next, requestOf(9)));
      await bench.scheduler.advance(60_000);
      expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
      expect(
        recorded().length +
          next.state().setAside -
          bench.ledger.events(LANE).filter(({ amends }) => amends).length,
      ).toBe(6);
      expect(bench.outbox.rivals()).toEqual([]);
      expectSoundLanes(LANE);
    },
  );

  test('stands only while the ledger refuses even what is about nobody, and says so', async () => {
    const recorder = await startOwn(bench, { limits: ONE_EACH });
    await hang(recorder, 'dropped');
    bench.ledger.refuses = () => true;
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(30_000);
    expect(recorder.state()).toMatchObject({ phase: 'stuck', ledgerAway: true });
    expect(recorder.state().reason).toMatch(/even entries about nobody, which place 1 of lane/);
    refuse();
    await bench.scheduler.advance(60_000);
    expect(recorder.state()).toMatchObject({ phase: 'ready', reason: undefined, ledgerAway: false, owed: 0 });
    expect(recorded().sort()).toEqual(idsOf(1, 2, 3, 4, 5).sort());
    expectSoundLanes(LANE);
  });
});

describe('another name for the gateway', () => {
  test('closes the refused place of the old lane: it has no hole, and what is owed stands once', async () => {
    const recorder = await startOwn(bench, { limits: ONE_EACH });
    await hang(recorder, 'dropped');
    bench.kill();
    bench.ledger.isCutOff = false;
    const next = await bench.start({ lane: NEW_LANE, limits: ONE_EACH });
    await bench.scheduler.advance(2_000);
    watch(recordOne(next, requestOf(9)));
    await bench.scheduler.advance(120_000);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 1, inFlight: 0 });
    expect([bench.ledger.lane(LANE).length, fillers()]).toEqual([6, 1]);
    expect(recorded(LANE, NEW_LANE).sort()).toEqual(idsOf(2, 3, 4, 5, 9).sort());
    expectSoundLanes(LANE, NEW_LANE);
  });

  /**
   * One emergency, handed in without an answer and released late; then the ledger refuses it, and its place
   * waits for another batch.
   */
  async function rival(): Promise<void> {
    const first = await bench.start();
    bench.ledger.faults = [{ kind: 'lost', fate: 'delayed' }];
    const watched = watch(recordOne(first, emergencyOf(1)));
    await settle();
    bench.ledger.isCutOff = true;
    await bench.scheduler.advance(2_500);
    expect(watched.outcome).toMatchObject({ late: true });
    bench.kill();
    bench.ledger.isCutOff = false;
    refuse(emergencyOf(1).id);
    await bench.start();
    await bench.scheduler.advance(1_000);
    expect([
      bench.outbox.rivals().length,
      bench.outbox.batches().length,
      bench.outbox.owed().entries,
    ]).toEqual([1, 0, 1]);
    bench.kill();
    refuse();
  }

  test.each([0, 2_000, 10_000, 40_000])(
    'while an old try may be ordered still: its place is filled first, so it comes too late (after %i ms)',
    async (milliseconds) => {
      await rival();
      const next = await bench.start({ lane: NEW_LANE });
      await bench.scheduler.advance(milliseconds);
      bench.ledger.deliver();
      await bench.scheduler.advance(120_000);
      const events = [LANE, NEW_LANE].flatMap((lane) => bench.ledger.events(lane));
      expect(events.filter(({ id }) => id === emergencyOf(1).id)).toMatchObject([{ late: true }]);
      expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 0, inFlight: 0 });
      expect(bench.outbox.rivals()).toEqual([]);
      expectSoundLanes(LANE, NEW_LANE);
    },
  );

  test('and it was ordered before: it is found there, amended, and goes nowhere else', async () => {
    await rival();
    bench.ledger.faults = [{ kind: 'held' }];
    const next = await bench.start({ lane: NEW_LANE });
    watch(recordOne(next, requestOf(2)));
    await bench.scheduler.advance(1_000);
    expect(bench.ledger.events(NEW_LANE)).toEqual([]);
    bench.ledger.deliver();
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(60_000);
    expect(recorded(LANE)).toEqual(idsOf(1));
    expect(bench.ledger.events(NEW_LANE).flatMap(({ amends }) => amends ?? [])).toEqual([
      { lane: LANE, number: 0, id: emergencyOf(1).id, why: 'releasedLate' },
    ]);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
    expectSoundLanes(LANE, NEW_LANE);
  });

  test('in a lane that another gateway writes nothing is filled: what is owed goes into the new one', async () => {
    await rival();
    bench.outbox.write({ fence: LANE });
    const next = await bench.start({ lane: NEW_LANE });
    await bench.scheduler.advance(60_000);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0 });
    expect([bench.ledger.lane(LANE).length, recorded(NEW_LANE)]).toEqual([0, idsOf(1)]);
  });
});

test('what is set aside is tried again after a quarter of an hour, without a restart', async () => {
  const recorder = await startOwn(bench, { limits: ONE_EACH });
  await hang(recorder, 'dropped');
  bench.ledger.isCutOff = false;
  watch(recordOne(recorder, requestOf(9)));
  await bench.scheduler.advance(120_000);
  expect(recorder.state().setAside).toBe(1);
  refuse();
  await bench.scheduler.advance(15 * 60_000);
  expect(recorder.state()).toMatchObject({ owed: 0, setAside: 0 });
  expect(recorded()).toContain(emergencyOf(1).id);
  expectSoundLanes(LANE);
});
