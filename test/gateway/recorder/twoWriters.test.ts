// SPDX-License-Identifier: Apache-2.0
/**
 * Two that write one lane at once: behind a place that may be the other one's nothing is handed in, since its
 * numbers might not follow.
 */
import Database from 'libsql';
import fc from 'fast-check';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { outboxOn } from '../../../gateway/src/recorder/sqliteOutbox';
import type { Fault } from './support/fakeLedger';
import { settle } from './support/manualScheduler';
import { startOwn } from './support/ownLane';
import { emergencyOf, partsOf, requestOf } from './support/requests';
import { expectSoundLanes } from './support/soundLanes';
import {
  createWorkbench,
  LANE,
  outliving,
  recordOne,
  watch,
  watchParts,
  type Workbench,
} from './support/workbench';

/** Every request goes in a batch of its own, beside those under way. */
const ONE_EACH = { pipelineAt: 1, maxBatchEvents: 2, maxInFlight: 5, pipelineAfterMs: 1 };
const HELD: Fault = { kind: 'held' };

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const emptyStore = () => outliving(outboxOn(new Database(':memory:')));
const placesTried = (): readonly number[] => bench.ledger.attempts.map(({ seq }) => seq);
const held = (count: number): Fault[] => Array.from({ length: count }, () => HELD);

/** All that is under way lands, and whatever follows from it. */
async function landAll(): Promise<void> {
  bench.ledger.faults = [];
  for (let round = 0; round < 3; round += 1) {
    bench.ledger.deliver();
    bench.ledger.releaseHeld();
    await settle();
  }
  await bench.scheduler.advance(60_000);
}

const started = (): Promise<Recorder> => startOwn(bench, { limits: ONE_EACH });

describe('a lane in which this process has committed nothing yet', () => {
  test.each(['both run', 'the first has ended'])('two with a store each, %s: numbers follow', async (how) => {
    const first = await bench.start({ outbox: emptyStore() });
    bench.ledger.faults = held(3);
    const a = watch(recordOne(first, requestOf(1)));
    await settle();
    if (how !== 'both run') {
      bench.kill();
    }
    const second = await bench.start();
    const b = watchParts(second.record(partsOf(2, 2)));
    await settle();
    const c = watch(recordOne(second, emergencyOf(5)));
    await settle();
    await landAll();
    expect(bench.ledger.lane(LANE).map(({ start, events }) => [start, events.length])).toEqual([[0, 1]]);
    expect(a.outcome?.late).toBe(how === 'both run' ? false : undefined);
    expect([b.outcomes, c.outcome]).toEqual([undefined, undefined]);
    expect(second.state().phase).toBe('fenced');
  });

  test('a store that comes back while the batch of an empty one is with the orderer: numbers follow', async () => {
    const recorder = await started();
    bench.ledger.isCutOff = true;
    void watchParts(recorder.record(partsOf(2, 2)));
    await settle();
    const copy = bench.copyStore();
    bench.kill();
    bench.ledger.isCutOff = false;
    const empty = await bench.start({ outbox: emptyStore() });
    bench.ledger.faults = [{ kind: 'lost', fate: 'delayed' }, HELD, HELD];
    void watch(recordOne(empty, requestOf(3)));
    await settle();
    bench.restoreStore(copy);
    const again = await bench.start({ limits: ONE_EACH });
    await settle();
    void watch(recordOne(again, emergencyOf(4)));
    await settle();
    await landAll();
    expect(bench.ledger.lane(LANE)).toHaveLength(2);
    expect(again.state().phase).toBe('fenced');
    expectSoundLanes(bench.ledger, [LANE]);
  });

  test('one alone: the second place waits for the commit of the first, the third for no more than that', async () => {
    const recorder = await bench.start({ limits: ONE_EACH });
    bench.ledger.faults = held(3);
    const first = watch(recordOne(recorder, requestOf(1)));
    await settle();
    void watch(recordOne(recorder, requestOf(2)));
    void watch(recordOne(recorder, emergencyOf(3)));
    await bench.scheduler.advance(10);
    expect(placesTried()).toEqual([0]);
    bench.ledger.releaseHeld();
    await settle();
    expect(first.outcome).toMatchObject({ late: false });
    expect(placesTried()).toEqual([0, 1, 2]);
  });

  test('what an earlier process handed in and is on the ledger says nothing about who writes now', async () => {
    const recorder = await started();
    bench.ledger.faults = [{ kind: 'lost', fate: 'delayed' }, ...held(2)];
    void watch(recordOne(recorder, emergencyOf(2)));
    await settle();
    bench.kill();
    bench.ledger.attempts.length = 0;
    const again = await bench.start({ limits: ONE_EACH });
    await settle();
    bench.ledger.deliver();
    bench.ledger.releaseHeld();
    await settle();
    // Its amendment, since nobody was answered.
    expect(placesTried()).toEqual([1, 2]);
    void watch(recordOne(again, emergencyOf(3)));
    await settle();
    expect(placesTried()).toEqual([1, 2]);
    await landAll();
    expect(bench.ledger.events(LANE)).toHaveLength(4);
    expectSoundLanes(bench.ledger, [LANE]);
  });
});

