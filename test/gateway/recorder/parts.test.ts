// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import type { RecorderLimits } from '../../../gateway/src/recorder/limits';
import { settle } from './support/manualScheduler';
import { emergencyOf, partsOf, requestOf } from './support/requests';
import { createWorkbench, LANE, recordOne, watch, watchParts, type Workbench } from './support/workbench';

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const sizes = (): number[] => bench.ledger.lane(LANE).map((batch) => batch.events.length);
const takenBack = () =>
  bench.ledger.events(LANE).flatMap(({ amends }) => (amends?.why === 'nothingGiven' ? [amends] : []));

/** A lane whose one place in flight is taken, so that what follows waits together. */
async function busyLane(limits: Partial<RecorderLimits> = {}): Promise<Recorder> {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ limits: { maxInFlight: 1, maxBatchEvents: 6, ...limits } });
  watch(recordOne(recorder, requestOf(900)));
  await settle();
  return recorder;
}

test('the parts of one request go into one batch where it can hold them, and share the answer', async () => {
  bench.ledger.decide = ({ part }, item) => part === undefined || (part.number + item) % 2 === 0;
  const recorder = await busyLane();
  for (let number = 0; number < 4; number += 1) {
    watch(recordOne(recorder, requestOf(number)));
  }
  const whole = watchParts(recorder.record(partsOf(10, 5)));
  bench.ledger.releaseHeld();
  await settle();
  expect(sizes()).toEqual([1, 4, 5]);
  expect(whole.outcomes?.map(({ permitted }) => permitted)).toEqual([
    [false, true],
    [true, false],
    [false, true],
    [true, false],
    [false, true],
  ]);
  expect(takenBack()).toEqual([]);
});

test('parts that no batch can hold are answered after the last one has committed', async () => {
  const recorder = await busyLane();
  const whole = watchParts(recorder.record(partsOf(10, 14)));
  bench.ledger.faults = [{ kind: 'none' }, { kind: 'none' }, { kind: 'held' }];
  bench.ledger.releaseHeld();
  await settle();
  expect(sizes()).toEqual([1, 6, 6]);
  expect(whole.outcomes).toBeUndefined();
  bench.ledger.releaseHeld();
  await settle();
  expect(sizes()).toEqual([1, 6, 6, 2]);
  expect(whole.outcomes).toHaveLength(14);
  await bench.scheduler.advance(60_000);
  expect(takenBack()).toEqual([]);
  expect(recorder.state()).toMatchObject({ owed: 0, amendmentsOwed: 0 });
});

test('a part that stays missing: refused, and of the committed ones an amendment says that nothing was given', async () => {
  const recorder = await busyLane();
  const parts = partsOf(10, 8);
  const whole = watchParts(recorder.record(parts));
  bench.ledger.faults = [{ kind: 'none' }];
  bench.ledger.releaseHeld();
  bench.ledger.decide = ({ id }) => id !== parts[2]?.id;
  await Promise.resolve();
  const order = bench.ledger.recordBatch.bind(bench.ledger);
  bench.ledger.recordBatch = async (lane, seq, batch) => {
    bench.ledger.isCutOff = seq === 2 && !isBack;
    return order(lane, seq, batch);
  };
  let isBack = false;
  // Refused after ten seconds, withdrawn with the next try.
  await bench.scheduler.advance(13_000);
  expect(whole.error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  expect(sizes()).toEqual([1, 6]);
  isBack = true;
  await bench.scheduler.advance(10_000);
  // The part that was denied gave nothing anyway, and the two that were withdrawn are not recorded.
  const given = parts.slice(0, 6).filter((_, at) => at !== 2);
  expect(takenBack().map(({ id }) => id)).toEqual(given.map(({ id }) => id));
  expect(takenBack().map(({ number }) => number)).toEqual([1, 2, 4, 5, 6]);
  expect(bench.ledger.events(LANE).filter(({ kind }) => kind === 'access')).toHaveLength(7);
  expect(recorder.state()).toMatchObject({ owed: 0, amendmentsOwed: 0, inFlight: 0 });
});

test('the process ends before the last part: the next one says that nothing was given', async () => {
  const recorder = await busyLane();
  const parts = partsOf(10, 8);
  const whole = watchParts(recorder.record(parts));
  bench.ledger.faults = [{ kind: 'none' }, { kind: 'lost', fate: 'dropped' }];
  bench.ledger.releaseHeld();
  await settle();
  expect(sizes()).toEqual([1, 6]);
  bench.kill();
  const next = await bench.start();
  await bench.scheduler.advance(5_000);
  expect(whole.outcomes).toBeUndefined();
  expect(new Set(takenBack().map(({ id }) => id))).toEqual(new Set(parts.map(({ id }) => id)));
  expect(next.state()).toMatchObject({ owed: 0, inFlight: 0 });
});

test('a store that cannot be written between commit and answer: nothing is given, and the entry says so', async () => {
  let isFull = false;
  const outbox = new Proxy(bench.outbox, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      return property === 'write'
        ? (...args: unknown[]) => {
            if (isFull) {
              throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
            }
            return Reflect.apply(value as (...all: unknown[]) => unknown, target, args);
          }
        : value;
    },
  });
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ outbox });
  const watched = watch(recordOne(recorder, requestOf(1)));
  await settle();
  isFull = true;
  bench.ledger.releaseHeld();
  await settle();
  expect(watched.error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  isFull = false;
  await bench.scheduler.advance(1_000);
  expect(takenBack()).toMatchObject([{ number: 0, id: requestOf(1).id }]);
});

