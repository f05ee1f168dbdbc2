// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest, PrivateBatch } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import type { Fault } from './support/fakeLedger';
import { settle } from './support/manualScheduler';
import { releaseLate as leaveLate } from './support/releaseLate';
import { emergencyOf, partsOf, requestOf } from './support/requests';
import { expectSoundLanes as expectLanesSound } from './support/soundLanes';
import {
  createWorkbench,
  LANE,
  recordOne,
  type StoreCopy,
  watch,
  watchParts,
  type Workbench,
} from './support/workbench';

const LIMITS = { maxBatchEvents: 4, maxInFlight: 3, pipelineAt: 2, pipelineAfterMs: 20 };
const NEW_LANE = 'NorthHospitalMSP/ward2';
/** Opened after the copy. */
const OPENED = 'NorthHospitalMSP/ward3';

let bench: Workbench;

beforeEach(() => {
  bench = createWorkbench();
});

const releaseLate = (recorder: Recorder, ...numbers: number[]): Promise<void> =>
  leaveLate(bench, recorder, numbers);

function idsOn(lane: string): readonly string[] {
  return bench.ledger.events(lane).map(({ id }) => id);
}

const expectSoundLanes = (...lanes: string[]): void => {
  expectLanesSound(bench.ledger, lanes);
};

