// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { LaneProof } from '../../../gateway/src/recorder/laneProof';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { settle } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';
import { createWorkbench, LANE, recordOne, watch, type Workbench } from './support/workbench';

let bench: Workbench;
let recorder: Recorder;

beforeEach(async () => {
  bench = createWorkbench();
  recorder = await bench.start();
  for (let number = 1; number <= 20; number += 1) {
    await recordOne(recorder, requestOf(number));
  }
});

function expectUnavailable(error: unknown): void {
  expect(error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
}

/** The lane has the places of `count` batches, and no other. */
function expectPlaces(count: number): void {
  expect(bench.ledger.lane(LANE).map(({ seq }) => seq)).toEqual(
    Array.from({ length: count }, (_, seq) => seq),
  );
}

describe('a ledger that comes back from an older copy under a running gateway', () => {
  test.each([
    ['after a failed try', true],
    ['unnoticed, a second later', false],
  ])('%s: nothing is handed in, and the reason says what to do', async (_, fails) => {
    bench.ledger.isCutOff = fails;
    const first = fails ? watch(recordOne(recorder, requestOf(30))) : undefined;
    await settle();
    bench.ledger.restoreTo(LANE, 7);
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(2_000);
    const second = watch(recordOne(recorder, requestOf(31)));
    await bench.scheduler.advance(1_000);
    expectPlaces(7);
    expect(bench.ledger.attempts.filter(({ seq }) => seq > 20)).toEqual([]);
    expect(recorder.state().phase).toBe('recovering');
    expect(recorder.state().reason).toMatch(/13 batches \(7–19\) were committed before/);
    expect(recorder.state().remedy).toContain('another GATEWAY_NAME');
    expect(() => recorder.admit('north-ward', false)).toThrow(/lacks/);
    await bench.scheduler.advance(11_000);
    for (const watched of [first, second]) {
      if (watched !== undefined) {
        expectUnavailable(watched.error);
      }
    }
    // Nothing at all waits any more, and it is looked at still.
    await bench.scheduler.advance(60_000);
    expect(recorder.state()).toMatchObject({ phase: 'recovering', ledgerAway: true });
    expectPlaces(7);
  });

  test('emergencies are treated as while the ledger is away; under another name they are recorded', async () => {
    bench.ledger.restoreTo(LANE, 7);
    await bench.scheduler.advance(2_000);
    const emergencies = [1, 2, 3].map((number) => watch(recordOne(recorder, emergencyOf(40 + number))));
    await bench.scheduler.advance(3_000);
    expect(emergencies.map(({ outcome }) => outcome?.late)).toEqual([true, true, true]);
    // By the deployment's word: a peer that lacks what was committed has none.
    expect(recorder.state().lateReleases).toEqual({ ownPeer: 0, deployment: 3 });
    await bench.scheduler.advance(2_000);
    expect(recorder.state().remedy).toContain('3 entries that the ledger lacks');
    bench.kill();
    const next = await bench.start({ lane: 'NorthHospitalMSP/ward2' });
    await bench.scheduler.advance(5_000);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0 });
    expectPlaces(7);
    expect(bench.ledger.events('NorthHospitalMSP/ward2').map(({ id, late }) => [id, late])).toEqual(
      [41, 42, 43].map((number) => [emergencyOf(number).id, true]),
    );
  });
});

test('what was endorsed before the ledger was out of reach is not handed in after it; a conflict does no harm', async () => {
  const proof = new LaneProof({
    ledger: bench.ledger,
    lane: LANE,
    places: { provenSeq: 19 },
    scheduler: bench.scheduler,
    onLost: () => undefined,
  });
  expect(await proof.prove()).toBeUndefined();
  proof.noteFailure(new LedgerError('retryable', 'a conflict'));
  expect(proof.mayHandIn).toBe(true);
  proof.noteFailure(new LedgerError('unknown', 'no answer'));
  expect(proof.mayHandIn).toBe(false);
  expect(await proof.prove()).toBeUndefined();
  expect(proof.mayHandIn).toBe(true);
  bench.ledger.isAway = true;
  proof.noteFailure(new LedgerError('unavailable', 'no connection'));
  expect(await proof.prove()).toMatchObject({ kind: 'unavailable' });
  bench.ledger.isAway = false;
  bench.ledger.restoreTo(LANE, 19);
  expect(await proof.prove()).toMatchObject({ kind: 'unavailable' });
  expect([proof.isLost, proof.mayHandIn]).toEqual([true, false]);
});

