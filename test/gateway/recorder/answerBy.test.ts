// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { answerBy, type Handed } from '../../../gateway/src/recorder/answerBy';
import { DEFAULT_LIMITS } from '../../../gateway/src/recorder/limits';
import type { RecordOutcome, Recorder } from '../../../gateway/src/recorder/recorder';
import { emergencyOf, requestOf } from './support/requests';
import { createWorkbench, recordOne, watch, watchParts, type Workbench } from './support/workbench';

const NOW = 1_000_000;
const NONE_LATE = { ownPeer: 0, deployment: 0 };
const limits = fc.record({
  deadlineMs: fc.integer({ min: 1, max: 600_000 }),
  readingMs: fc.integer({ min: 1, max: 600_000 }),
  emergencyWaitMs: fc.integer({ min: 1, max: 120_000 }),
  awayAfterMs: fc.integer({ min: 1, max: 60_000 }),
  evaluateMs: fc.integer({ min: 1, max: 60_000 }),
});
const handed = (isEmergency: boolean): fc.Arbitrary<Handed> =>
  fc.option(fc.integer({ min: -1_000, max: NOW }), { nil: undefined }).map((ago) => ({
    isEmergency,
    admittedAt: ago === undefined ? undefined : NOW - ago,
    handedInAt: NOW,
  }));

test('without an admission, or with one that is not over yet, everybody has the whole deadline', () => {
  const of = { ...DEFAULT_LIMITS };
  for (const admittedAt of [undefined, NOW, NOW + 500]) {
    expect(answerBy({ isEmergency: true, admittedAt, handedInAt: NOW }, of)).toBe(NOW + 15_000);
    expect(answerBy({ isEmergency: false, admittedAt, handedInAt: NOW }, of)).toBe(NOW + 10_000);
  }
});

test('an emergency is answered within its deadline from its admission, or within the time that away takes to show', () => {
  fc.assert(
    fc.property(handed(true), limits, (one, of) => {
      const by = answerBy(one, of);
      const since = Math.min(one.admittedAt ?? NOW, NOW);
      const least = of.awayAfterMs + of.evaluateMs;
      expect(by).toBeLessThanOrEqual(Math.max(since + of.emergencyWaitMs, NOW + least + 1_000));
      // Never longer than its deadline, and long enough to find out that the ledger is away where the
      // deadline is.
      expect(by - NOW).toBeLessThanOrEqual(of.emergencyWaitMs);
      expect(by - NOW).toBeGreaterThanOrEqual(Math.min(of.emergencyWaitMs, least + 1));
    }),
  );
});

test('any other has its deadline from the hand-in while reading took no longer than it may: a slow source costs nothing', () => {
  fc.assert(
    fc.property(handed(false), limits, (one, of) => {
      const by = answerBy(one, of);
      const read = NOW - Math.min(one.admittedAt ?? NOW, NOW);
      expect(by).toBeLessThanOrEqual(NOW + of.deadlineMs);
      expect(by).toBeGreaterThan(NOW);
      if (read <= of.readingMs) {
        expect(by).toBe(NOW + of.deadlineMs);
      }
    }),
  );
});

describe('the recorder', () => {
  test('says when a request was admitted, and counts from there', async () => {
    const bench = createWorkbench();
    const recorder = await bench.start();
    const { at } = recorder.admit('north-ward', true);
    expect(at).toBe(bench.scheduler.now());
    await bench.scheduler.advance(9_000);
    expect(recorder.admit('north-ward', false).at).toBe(at + 9_000);
    expect([recorder.timeLeft(true, at), recorder.timeLeft(false, at)]).toEqual([6_000, 10_000]);
    await bench.scheduler.advance(58_000);
    expect([recorder.timeLeft(true, at), recorder.timeLeft(false, at)]).toEqual([4_000, 4_000]);
  });

  /**
   * Lets up to 15 s pass in which others are committed: so the lane is slow for what was handed in first, and
   * never away.
   */
  async function slowly(bench: Workbench, recorder: Recorder, milliseconds: number): Promise<void> {
    let step = Math.min(1_600, milliseconds);
    for (let passed = 0, number = 100; passed < milliseconds; number += 1) {
      await bench.scheduler.advance(step);
      passed += step;
      watch(recordOne(recorder, requestOf(number)));
      step = Math.min(1_900, milliseconds - passed);
    }
    expect(recorder.state()).toMatchObject({ ledgerAway: false, lateReleases: NONE_LATE });
  }

  /** The next request is held by a ledger that goes on with others. */
  async function holding(): Promise<{ bench: Workbench; recorder: Recorder }> {
    const bench = createWorkbench();
    const recorder = await bench.start({ limits: { maxInFlight: 8 } });
    await recordOne(recorder, requestOf(900));
    bench.ledger.faults = [{ kind: 'held' }];
    return { bench, recorder };
  }

  const CASES = [
    ['an emergency, just admitted', emergencyOf(1), 0, 15_000],
    ['an emergency that was admitted 9 s ago', emergencyOf(1), 9_000, 6_000],
    ['an emergency that was admitted 14 s ago', emergencyOf(1), 14_000, 4_000],
    ['an emergency that was admitted a minute ago', emergencyOf(1), 60_000, 4_000],
    ['an ordinary request, just admitted', requestOf(1), 0, 10_000],
    ['an ordinary request whose source took a minute', requestOf(1), 60_000, 10_000],
    ['an ordinary request that waited for longer than reading may take', requestOf(1), 64_000, 6_000],
  ] as const;

  test.each(CASES)(
    'while the ledger is slow, refuses %s in time and never late',
    async (_, request, ago, left) => {
      const { bench, recorder } = await holding();
      const watched = watchParts(recorder.record([request], bench.scheduler.now() - ago));
      await slowly(bench, recorder, left - 1);
      expect(watched).toEqual({});
      await bench.scheduler.advance(1);
      expect(watched.error).toMatchObject({ code: 'LEDGER_UNAVAILABLE', retryAfterSeconds: 5 });
      expect(recorder.state().lateReleases).toEqual(NONE_LATE);
    },
  );

  test.each(CASES)('refuses a rehearsal at the same time: %s', async (_, request, ago, left) => {
    const { bench, recorder } = await holding();
    const watched = watch(recorder.rehearse(request, bench.scheduler.now() - ago).then(asOutcome));
    await slowly(bench, recorder, left - 1);
    expect(watched).toEqual({});
    await bench.scheduler.advance(1);
    expect(watched.error).toMatchObject({ code: 'LEDGER_UNAVAILABLE', retryAfterSeconds: 5 });
  });

  test.each([0, 14_900, 60_000])(
    'an emergency that was admitted %i ms ago still learns that the ledger is away',
    async (ago) => {
      const bench = createWorkbench();
      const recorder = await bench.start();
      bench.ledger.isCutOff = true;
      bench.ledger.evaluation = 'silent';
      const emergency = watchParts(recorder.record([emergencyOf(1)], bench.scheduler.now() - ago));
      await bench.scheduler.advance(3_000);
      expect(emergency.outcomes).toMatchObject([{ late: true }]);
    },
  );
});

function asOutcome({ late }: { readonly late: boolean }): RecordOutcome {
  return { permitted: [], late };
}