test('a store restored from a copy does not record again what it owed then', async () => {
  const recorder = await bench.start({ limits: LIMITS });
  await recordOne(recorder, requestOf(1));
  await releaseLate(recorder, 2, 3, 4, 5, 6, 7);
  const copy = bench.copyStore();
  bench.ledger.isCutOff = false;
  await bench.scheduler.advance(10_000);
  expect(idsOn(LANE)).toHaveLength(7);
  bench.restoreStore(copy);
  const next = await bench.start({ limits: LIMITS });
  await bench.scheduler.advance(60_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
  const more = watch(recordOne(next, requestOf(8)));
  await bench.scheduler.advance(1_000);
  expect(more.outcome).toMatchObject({ late: false });
  expect(idsOn(LANE)).toHaveLength(8);
  expectSoundLanes(LANE);
});

test('… nor under another name; what the ledger lacks goes there, and the old lane stays as it is', async () => {
  const recorder = await bench.start({ limits: LIMITS });
  await releaseLate(recorder, 1, 2);
  const copy = bench.copyStore();
  bench.ledger.isCutOff = false;
  await bench.scheduler.advance(10_000);
  bench.restoreStore(copy);
  const old = idsOn(LANE);
  const next = await bench.start({ lane: NEW_LANE, limits: LIMITS });
  await bench.scheduler.advance(60_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
  expect(idsOn(LANE)).toEqual(old);
  expect(idsOn(NEW_LANE)).toEqual([]);
});

test('a copy does not say that nothing was given of what it holds as under way', async () => {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ limits: LIMITS });
  const watched = watch(recordOne(recorder, requestOf(1)));
  await settle();
  const copy = bench.copyStore();
  bench.ledger.releaseHeld();
  await settle();
  expect(watched.outcome).toMatchObject({ late: false });
  await recordOne(recorder, requestOf(2));
  bench.restoreStore(copy);
  const next = await bench.start({ limits: LIMITS });
  await bench.scheduler.advance(60_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
  expect(idsOn(LANE)).toEqual([1, 2].map((number) => requestOf(number).id));
});

describe('a copy that is older than another name', () => {
  /** Five are owed in the copy, and recorded in a lane that was opened after it. */
  async function rename(): Promise<void> {
    const recorder = await bench.start({ limits: LIMITS });
    await recordOne(recorder, requestOf(1));
    await releaseLate(recorder, 2, 3, 4, 5, 6);
    const copy = bench.copyStore();
    bench.kill();
    bench.ledger.isCutOff = false;
    const renamed = await bench.start({ lane: OPENED, limits: LIMITS });
    await bench.scheduler.advance(10_000);
    expect(renamed.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
    bench.restoreStore(copy);
  }

  async function expectOnce(next: Recorder, lane: string): Promise<void> {
    const more = watch(recordOne(next, requestOf(8)));
    await bench.scheduler.advance(60_000);
    expect(more.outcome).toMatchObject({ late: false });
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, waiting: 0 });
    expect(new Set([LANE, OPENED, lane].flatMap(idsOn)).size).toBe(7);
    expectSoundLanes(...new Set([LANE, OPENED, lane]));
  }

  test.each([LANE, OPENED, NEW_LANE])(
    'started as %s: what stands in the other lane stands once',
    async (lane) => {
      await rename();
      await expectOnce(await bench.start({ lane, limits: LIMITS }), lane);
    },
  );

  test('while the own peer still fetches blocks the start waits: its word shows no such lane', async () => {
    await rename();
    bench.ledger.ownEnds.set(OPENED, 0);
    const next = await bench.start({ limits: LIMITS });
    await bench.scheduler.advance(10_000);
    expect(next.state()).toMatchObject({ phase: 'recovering' });
    expect(next.state().reason).toContain('PEER_BEHIND');
    bench.ledger.ownEnds.clear();
    await bench.scheduler.advance(10_000);
    await expectOnce(next, LANE);
  });

  test('… and so while the trustee’s peer does not say which lanes there are', async () => {
    await rename();
    bench.ledger.trusteeCopy = 'away';
    const next = await bench.start({ limits: LIMITS });
    await bench.scheduler.advance(10_000);
    expect(next.state()).toMatchObject({ phase: 'recovering' });
    expect(next.state().reason).toContain('TRUSTEE_AWAY');
    bench.ledger.trusteeCopy = 'gives';
    await bench.scheduler.advance(10_000);
    await expectOnce(next, LANE);
  });

  test('own peer and store from one copy, and nobody gives the events: what is owed waits by name', async () => {
    const before = bench.ledger.batches();
    await rename();
    bench.ledger.restoreOwnPeer(before);
    bench.ledger.trusteeCopy = 'lacks';
    const next = await bench.start({ limits: LIMITS });
    await bench.scheduler.advance(60_000);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, waiting: 5 });
    bench.ledger.trusteeCopy = 'gives';
    await bench.scheduler.advance(120_000);
    await expectOnce(next, LANE);
  });

  test('another gateway of the organisation is read as far back as something is owed, and not its years', async () => {
    const other = 'NorthHospitalMSP/other';
    for (let seq = 0; seq < 1_000; seq += 1) {
      const requestedAt = new Date(Date.UTC(2025, 0, 1) + seq * 3_600_000).toISOString();
      bench.ledger.put(other, seq, { start: seq, requests: [requestOf(10_000 + seq, { requestedAt })] });
    }
    await rename();
    const read = jest.spyOn(bench.ledger, 'getEvents');
    await expectOnce(await bench.start({ limits: LIMITS }), LANE);
    expect(read.mock.calls.filter(([lane]) => lane === other)).toHaveLength(2);
  });

  test('a place of the copy whose entry stands in the other lane is not written: the lane waits for another name', async () => {
    const recorder = await bench.start({ limits: LIMITS });
    await releaseLate(recorder, 1);
    const copy = bench.copyStore();
    bench.kill();
    bench.ledger.isCutOff = false;
    bench.ledger.put(OPENED, 0, { start: 0, requests: [{ ...emergencyOf(1), late: true }] });
    bench.restoreStore(copy);
    const next = await bench.start({ limits: LIMITS });
    await bench.scheduler.advance(60_000);
    expect(next.state().remedy).toContain('another GATEWAY_NAME');
    bench.kill();
    const renamed = await bench.start({ lane: NEW_LANE, limits: LIMITS });
    await bench.scheduler.advance(60_000);
    expect(renamed.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
    expect([LANE, OPENED, NEW_LANE].flatMap(idsOn)).toEqual([emergencyOf(1).id]);
  });
});

