// SPDX-License-Identifier: Apache-2.0
/** A process that is asked to end: what it waits for, and what it leaves to the next start. */
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { AppError } from '../../../gateway/src/errors';
import type { FakeLedger } from './support/fakeLedger';
import { settle } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';
import { expectSoundLanes } from './support/soundLanes';
import { createWorkbench, LANE, recordOne, watch, type Watched, type Workbench } from './support/workbench';

/** Whatever ends a stop before is not the bound on its time, nor a deadline. */
const PATIENT = { drainMs: 600_000, deadlineMs: 600_000, emergencyWaitMs: 120_000 };

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const codeOf = ({ error }: Watched): string | undefined =>
  error instanceof AppError ? error.code : undefined;
const ended = (closing: Promise<void>): { readonly isOver: () => boolean } => {
  let isOver = false;
  void closing.then(() => {
    isOver = true;
  });
  return { isOver: () => isOver };
};

/** What the lane says: each entry, and what corrects it. */
const said = (): readonly string[] =>
  bench.ledger
    .events(LANE)
    .map(({ id, late, amends }) => `${amends?.why ?? (late ? 'late' : 'entry')} ${amends?.id ?? id}`);

async function nextStart(): Promise<Recorder> {
  bench.kill();
  bench.ledger.isAway = false;
  bench.ledger.isCutOff = false;
  bench.ledger.evaluation = 'answers';
  bench.ledger.releaseHeld();
  const next = await bench.start();
  await bench.scheduler.advance(60_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
  expectSoundLanes(bench.ledger, [LANE]);
  return next;
}

test('waits for what it took, then refuses', async () => {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start();
  const watched = [1, 2, 3].map((number) => watch(recordOne(recorder, requestOf(number))));
  const closing = recorder.close();
  const after = watch(recordOne(recorder, requestOf(9)));
  await settle();
  expect(codeOf(after)).toBe('LEDGER_UNAVAILABLE');
  bench.ledger.releaseHeld();
  await settle();
  await closing;
  expect(watched.every((one) => one.outcome !== undefined)).toBe(true);
  expect(recorder.state()).toMatchObject({ phase: 'closed', queued: 0, inFlight: 0, owed: 0 });
});

test('a ledger that is slow is waited for: whoever was under way is answered by it', async () => {
  const recorder = await bench.start({ limits: { ...PATIENT, maxBatchEvents: 1, maxInFlight: 1 } });
  bench.ledger.faults = Array.from({ length: 6 }, () => ({ kind: 'held' }));
  const watched = Array.from({ length: 6 }, (_, at) => watch(recordOne(recorder, requestOf(at))));
  recorder.windDown();
  const closing = ended(recorder.close());
  for (const one of watched) {
    await bench.scheduler.advance(1_500);
    expect([closing.isOver(), one.outcome]).toEqual([false, undefined]);
    bench.ledger.releaseHeld();
    await settle();
    expect(one.outcome).toMatchObject({ late: false });
  }
  expect(closing.isOver()).toBe(true);
});

test('… but not for ever', async () => {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ limits: { drainMs: 100, deadlineMs: 60_000 } });
  const watched = watch(recordOne(recorder, requestOf(0)));
  const closing = recorder.close();
  await bench.scheduler.advance(100);
  await closing;
  expect(codeOf(watched)).toBe('LEDGER_UNAVAILABLE');
  await nextStart();
  expect(said()).toEqual([`entry ${requestOf(0).id}`, `nothingGiven ${requestOf(0).id}`]);
});

test('the time that a stop may take counts from its beginning', async () => {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ limits: { drainMs: 1_000, deadlineMs: 60_000 } });
  const watched = watch(recordOne(recorder, requestOf(0)));
  recorder.windDown();
  await bench.scheduler.advance(900);
  expect(watched.error).toBeUndefined();
  const closing = ended(recorder.close());
  await bench.scheduler.advance(100);
  expect(closing.isOver()).toBe(true);
});

