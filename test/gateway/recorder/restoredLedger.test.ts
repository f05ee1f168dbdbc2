// SPDX-License-Identifier: Apache-2.0
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
    expect(recorder.state().reason).toMatch(
      /13 batches \(7–19\) were committed before.*another GATEWAY_NAME/s,
    );
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
    expect(recorder.state().reason).toContain('3 entries that the ledger lacks');
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