describe('an entry that the copy has under way, and of which a lane opened after the copy says more', () => {
  const NAMES = [LANE, OPENED, NEW_LANE];

  /** What the lanes say of it after its own entry. */
  const said = (): readonly unknown[] =>
    NAMES.flatMap((lane) => bench.ledger.events(lane)).map(({ amends }) => amends?.why);

  /** Handed in without an answer; then `inOldLane`. The copy is of the moment before or after that. */
  async function underWay(
    request: AccessRequest,
    copiedWhen: 'before' | 'after',
    inOldLane: () => Promise<void>,
  ): Promise<void> {
    bench.ledger.faults = [{ kind: 'held' }];
    const recorder = await bench.start({ limits: LIMITS });
    watch(recordOne(recorder, request));
    await settle();
    const before = bench.copyStore();
    await inOldLane();
    const copy = copiedWhen === 'before' ? before : bench.copyStore();
    bench.kill();
    bench.ledger.releaseHeld();
    await settle();
    bench.ledger.isCutOff = false;
    const renamed = await bench.start({ lane: OPENED, limits: LIMITS });
    await bench.scheduler.advance(10_000);
    await recordOne(renamed, requestOf(2));
    expect(renamed.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
    bench.restoreStore(copy);
  }

  async function expectNothingMore(lane: string): Promise<void> {
    const before = said();
    const next = await bench.start({ lane, limits: LIMITS });
    await bench.scheduler.advance(60_000);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
    expect(said()).toEqual(before);
    expectSoundLanes(...NAMES);
  }

  test.each(NAMES)('that nothing was given is not said again as %s', async (lane) => {
    await underWay(requestOf(1), 'before', () => Promise.resolve());
    // Its caller was gone with the process.
    expect(said()).toEqual([undefined, 'nothingGiven', undefined]);
    await expectNothingMore(lane);
  });

  test.each(NAMES.flatMap((lane) => (['before', 'after'] as const).map((when) => [lane, when] as const)))(
    'that its data left late is not said again as %s, nor taken back, where the copy was made %s that',
    async (lane, when) => {
      await underWay(emergencyOf(1), when, async () => {
        bench.ledger.isCutOff = true;
        await bench.scheduler.advance(3_000);
      });
      expect(said()).toEqual([undefined, 'releasedLate', undefined]);
      await expectNothingMore(lane);
    },
  );
});

test('a copy older than the present name does not take back what was given under the old one', async () => {
  bench.ledger.faults = [{ kind: 'held' }];
  const recorder = await bench.start({ limits: LIMITS });
  const watched = watch(recordOne(recorder, requestOf(1)));
  await settle();
  const copy = bench.copyStore();
  bench.ledger.releaseHeld();
  await settle();
  expect(watched.outcome).toMatchObject({ late: false });
  bench.kill();
  await recordOne(await bench.start({ lane: OPENED, limits: LIMITS }), requestOf(2));
  bench.restoreStore(copy);
  const next = await bench.start({ lane: OPENED, limits: LIMITS });
  await bench.scheduler.advance(60_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
  expect([LANE, OPENED].map(idsOn)).toEqual([[requestOf(1).id], [requestOf(2).id]]);
});

describe('a ledger that came back from an older copy', () => {
  test.each([0, 1, 3])(
    'with %i owed: the remedy counts them, and never says to remove the store',
    async (owed) => {
      const recorder = await bench.start({ limits: LIMITS });
      await recordOne(recorder, requestOf(1));
      await recordOne(recorder, requestOf(2));
      await releaseLate(recorder, ...Array.from({ length: owed }, (_, at) => 10 + at));
      bench.kill();
      bench.ledger.restoreTo(LANE, 1);
      bench.ledger.isCutOff = false;
      const next = await bench.start({ limits: LIMITS });
      await bench.scheduler.advance(5_000);
      const { phase, reason, remedy } = next.state();
      expect(phase).toBe('recovering');
      expect(reason).toContain('batch 1 was committed before');
      expect(remedy).toContain(`${String(owed)} ${owed === 1 ? 'entry' : 'entries'} that the ledger lacks`);
      expect(remedy).toContain('GATEWAY_NAME');
      expect(remedy).not.toMatch(/remove/i);
      expect(bench.ledger.lane(LANE)).toHaveLength(1);
    },
  );

  test('the printed remedy, another name alone: everything owed goes into the new lane, and nothing into the old', async () => {
    const recorder = await bench.start({ limits: LIMITS });
    for (let number = 1; number <= 12; number += 1) {
      await recordOne(recorder, requestOf(number));
    }
    await releaseLate(recorder, 21, 22, 23, 24, 25, 26);
    bench.kill();
    bench.ledger.restoreTo(LANE, 2);
    bench.ledger.isCutOff = false;
    const lost = await bench.start({ limits: LIMITS });
    const emergency = watch(recordOne(lost, emergencyOf(27)));
    await bench.scheduler.advance(5_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    expect(lost.state().remedy).toContain('7 entries that the ledger lacks');
    bench.kill();
    const next = await bench.start({ lane: NEW_LANE, limits: LIMITS });
    await bench.scheduler.advance(60_000);
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, amendmentsOwed: 0 });
    expect(bench.ledger.lane(LANE)).toHaveLength(2);
    expect([...idsOn(NEW_LANE)].sort()).toEqual(
      [21, 22, 23, 24, 25, 26, 27].map((number) => emergencyOf(number).id).sort(),
    );
    expectSoundLanes(LANE, NEW_LANE);
  });
});

type Step =
  | { readonly do: 'request'; readonly emergency: boolean; readonly parts: number }
  | { readonly do: 'cutOff'; readonly cutOff: boolean }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'copy' | 'release' | 'deliver' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.boolean(), fc.constantFrom(1, 1, 2, 6))
      .map(([emergency, parts]): Step => ({ do: 'request', emergency, parts })),
  },
  { weight: 2, arbitrary: fc.boolean().map((cutOff): Step => ({ do: 'cutOff', cutOff })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Fault>(
        { kind: 'held' },
        { kind: 'conflict' },
        { kind: 'lost', fate: 'written' },
        { kind: 'lost', fate: 'dropped' },
      )
      .map((fault): Step => ({ do: 'fault', fault })),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(0, 20, 300, 2_100, 11_000).map((ms): Step => ({ do: 'advance', ms })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<'copy' | 'release'>('copy', 'copy', 'release')
      .map((one): Step => ({ do: one })),
  },
);

/** Several leave late while the ledger is cut off, and the copy holds what is owed then. */
const owing: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.integer({ min: 2, max: 9 }), fc.constantFrom(1, 6), fc.array(step, { maxLength: 2 }))
  .map(([emergencies, parts, between]): readonly Step[] => [
    { do: 'cutOff', cutOff: true },
    ...Array.from({ length: emergencies }, (): Step => ({ do: 'request', emergency: true, parts })),
    { do: 'advance', ms: 3_000 },
    ...between,
    { do: 'copy' },
    { do: 'cutOff', cutOff: false },
  ]);