describe.each<[string, (ledger: FakeLedger) => void]>([
  ['the orderer hangs', (ledger) => (ledger.faults = [{ kind: 'held' }])],
  ['the orderer has lost a try', (ledger) => (ledger.faults = [{ kind: 'lost', fate: 'delayed' }])],
  ['the trustee’s peer is dead', (ledger) => (ledger.isCutOff = true)],
  ['the own peer is dead', (ledger) => (ledger.isAway = true)],
  [
    'the own peer hangs',
    (ledger) => {
      ledger.isCutOff = true;
      ledger.evaluation = 'silent';
    },
  ],
])('while %s', (_name, harm) => {
  /** The first may be on its way; then nothing is. */
  async function dying(): Promise<{ recorder: Recorder; ordinary: Watched; emergency: Watched }> {
    const recorder = await bench.start({ limits: PATIENT });
    harm(bench.ledger);
    const ordinary = watch(recordOne(recorder, requestOf(1)));
    await settle();
    bench.ledger.isCutOff = true;
    const emergency = watch(recordOne(recorder, emergencyOf(2)));
    await settle();
    return { recorder, ordinary, emergency };
  }

  test('ordinary requests are refused as soon as the lane is away, an emergency is treated as ever', async () => {
    const { recorder, ordinary, emergency } = await dying();
    recorder.windDown();
    expect([ordinary, emergency]).toEqual([{}, {}]);
    await bench.scheduler.advance(3_000);
    expect(codeOf(ordinary)).toBe('LEDGER_UNAVAILABLE');
    expect(emergency.outcome).toMatchObject({ late: true });
    // One that a slow source brings later: the lane is known to be away.
    const later = watch(recordOne(recorder, requestOf(3)));
    await settle();
    expect(codeOf(later)).toBe('LEDGER_UNAVAILABLE');
    const closing = ended(recorder.close());
    await settle();
    expect(closing.isOver()).toBe(true);
  });

  test('a stop without a beginning ends as soon, and the next start loses and doubles nothing', async () => {
    const { recorder, ordinary, emergency } = await dying();
    const closing = ended(recorder.close());
    await bench.scheduler.advance(3_000);
    expect(closing.isOver()).toBe(true);
    expect(codeOf(ordinary)).toBe('LEDGER_UNAVAILABLE');
    expect(emergency.outcome).toMatchObject({ late: true });
    bench.ledger.deliver();
    await nextStart();
    const ofEmergency = `late ${emergencyOf(2).id}`;
    expect(said()).toContain(ofEmergency);
    // Nothing, where its batch was taken back in time.
    const ofOrdinary = said().filter((one) => one !== ofEmergency);
    expect([[], [`entry ${requestOf(1).id}`, `nothingGiven ${requestOf(1).id}`]]).toContainEqual(ofOrdinary);
  });

  test('a lane that is away already is not waited for', async () => {
    const { recorder, emergency } = await dying();
    await bench.scheduler.advance(5_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    const closing = ended(recorder.close());
    await settle();
    expect(closing.isOver()).toBe(true);
    expect(recorder.state()).toMatchObject({ phase: 'closed' });
  });
});

test('a ledger that commits again in the middle of a stop is waited for', async () => {
  const recorder = await bench.start({ limits: PATIENT });
  bench.ledger.faults = [{ kind: 'held' }, { kind: 'held' }];
  const given = watch(recordOne(recorder, requestOf(1)));
  await bench.scheduler.advance(1_000);
  const closing = ended(recorder.close());
  bench.ledger.releaseHeld();
  await bench.scheduler.advance(500);
  expect(given.outcome).toMatchObject({ late: false });
  expect(closing.isOver()).toBe(true);
});

test('an owed entry that the ledger refuses, and that rests, is not waited for', async () => {
  const recorder = await bench.start({ limits: PATIENT });
  bench.ledger.isCutOff = true;
  const emergency = watch(recordOne(recorder, emergencyOf(1)));
  await bench.scheduler.advance(3_000);
  expect(emergency.outcome).toMatchObject({ late: true });
  bench.ledger.refuses = ({ id }) => id === emergencyOf(1).id;
  bench.ledger.isCutOff = false;
  await bench.scheduler.advance(5_000);
  const closing = ended(recorder.close());
  await settle();
  expect(closing.isOver()).toBe(true);
  expect(recorder.state()).toMatchObject({ phase: 'closed', owed: 1 });
});
