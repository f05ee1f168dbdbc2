// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { EmergencyWithoutLedger, Recorder } from '../../../gateway/src/recorder/recorder';
import { history } from './support/model/histories';
import { World } from './support/model/world';
import { expectSoundLanes } from './support/soundLanes';

/** The corrected view of an entry: what left, and whether it says that this came first. */
interface View {
  readonly left: readonly boolean[];
  readonly isLate: boolean;
}

function viewsOf(world: World): Map<string, View> {
  const { events } = world;
  const numbers = new Map(
    world.lanes.flatMap((lane) =>
      world.ledger.events(lane).map((event, number) => [event.id, { lane, number }] as const),
    ),
  );
  const views = new Map<string, View>();
  const amended = new Set<string>();
  // What stands aside says what an entry would have said.
  for (const { id, late, items, amends } of [...events, ...world.setAside]) {
    const view = {
      left: items.map((item) => item.released ?? ('decision' in item && item.decision === 'permit')),
      isLate: late || amends?.why === 'releasedLate',
    };
    if (amends === undefined) {
      views.set(id, view);
      continue;
    }
    if (!numbers.has(id)) {
      expect(amended.has(amends.id)).toBe(false);
      views.set(amends.id, view);
      continue;
    }
    // One correction, of an entry that stands before it, at the address that it names.
    expect(amended.has(amends.id)).toBe(false);
    expect(views.has(amends.id)).toBe(true);
    expect({ lane: amends.lane, number: amends.number }).toEqual(numbers.get(amends.id));
    amended.add(amends.id);
    views.set(amends.id, view);
  }
  return views;
}

function expectSound(world: World, recorder: Recorder): void {
  expect(world.faults).toEqual([]);
  expect(recorder.state()).toMatchObject({
    phase: 'ready',
    queued: 0,
    inFlight: 0,
    owed: 0,
    amendmentsOwed: 0,
    setAside: world.setAside.length,
  });
  // Nothing stands aside but what the ledger never takes, and none of that is in a batch.
  expect(world.setAside.filter((request) => !world.isNeverTaken(request))).toEqual([]);
  expectSoundLanes(world.ledger, world.lanes);
  const views = viewsOf(world);
  for (const { parts, outcomes, wasRefused, wasUnanswerable } of world.asked) {
    parts.forEach(({ id }, at) => {
      const view = views.get(id);
      const outcome = outcomes?.[at];
      if (outcome !== undefined) {
        // Data out: the ledger ends with an entry that says exactly so.
        expect(view).toEqual({ left: outcome.permitted, isLate: outcome.late });
      } else if (wasRefused === true || wasUnanswerable === true) {
        // Nothing out: no entry says that anything left.
        expect(view?.left.includes(true) ?? false).toBe(false);
      }
    });
    if (parts.length > 1 && outcomes === undefined) {
      // Of a request that nobody was answered, all parts say the same: given up as a whole.
      const isLate = parts.some(({ id }) => views.get(id)?.isLate === true);
      const hasSome = parts.some(({ id }) => views.get(id)?.left.includes(true) === true);
      const isWhole = parts.every(({ id }) => views.has(id));
      expect(isLate || !hasSome || isWhole).toBe(true);
    }
  }
}

type Seen = Record<
  | 'answered'
  | 'late'
  | 'partly'
  | 'amendedLate'
  | 'nothingGiven'
  | 'refused'
  | 'setAside'
  | 'displaced'
  | 'filled'
  | 'rivalsFound'
  | 'stopped',
  number
>;

function count(world: World, seen: Seen): void {
  for (const { outcomes = [], wasRefused } of world.asked) {
    const late = new Set(outcomes.map((outcome) => outcome.late));
    seen.answered += Number(late.size > 0);
    seen.refused += Number(wasRefused === true);
    seen.late += Number(late.size === 1 && late.has(true));
    seen.partly += Number(late.size > 1);
  }
  seen.setAside += world.setAside.length;
  seen.displaced += world.displaced;
  seen.rivalsFound += world.rivalsFound;
  seen.filled += world.filled;
  seen.stopped += world.stopped;
  for (const { amends } of world.events) {
    seen.amendedLate += Number(amends?.why === 'releasedLate');
    seen.nothingGiven += Number(amends?.why === 'nothingGiven');
  }
}

/** Random histories per run of the suite; more of them with RECORDER_MODEL_RUNS. */
const RUNS = Number(process.env['RECORDER_MODEL_RUNS'] ?? 200);

test(
  'whatever fails and whenever the process ends: what the ledger ends up saying is what left, and the lane has no gap',
  async () => {
    const seen: Seen = {
      answered: 0,
      late: 0,
      partly: 0,
      amendedLate: 0,
      nothingGiven: 0,
      refused: 0,
      setAside: 0,
      displaced: 0,
      filled: 0,
      rivalsFound: 0,
      stopped: 0,
    };
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.constantFrom<EmergencyWithoutLedger>('release', 'refuse'),
        async (steps, choice) => {
          const world = new World(choice);
          await world.run(steps);
          expectSound(world, await world.heal());
          count(world, seen);
          world.dispose();
        },
      ),
      { numRuns: RUNS },
    );
    // A model that never releases, or never has to correct, would pass everything above.
    expect(seen.answered).toBeGreaterThan(RUNS);
    expect(seen.refused).toBeGreaterThan(RUNS / 10);
    expect(seen.late).toBeGreaterThan(RUNS / 10);
    expect(seen.amendedLate).toBeGreaterThan(RUNS / 50);
    expect(seen.nothingGiven).toBeGreaterThan(RUNS / 10);
    expect(seen.setAside).toBeGreaterThan(RUNS / 10);
    expect(seen.displaced).toBeGreaterThan(RUNS / 20);
    expect(seen.filled).toBeGreaterThan(RUNS / 20);
    expect(seen.stopped).toBeGreaterThan(RUNS / 10);
    // About one history in a hundred ends so: a few hundred may by chance have none, and
    // refusedEntries.test.ts has each case.
    if (RUNS >= 1_000) {
      expect(seen.rivalsFound).toBeGreaterThan(RUNS / 500);
    }
  },
  Math.max(240_000, RUNS * 2_000),
);