/**
 * The answer to a batch is lost, and then the ledger refuses it: its place goes to another one, and the copy
 * knows of both.
 */
const displacing: fc.Arbitrary<readonly Step[]> = fc
  .record({
    fate: fc.constantFrom('written', 'dropped', 'delayed', 'delayed'),
    emergency: fc.boolean(),
    parts: fc.constantFrom(1, 2),
    between: fc.array(step, { maxLength: 2 }),
    again: fc.boolean(),
  })
  .map(({ fate, emergency, parts, between, again }): readonly Step[] => [
    { do: 'fault', fault: { kind: 'lost', fate } },
    { do: 'fault', fault: { kind: 'refused', code: 'INVALID_INPUT' } },
    { do: 'fault', fault: again ? { kind: 'lost', fate: 'dropped' } : { kind: 'held' } },
    { do: 'request', emergency, parts },
    { do: 'request', emergency: true, parts: 1 },
    { do: 'advance', ms: 100 },
    ...between,
    { do: 'copy' },
    { do: 'advance', ms: 20 },
    { do: 'deliver' },
    { do: 'release' },
  ]);

const history: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: step.map((one) => [one]) },
      { weight: 1, arbitrary: owing },
      { weight: 6, arbitrary: displacing },
    ),
    {
      minLength: 5,
      maxLength: 25,
    },
  )
  .map((pieces) => pieces.flat());

async function perform(one: Step, number: number, recorder: Recorder, copies: StoreCopy[]): Promise<void> {
  const { ledger, scheduler } = bench;
  switch (one.do) {
    case 'request': {
      const like = one.emergency ? emergencyOf(0) : requestOf(0);
      const { id, salt } = requestOf(number * 1_000);
      watchParts(
        recorder.record(one.parts === 1 ? [{ ...like, id, salt }] : partsOf(number, one.parts, like)),
      );
      return;
    }
    case 'cutOff':
      ledger.isCutOff = one.cutOff;
      return;
    case 'fault':
      ledger.faults.push(one.fault);
      return;
    case 'advance':
      await scheduler.advance(one.ms);
      return;
    case 'copy':
      copies.push(bench.copyStore());
      return;
    case 'deliver':
      ledger.deliver();
      return;
    case 'release':
      ledger.releaseHeld();
      await scheduler.advance(0);
  }
}