test('a peer that was only behind: the lane goes on when it has caught up, and nothing is lost', async () => {
  const catchUp = bench.ledger.restoreTo(LANE, 7);
  await bench.scheduler.advance(2_000);
  const watched = watch(recordOne(recorder, requestOf(30)));
  await bench.scheduler.advance(1_500);
  expect(recorder.state().phase).toBe('recovering');
  catchUp();
  await bench.scheduler.advance(5_000);
  expect(watched.outcome).toMatchObject({ late: false });
  expect(recorder.state()).toMatchObject({ phase: 'ready', reason: undefined, ledgerAway: false });
  expectPlaces(21);
});

test('one read a second at most while batches follow one another', async () => {
  let reads = 0;
  const { findBatch } = bench.ledger;
  bench.ledger.findBatch = (...args) => {
    reads += 1;
    return findBatch.apply(bench.ledger, args);
  };
  for (let number = 100; number < 200; number += 1) {
    const watched = watch(recordOne(recorder, requestOf(number)));
    await bench.scheduler.advance(50);
    expect(watched.outcome).toBeDefined();
  }
  expect(reads).toBeGreaterThanOrEqual(4);
  expect(reads).toBeLessThanOrEqual(5);
});

test('at the start a hole deeper than the lane may run ahead is noticed', async () => {
  bench.kill();
  const all = bench.ledger.lane(LANE);
  bench.ledger.restoreTo(LANE, 2);
  for (const { seq, start } of all.slice(6)) {
    bench.ledger.put(LANE, seq, { start, requests: [requestOf(seq + 1)] });
  }
  const next = await bench.start();
  await bench.scheduler.advance(1_000);
  expect(next.state().phase).toBe('recovering');
  expect(next.state().reason).toMatch(/batch 3 is missing on the ledger/);
});

const NEW_LANE = 'NorthHospitalMSP/ward2';

test('restored at any height, at any moment: no lane has a gap, no entry stands twice, and no late release is lost', async () => {
  const seen = { lost: 0, late: 0 };
  const history = fc.record({
    before: fc.nat({ max: 15 }),
    kept: fc.nat({ max: 15 }),
    lateBefore: fc.nat({ max: 4 }),
    lateAfter: fc.nat({ max: 4 }),
    isCutOff: fc.boolean(),
    outageMs: fc.constantFrom(1_600, 3_000, 12_000),
  });
  await fc.assert(
    fc.asyncProperty(history, async ({ before, kept, lateBefore, lateAfter, isCutOff, outageMs }) => {
      bench = createWorkbench();
      recorder = await bench.start();
      for (let number = 0; number < before; number += 1) {
        await recordOne(recorder, requestOf(number));
      }
      const ask = (from: number, count: number) =>
        Array.from({ length: count }, (_, at) => ({
          id: emergencyOf(from + at).id,
          watched: watch(recordOne(recorder, emergencyOf(from + at))),
        }));
      bench.ledger.isCutOff = isCutOff;
      const early = ask(100, lateBefore);
      await bench.scheduler.advance(500);
      bench.ledger.isAway = true;
      await bench.scheduler.advance(outageMs);
      const recorded = new Set(bench.ledger.events(LANE).map(({ id }) => id));
      bench.ledger.restoreTo(LANE, kept);
      bench.ledger.isAway = false;
      bench.ledger.isCutOff = false;
      const emergencies = [...early, ...ask(200, lateAfter)];
      void watch(recordOne(recorder, requestOf(300)));
      await bench.scheduler.advance(60_000);
      if (recorder.state().phase !== 'ready') {
        seen.lost += 1;
        expect(recorder.state().remedy).toContain('another GATEWAY_NAME');
        bench.kill();
        recorder = await bench.start({ lane: NEW_LANE });
        await bench.scheduler.advance(60_000);
      }
      expect(recorder.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
      const lanes = [LANE, NEW_LANE].map((lane) => bench.ledger.lane(lane));
      for (const batches of lanes) {
        expect(batches.map(({ seq }) => seq)).toEqual(batches.map((_, seq) => seq));
      }
      const ids = lanes.flatMap((batches) => batches.flatMap(({ events }) => events.map(({ id }) => id)));
      expect(new Set(ids).size).toBe(ids.length);
      for (const { id, watched } of emergencies) {
        if (watched.outcome?.late === true && !recorded.has(id)) {
          seen.late += 1;
          expect(ids).toContain(id);
        }
      }
    }),
    { numRuns: 60 },
  );
  expect(seen.lost).toBeGreaterThan(5);
  expect(seen.late).toBeGreaterThan(20);
}, 120_000);