test('an emergency of several parts: what is recorded leaves as recorded, the rest late', async () => {
  const recorder = await busyLane();
  const parts = partsOf(10, 8, emergencyOf(0));
  bench.ledger.decide = () => false;
  bench.ledger.evaluate = () => true;
  const whole = watchParts(recorder.record(parts));
  bench.ledger.faults = [{ kind: 'none' }, { kind: 'held' }];
  bench.ledger.releaseHeld();
  await bench.scheduler.advance(2_000);
  expect(whole.outcomes?.map(({ late }) => late)).toEqual([...Array<boolean>(6).fill(false), true, true]);
  expect(whole.outcomes?.map(({ permitted }) => permitted[0])).toEqual([
    ...Array<boolean>(6).fill(false),
    true,
    true,
  ]);
  bench.ledger.releaseHeld();
  await bench.scheduler.advance(1_000);
  expect(takenBack()).toEqual([]);
  const late = bench.ledger.events(LANE).filter(({ amends }) => amends?.why === 'releasedLate');
  expect(late.map(({ amends }) => amends?.id)).toEqual(parts.slice(6).map(({ id }) => id));
  expect(late[0]).toMatchObject({ part: { request: parts[0]?.id, number: 7, of: 8 } });
});

test.each<[string, (parts: AccessRequest[]) => AccessRequest[]]>([
  ['none', () => []],
  [
    'a part that is not numbered',
    ([first, ...rest]) => [{ ...requestOf(500), items: first?.items ?? [] }, ...rest],
  ],
  ['parts in another order', (parts) => parts.toReversed()],
  ['a part missing', (parts) => parts.slice(0, 2)],
  ['a part twice', ([first, second]) => (first && second ? [first, first, second] : [])],
  [
    'a part of another person',
    (parts) => parts.map((one, at) => (at === 1 ? { ...one, subject: one.subject.replace(/^./, 'x') } : one)),
  ],
  ['one that is a part', (parts) => parts.slice(0, 1)],
  ['one that says it is late', ([first]) => (first ? [{ ...emergencyOf(1), ...lateMark(first) }] : [])],
])('%s is refused and reaches no batch', async (_, change) => {
  const recorder = await bench.start();
  const watched = watchParts(recorder.record(change([...partsOf(10, 3)])));
  await bench.scheduler.advance(100);
  expect(watched.error).toMatchObject({ code: 'BAD_REQUEST' });
  expect(bench.ledger.attempts).toEqual([]);
});

function lateMark(request: AccessRequest): Partial<AccessRequest> {
  return {
    late: true,
    lateBasis: 'deployment',
    items: request.items.map((item) => ({ ...item, released: true })),
  };
}