/**
 * What came back with the store: nothing; the own peer, without its private data since; and it still lacks
 * the later blocks when the gateway starts; and the trustee gives no copy for a while.
 */
const alsoBack = fc.constantFrom('nothing', 'peer', 'peerBehind', 'peerAndNoCopy', 'peerBehindAndNoCopy');

interface PeerCopy {
  readonly has: ReadonlySet<PrivateBatch>;
  /** Of the lane. */
  readonly places: number;
}

function putBack(copy: StoreCopy, peer: PeerCopy | undefined, back: string): void {
  bench.restoreStore(copy);
  if (back !== 'nothing' && peer !== undefined) {
    bench.ledger.restoreOwnPeer(peer.has);
  }
  if (back.startsWith('peerBehind')) {
    bench.ledger.ownEnds.set(LANE, peer?.places ?? 0);
    bench.ledger.knownBlocks = 2n;
  }
  bench.ledger.trusteeCopy = back.endsWith('NoCopy') ? 'lacks' : 'gives';
}

/** Random histories of each property per run of the suite; more of them with RECORDER_RESTORED_RUNS. */
const RUNS = Number(process.env['RECORDER_RESTORED_RUNS'] ?? 100);

test(
  'restored from a copy of any moment: what stands on the lane is neither repeated nor taken back',
  async () => {
    const seen = { copies: 0, owing: 0, underWay: 0, rivals: 0, waiting: 0 };
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), alsoBack, async (steps, which, back) => {
        bench = createWorkbench();
        const copies: StoreCopy[] = [bench.copyStore()];
        const peers: PeerCopy[] = [{ has: bench.ledger.batches(), places: 0 }];
        const recorder = await bench.start({ limits: LIMITS });
        for (const [number, one] of steps.entries()) {
          await perform(one, number + 1, recorder, copies);
          if (copies.length > peers.length) {
            peers.push({ has: bench.ledger.batches(), places: bench.ledger.lane(LANE).length });
          }
        }
        bench.ledger.isCutOff = false;
        bench.ledger.faults = [];
        bench.ledger.deliver();
        for (let turn = 0; turn < 3; turn += 1) {
          bench.ledger.releaseHeld();
          await bench.scheduler.advance(60_000);
        }
        await recordOne(recorder, requestOf(900_001));
        // An amendment may have followed in a batch of its own.
        await bench.scheduler.advance(60_000);
        expect(recorder.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
        const before = idsOn(LANE);
        // The ledger lacks them, and the copy may not know yet that they were refused.
        const { outbox } = bench;
        const aside = new Set(outbox.setAside().map(({ id }) => id));
        // A correction that the copy does not have yet is made anew, with an id of its own.
        const corrections = new Set([...aside].map((id) => outbox.findOwed(id)?.request.amends?.id));
        const isAside = ({ id, amends }: AccessEvent): boolean =>
          aside.has(id) || (amends !== undefined && corrections.has(amends.id));
        const others = (lane: string): readonly string[] =>
          bench.ledger.events(lane).flatMap((event) => (isAside(event) ? [] : [event.id]));
        const copy = copies[which % copies.length] ?? new Map<string, never>();
        seen.copies += 1;
        seen.owing += Number((copy.get('owed') ?? []).length > 0);
        seen.rivals += Number((copy.get('rival') ?? []).length > 0);
        seen.underWay += Number((copy.get('outbox') ?? []).length > 0);
        putBack(copy, peers[which % copies.length], back);
        const next = await bench.start({ limits: LIMITS });
        await bench.scheduler.advance(which % 2_000);
        bench.ledger.ownEnds.clear();
        bench.ledger.ownBlocks = 2n;
        await bench.scheduler.advance(60_000);
        seen.waiting += Number(next.state().waiting > 0);
        bench.ledger.trusteeCopy = 'gives';
        await bench.scheduler.advance(60_000);
        if (next.state().phase === 'fenced') {
          // A place of the copy was taken back and used anew: nothing more is written in this lane.
          expect(others(LANE)).toEqual(before);
          bench.kill();
          const renamed = await bench.start({ lane: NEW_LANE, limits: LIMITS });
          await bench.scheduler.advance(60_000);
          expect(renamed.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0 });
          expect(others(NEW_LANE)).toEqual([]);
        } else {
          const last = watch(recordOne(next, requestOf(900_002)));
          await bench.scheduler.advance(60_000);
          expect(last.outcome).toMatchObject({ late: false });
          expect(others(LANE)).toEqual([...before, requestOf(900_002).id]);
        }
        expectSoundLanes(LANE, NEW_LANE);
      }),
      { numRuns: RUNS },
    );
    expect(seen.owing).toBeGreaterThan(10);
    expect(seen.underWay).toBeGreaterThan(10);
    expect(seen.rivals).toBeGreaterThan(0);
    expect(seen.waiting).toBeGreaterThan(0);
  },
  Math.max(120_000, RUNS * 1_200),
);