describe('a lane in which this process has committed', () => {
  test('places go behind each other once they are endorsed', async () => {
    const recorder = await started();
    bench.ledger.faults = held(2);
    void watch(recordOne(recorder, requestOf(2)));
    await settle();
    void watch(recordOne(recorder, emergencyOf(3)));
    await settle();
    expect(placesTried()).toEqual([0, 1, 2]);
    await landAll();
    expectSoundLanes(bench.ledger, [LANE]);
  });

  test.each<Fault>([{ kind: 'conflict' }, { kind: 'refused', code: 'BATCH_EXISTS' }])(
    'a try that met another one ($kind): only its commit lets the next go, and then as before',
    async (fault) => {
      const recorder = await started();
      bench.ledger.faults = [fault, ...held(4)];
      void watch(recordOne(recorder, requestOf(2)));
      await settle();
      const emergency = watch(recordOne(recorder, emergencyOf(3)));
      await bench.scheduler.advance(1_000);
      expect(placesTried()).toEqual([0, 1, 1]);
      bench.ledger.releaseHeld();
      await settle();
      expect(placesTried()).toEqual([0, 1, 1, 2]);
      void watch(recordOne(recorder, emergencyOf(4)));
      await settle();
      expect(placesTried()).toEqual([0, 1, 1, 2, 3]);
      await landAll();
      expect(emergency.outcome).toMatchObject({ late: false });
      expectSoundLanes(bench.ledger, [LANE]);
    },
  );

  test('one that is being endorsed while the place before meets another one is not handed in', async () => {
    const recorder = await started();
    const { ledger } = bench;
    let endorse: () => void = () => undefined;
    const isEndorsed = new Promise<void>((resolve) => {
      endorse = resolve;
    });
    const record = ledger.recordBatch.bind(ledger);
    jest.spyOn(ledger, 'recordBatch').mockImplementation(async (lane, seq, batch, options) => {
      if (seq === 2) {
        await isEndorsed;
      }
      return record(lane, seq, batch, options);
    });
    ledger.faults = [HELD];
    void watchParts(recorder.record(partsOf(2, 2)));
    await settle();
    void watch(recordOne(recorder, emergencyOf(3)));
    await settle();
    ledger.put(LANE, 1, { start: 1, requests: [requestOf(900)] });
    // The own peer does not show yet what the conflict was with.
    ledger.ownEnds.set(LANE, 1);
    ledger.releaseHeld();
    await settle();
    endorse();
    await settle();
    expect(ledger.lane(LANE)).toHaveLength(2);
    ledger.ownEnds.clear();
    await landAll();
    expect(recorder.state().phase).toBe('fenced');
    expectSoundLanes(ledger, [LANE]);
  });
});

type Step =
  | { readonly of: 0 | 1; readonly like: 'emergency' | 'one' | 'two'; readonly fault: Fault }
  | { readonly do: 'land' | 'wait' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      of: fc.constantFrom<0 | 1>(0, 1),
      like: fc.constantFrom<'emergency' | 'one' | 'two'>('emergency', 'one', 'two'),
      fault: fc.constantFrom<Fault>(
        HELD,
        HELD,
        HELD,
        { kind: 'lost', fate: 'delayed' },
        { kind: 'held', conflicts: true },
        { kind: 'none' },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<'land' | 'wait'>('land', 'wait').map((one) => ({ do: one })) },
);

test('whatever two do that start on an empty lane, numbers follow in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      bench = createWorkbench();
      const { ledger, scheduler } = bench;
      const two = [
        await bench.start({ outbox: emptyStore(), limits: ONE_EACH }),
        await bench.start({ outbox: emptyStore(), limits: ONE_EACH }),
      ] as const;
      for (const [number, one] of steps.entries()) {
        if ('do' in one) {
          await (one.do === 'land' ? landAll() : scheduler.advance(300));
          continue;
        }
        ledger.faults.push(one.fault);
        const like = one.like === 'emergency' ? emergencyOf(0) : requestOf(0);
        void watchParts(two[one.of].record(partsOf(10 + number, one.like === 'two' ? 2 : 1, like)));
        await settle();
      }
      await landAll();
      expectSoundLanes(ledger, [LANE]);
    }),
    { numRuns: 300 },
  );
}, 120_000);