test(
  'from a copy older than another name: under the old name or a third, nothing is repeated and nothing lost',
  async () => {
    const seen = { owing: 0, inOpened: 0, ready: 0, overtaken: 0 };
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.nat(),
        fc.constantFrom('nothing', 'peer'),
        fc.boolean(),
        async (steps, which, back, isOldName) => {
          bench = createWorkbench();
          const copies: StoreCopy[] = [bench.copyStore()];
          const peers = [bench.ledger.batches()];
          const first = await bench.start({ limits: LIMITS });
          for (const [number, one] of steps.entries()) {
            await perform(one, number + 1, first, copies);
            if (copies.length > peers.length) {
              peers.push(bench.ledger.batches());
            }
          }
          bench.kill();
          bench.ledger.isCutOff = false;
          bench.ledger.faults = [];
          const renamed = await bench.start({ lane: OPENED, limits: LIMITS });
          for (let turn = 0; turn < 3; turn += 1) {
            bench.ledger.deliver();
            bench.ledger.releaseHeld();
            await bench.scheduler.advance(60_000);
          }
          await recordOne(renamed, requestOf(900_001));
          await bench.scheduler.advance(60_000);
          expect(renamed.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, setAside: 0 });
          const before = [LANE, OPENED].flatMap(idsOn);
          const copy = copies[which % copies.length] ?? new Map<string, never>();
          const owed = (copy.get('owed') ?? []).map(({ id }) => id);
          seen.owing += Number(owed.length > 0);
          seen.inOpened += Number(idsOn(OPENED).some((id) => owed.includes(id)));
          bench.restoreStore(copy);
          if (back !== 'nothing') {
            bench.ledger.restoreOwnPeer(peers[which % copies.length] ?? new Set());
          }
          let next = await bench.start({ lane: isOldName ? LANE : NEW_LANE, limits: LIMITS });
          await bench.scheduler.advance(60_000);
          if (next.state().phase !== 'ready') {
            // A place of the copy was taken back and used anew, or its entries stand in the lane that was
            // opened since.
            expect(next.state().remedy).toContain('another GATEWAY_NAME');
            seen.overtaken += 1;
            bench.kill();
            next = await bench.start({ lane: NEW_LANE, limits: LIMITS });
            await bench.scheduler.advance(60_000);
          } else {
            seen.ready += 1;
          }
          const last = watch(recordOne(next, requestOf(900_002)));
          await bench.scheduler.advance(60_000);
          expect(last.outcome).toMatchObject({ late: false });
          expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, waiting: 0 });
          expect([LANE, OPENED, NEW_LANE].flatMap(idsOn)).toEqual(expect.arrayContaining(before));
          expectSoundLanes(LANE, OPENED, NEW_LANE);
        },
      ),
      { numRuns: RUNS },
    );
    expect(seen.owing).toBeGreaterThan(5);
    expect(seen.inOpened).toBeGreaterThan(0);
    expect(seen.ready).toBeGreaterThan(20);
  },
  Math.max(120_000, RUNS * 1_200),
);
