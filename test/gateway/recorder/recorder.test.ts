// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import Database from 'libsql';
import { AppError } from '../../../gateway/src/errors';
import type { Outbox, OutboxChange } from '../../../gateway/src/recorder/outbox';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { openOutbox, outboxOn } from '../../../gateway/src/recorder/sqliteOutbox';
import { settle } from './support/manualScheduler';
import { startOwn } from './support/ownLane';
import { emergencyOf, requestOf } from './support/requests';
import {
  createWorkbench,
  LANE,
  outliving,
  recordOne,
  watch,
  type Watched,
  type Workbench,
} from './support/workbench';

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const idsOf = (requests: readonly { readonly id: string }[]): string[] => requests.map((one) => one.id);
const ledgerIds = (): string[] => idsOf(bench.ledger.events(LANE).filter(({ kind }) => kind === 'access'));
/** Ids of entries of which an amendment says that nothing was given. */
const takenBack = (): (string | undefined)[] =>
  bench.ledger.events(LANE).flatMap(({ amends }) => (amends?.why === 'nothingGiven' ? [amends.id] : []));
const sizes = (): number[] => bench.ledger.lane(LANE).map((batch) => batch.events.length);
const expectRefused = (watched: Watched, code: string): AppError => {
  expect(watched.outcome).toBeUndefined();
  expect(watched.error).toBeInstanceOf(AppError);
  expect((watched.error as AppError).code).toBe(code);
  return watched.error as AppError;
};
const recordAll = (recorder: Recorder, requests: readonly AccessRequest[]): Watched[] =>
  requests.map((request) => watch(recordOne(recorder, request)));
const many = (count: number, from = 0): AccessRequest[] =>
  Array.from({ length: count }, (_, index) => requestOf(from + index));

/** The invariants of a lane, whatever happened: no gap, starts that add up, no event twice. */
function expectSoundLane(lane = LANE): void {
  const batches = bench.ledger.lane(lane);
  let start = 0;
  batches.forEach((batch, index) => {
    expect([batch.seq, batch.start]).toEqual([index, start]);
    start += batch.events.length;
  });
  const ids = idsOf(bench.ledger.events(lane));
  expect(new Set(ids).size).toBe(ids.length);
}

describe('while nothing can be recorded', () => {
  const refusal = (recorder: Recorder): string | undefined => {
    try {
      recorder.admit('north-ehr', false).release();
      return undefined;
    } catch (error) {
      return (error as AppError).code;
    }
  };

  test('only break-glass is admitted, and nobody is told that the ledger commits', async () => {
    const recorder = await bench.start();
    // Nothing has committed yet.
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual([undefined, false]);
    await recordOne(recorder, requestOf(1));
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual([undefined, true]);
    await bench.scheduler.advance(1_999);
    expect(recorder.commitsNow(false)).toBe(true);
    await bench.scheduler.advance(1);
    expect(recorder.commitsNow(false)).toBe(false);
    await recordOne(recorder, requestOf(2));
    bench.ledger.isCutOff = true;
    const waiting = watch(recordOne(recorder, requestOf(3)));
    await settle();
    // The first failed try is enough to be unsure.
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual([undefined, false]);
    await bench.scheduler.advance(2_000);
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual(['LEDGER_UNAVAILABLE', false]);
    recorder.admit('north-ehr', true).release();
    await bench.scheduler.advance(8_000);
    expectRefused(waiting, 'LEDGER_UNAVAILABLE');
    // Nothing is tried any more: who comes after a while finds out.
    await bench.scheduler.advance(8_000);
    bench.ledger.isCutOff = false;
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual([undefined, false]);
    await recordOne(recorder, requestOf(4));
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual([undefined, true]);
    await recorder.close();
    expect([refusal(recorder), recorder.commitsNow(false)]).toEqual(['LEDGER_UNAVAILABLE', false]);
  });
});

describe('group commit', () => {
  test('the first request goes at once, alone, and returns the decision of each item', async () => {
    bench.ledger.decide = (_, item) => item === 0;
    const recorder = await bench.start();
    const outcome = await recordOne(recorder, requestOf(1));
    expect(outcome).toEqual({ permitted: [true, false], late: false, transactionId: `tx-${LANE}-0` });
    expect(bench.ledger.attempts[0]).toMatchObject({ lane: LANE, seq: 0, batch: { start: 0 } });
  });

  test('requests gather while a batch is in flight', async () => {
    bench.ledger.faults = [{ kind: 'held' }];
    const recorder = await bench.start({ limits: { pipelineAt: 500 } });
    const watched = recordAll(recorder, many(41));
    await settle();
    expect(bench.ledger.attempts).toHaveLength(1);
    bench.ledger.releaseHeld();
    await settle();
    expect(sizes()).toEqual([1, 40]);
    expect(watched.every((one) => one.outcome !== undefined)).toBe(true);
    expectSoundLane();
  });

  test('under load several batches fly at once, each with its own place and start', async () => {
    const limits = { pipelineAt: 10, maxBatchEvents: 10, maxInFlight: 3 };
    const recorder = await startOwn(bench, { limits });
    bench.ledger.faults = Array.from({ length: 9 }, () => ({ kind: 'held' as const }));
    recordAll(recorder, many(61));
    await settle();
    expect(bench.ledger.attempts.map(({ seq, batch }) => [seq, batch.start])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 12],
    ]);
    expect(recorder.state()).toMatchObject({ inFlight: 3, queued: 40 });
    for (let turn = 0; turn < 8; turn += 1) {
      bench.ledger.releaseHeld();
      await settle();
    }
    expect(ledgerIds()).toHaveLength(62);
    expectSoundLane();
  });

  test('a lone request beside a slow batch waits no longer than the pipeline time', async () => {
    const recorder = await startOwn(bench, { limits: { pipelineAfterMs: 50 } });
    bench.ledger.faults = [{ kind: 'held' }];
    recordAll(recorder, many(2));
    await bench.scheduler.advance(49);
    expect(bench.ledger.attempts).toHaveLength(2);
    await bench.scheduler.advance(1);
    expect(bench.ledger.attempts).toHaveLength(3);
  });

  test('a batch is bounded by events and by bytes', async () => {
    bench.ledger.faults = [{ kind: 'held' }];
    const bytes = Buffer.byteLength(JSON.stringify(requestOf(1)));
    const recorder = await bench.start({
      limits: { maxBatchEvents: 4, maxBatchBytes: 3 * (bytes + 1) + 64, pipelineAt: 500, maxInFlight: 1 },
    });
    recordAll(recorder, many(10));
    await settle();
    bench.ledger.releaseHeld();
    await settle();
    expect(sizes()).toEqual([1, 3, 3, 3]);
    for (const { batch } of bench.ledger.attempts) {
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThanOrEqual(3 * (bytes + 1) + 64);
    }
  });

  test('a full queue refuses with Retry-After and loses nothing that it took', async () => {
    bench.ledger.faults = [{ kind: 'held' }];
    const recorder = await bench.start({ limits: { maxQueued: 5 } });
    const watched = recordAll(recorder, many(7));
    await settle();
    expect(expectRefused(watched[6] ?? {}, 'OVERLOADED').retryAfterSeconds).toBeGreaterThan(0);
    bench.ledger.releaseHeld();
    await settle();
    expect(ledgerIds()).toEqual(idsOf(many(6)));
    expect(watched.filter((one) => one.outcome !== undefined)).toHaveLength(6);
  });

  test('a full queue still takes break-glass', async () => {
    bench.ledger.faults = [{ kind: 'held' }];
    const recorder = await bench.start({ limits: { maxQueued: 1 } });
    recordAll(recorder, many(2));
    const emergency = watch(recordOne(recorder, emergencyOf(9)));
    await settle();
    bench.ledger.releaseHeld();
    await settle();
    expect(emergency.outcome).toMatchObject({ late: false });
  });

  test('a malformed request is refused by its fields and reaches no batch', async () => {
    const recorder = await bench.start();
    const watched = watch(recordOne(recorder, { ...requestOf(1), subject: 'not a pseudonym' }));
    await settle();
    expect(expectRefused(watched, 'BAD_REQUEST').expose).toContain('subject');
    expect(bench.ledger.attempts).toHaveLength(0);
  });

  test('a request larger than a batch is refused', async () => {
    const recorder = await bench.start({ limits: { maxBatchBytes: 300 } });
    const watched = watch(recordOne(recorder, requestOf(1)));
    await settle();
    expectRefused(watched, 'PAYLOAD_TOO_LARGE');
  });

  test.each([
    ['lane', { lane: 'NorthHospitalMSP/Ward 1' }, /lane/],
    ['limit', { limits: { maxBatchEvents: 1001 } }, /maxBatchEvents/],
  ])('a wrong %s is refused at the start', async (_, overrides, message) => {
    await expect(bench.start(overrides)).rejects.toThrow(message);
  });
});

describe('attempts that fail', () => {
  test('a conflict is tried again in the same place', async () => {
    bench.ledger.faults = [{ kind: 'conflict' }, { kind: 'conflict' }];
    const recorder = await bench.start();
    const watched = watch(recordOne(recorder, requestOf(1)));
    await bench.scheduler.advance(200);
    expect(watched.outcome).toMatchObject({ late: false });
    expect(bench.ledger.attempts.map((attempt) => attempt.seq)).toEqual([0, 0, 0]);
    expectSoundLane();
  });

  test('a reply lost after the commit is found on the ledger', async () => {
    bench.ledger.decide = (_, item) => item === 1;
    bench.ledger.faults = [{ kind: 'lost', fate: 'written' }];
    const recorder = await bench.start();
    const outcome = await recordOne(recorder, requestOf(1));
    expect(outcome).toEqual({ permitted: [false, true], late: false });
    expect(bench.ledger.attempts).toHaveLength(1);
    expectSoundLane();
  });

  test.each(['dropped', 'delayed'] as const)(
    'a reply lost and its transaction %s: recorded once',
    async (fate) => {
      bench.ledger.faults = [{ kind: 'lost', fate }];
      const recorder = await bench.start();
      const watched = watch(recordOne(recorder, requestOf(1)));
      await bench.scheduler.advance(1);
      expect(watched.outcome).toBeUndefined();
      bench.ledger.deliver();
      await bench.scheduler.advance(100);
      expect(watched.outcome).toMatchObject({ permitted: [true, true] });
      expect(ledgerIds()).toEqual([requestOf(1).id]);
    },
  );

  test('not committed in time: refused, nothing released, and withdrawn since it never left', async () => {
    bench.ledger.isAway = true;
    const recorder = await bench.start();
    bench.ledger.isAway = false;
    await bench.scheduler.advance(5_000);
    bench.ledger.isAway = true;
    const watched = watch(recordOne(recorder, requestOf(1)));
    await bench.scheduler.advance(10_000);
    expect(expectRefused(watched, 'LEDGER_UNAVAILABLE').retryAfterSeconds).toBeGreaterThan(0);
    await bench.scheduler.advance(5_000);
    bench.ledger.isAway = false;
    await bench.scheduler.advance(5_000);
    expect(ledgerIds()).toEqual([]);
    expect((await recordNow(recorder, 2)).outcome).toBeDefined();
    expectSoundLane();
  });

  test('not committed in time but perhaps ordered: refused, and recorded all the same', async () => {
    bench.ledger.faults = [{ kind: 'lost', fate: 'dropped' }];
    const recorder = await bench.start();
    const watched = watch(recordOne(recorder, requestOf(1)));
    await settle();
    bench.ledger.isAway = true;
    await bench.scheduler.advance(12_000);
    expectRefused(watched, 'LEDGER_UNAVAILABLE');
    bench.ledger.isAway = false;
    await bench.scheduler.advance(3_000);
    expect(watched.outcome).toBeUndefined();
    expect(bench.ledger.events(LANE)).toMatchObject([
      { id: requestOf(1).id, kind: 'access', outcome: 'permit' },
      { kind: 'amendment', outcome: 'deny', amends: { number: 0, id: requestOf(1).id, why: 'nothingGiven' } },
    ]);
  });

  test('a suspended organisation is refused at once, break-glass too, and the lane stays where it was', async () => {
    const recorder = await bench.start();
    bench.ledger.faults = [
      { kind: 'refused', code: 'SUSPENDED' },
      { kind: 'refused', code: 'SUSPENDED' },
    ];
    const normal = watch(recordOne(recorder, requestOf(1)));
    await settle();
    expectRefused(normal, 'FORBIDDEN');
    const emergency = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(1_000);
    expectRefused(emergency, 'FORBIDDEN');
    expect(recorder.state()).toMatchObject({ nextSeq: 0, inFlight: 0, owed: 0 });
    await bench.scheduler.advance(10_000);
    expect((await recordNow(recorder, 3)).outcome).toBeDefined();
    expect(ledgerIds()).toEqual([requestOf(3).id]);
  });

  test('a refused batch with others behind it keeps its place: they count on it', async () => {
    const recorder = await startOwn(bench, { limits: { pipelineAt: 1 } });
    bench.ledger.faults = [
      { kind: 'held', conflicts: true },
      { kind: 'held' },
      { kind: 'refused', code: 'SUSPENDED' },
    ];
    const [first, second] = recordAll(recorder, many(2));
    await settle();
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(200);
    expectRefused(first ?? {}, 'FORBIDDEN');
    await bench.scheduler.advance(20_000);
    expect(second?.outcome).toBeDefined();
    // The last one says of the refused request, which was recorded to fill its place, that nothing was given.
    expect(bench.ledger.attempts.map((attempt) => attempt.seq)).toEqual([0, 1, 2, 1, 1, 3]);
    expect(bench.ledger.events(LANE).at(-1)).toMatchObject({ amends: { number: 1, why: 'nothingGiven' } });
    expectSoundLane();
  });

  test('a batch that cannot be committed stops the lane a window further on', async () => {
    const recorder = await startOwn(bench, { limits: { pipelineAt: 1, maxInFlight: 3 } });
    bench.ledger.faults = [{ kind: 'held' }];
    for (let number = 0; number < 6; number += 1) {
      watch(recordOne(recorder, requestOf(number)));
      await bench.scheduler.advance(1_000);
    }
    expect(bench.ledger.attempts.map((attempt) => attempt.seq)).toEqual([0, 1, 2, 3]);
    expect(recorder.state()).toMatchObject({ inFlight: 1, queued: 3, nextSeq: 4 });
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(1_000);
    expect(ledgerIds()).toHaveLength(7);
    expectSoundLane();
  });
});

async function recordNow(recorder: Recorder, number: number): Promise<Watched> {
  const watched = watch(recordOne(recorder, requestOf(number)));
  await bench.scheduler.advance(2_000);
  return watched;
}

describe('fencing', () => {
  const foreign = { start: 0, requests: [requestOf(900)] };

  test("another gateway's batch in our place stops the lane, also after a restart", async () => {
    const recorder = await bench.start();
    bench.ledger.put(LANE, 0, foreign);
    const [first, second] = recordAll(recorder, many(2));
    await settle();
    expectRefused(first ?? {}, 'LANE_FENCED');
    expectRefused(second ?? {}, 'LANE_FENCED');
    expect(recorder.state().remedy).toContain('GATEWAY_NAME');
    const emergency = watch(recordOne(recorder, emergencyOf(5)));
    await bench.scheduler.advance(20_000);
    expectRefused(emergency, 'LANE_FENCED');
    await recorder.close();

    const again = await bench.start();
    expect(again.state().phase).toBe('fenced');
    const refused = watch(recordOne(again, requestOf(7)));
    await settle();
    expectRefused(refused, 'LANE_FENCED');
    expect(ledgerIds()).toEqual([requestOf(900).id]);
  });

  test('two recorders on one lane with a store each: one of them is fenced, none releases what is not recorded', async () => {
    const first = await bench.start();
    const second = await bench.start({ outbox: openOutbox(':memory:') });
    const watched = [...recordAll(first, many(3)), ...recordAll(second, many(3, 50))];
    await bench.scheduler.advance(1_000);
    expect([first.state().phase, second.state().phase].filter((phase) => phase === 'fenced')).toHaveLength(1);
    const released = watched.filter((one) => one.outcome !== undefined).length;
    expect(released).toBe(3);
    expect(ledgerIds()).toHaveLength(3);
  });

  test('a released emergency of a fenced lane goes into the lane of the new name', async () => {
    const recorder = await bench.start();
    bench.ledger.faults = [{ kind: 'lost', fate: 'dropped' }];
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await settle();
    bench.ledger.isAway = true;
    await bench.scheduler.advance(3_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    bench.ledger.put(LANE, 0, foreign);
    bench.ledger.isAway = false;
    await bench.scheduler.advance(5_000);
    expect(recorder.state().phase).toBe('fenced');
    await recorder.close();

    const renamed = await bench.start({ lane: 'NorthHospitalMSP/ward-2' });
    await bench.scheduler.advance(1_000);
    expect(renamed.state().phase).toBe('ready');
    const [event] = bench.ledger.events('NorthHospitalMSP/ward-2');
    expect(event).toMatchObject({ id: emergencyOf(1).id, late: true });
  });
});

describe('a full disk', () => {
  /** A store on SQLite's own bound: it holds no page more than it has, until `free` gives it room. */
  function boundedStore() {
    const database = new Database(':memory:');
    const outbox = outliving(outboxOn(database));
    const bound = (pages: number): void => {
      database.pragma(`max_page_count = ${String(pages)}`);
    };
    return {
      outbox,
      fill: () => {
        bound(1);
      },
      free: () => {
        bound(100_000);
      },
    };
  }
  /** Too large for the room that a page has left. */
  const large = (number: number): AccessRequest => ({
    ...requestOf(number),
    items: Array.from({ length: 50 }, (_, index) => ({
      type: 'Observation',
      labels: [],
      count: 1,
      ids: [`${'x'.repeat(50)}-${String(number)}-${String(index)}`],
    })),
  });

  test('nothing is released, the caller may come back, and all goes on by itself', async () => {
    const { outbox, fill, free } = boundedStore();
    const recorder = await bench.start({ outbox });
    fill();
    const refused = watch(recordOne(recorder, large(1)));
    await settle();
    expect(expectRefused(refused, 'STORE_UNAVAILABLE').retryAfterSeconds).toBe(5);
    expect(bench.ledger.attempts).toHaveLength(0);
    expect(recorder.state()).toMatchObject({ phase: 'ready', storeFailing: true });
    free();
    await bench.scheduler.advance(300);
    const served = await recordNow(recorder, 2);
    expect(served.outcome).toMatchObject({ late: false });
    expect(recorder.state().storeFailing).toBe(false);
    expectSoundLane();
    expect(ledgerIds()).toEqual([requestOf(2).id]);
  });

  test('break-glass is not released either, with the ledger there or away', async () => {
    const { outbox, fill } = boundedStore();
    const recorder = await bench.start({ outbox });
    fill();
    const emergency = { ...emergencyOf(1), items: large(1).items };
    const direct = watch(recordOne(recorder, emergency));
    await settle();
    expectRefused(direct, 'STORE_UNAVAILABLE');
    bench.ledger.isAway = true;
    const journalled = watch(recordOne(recorder, { ...emergency, id: requestOf(3).id }));
    await bench.scheduler.advance(5_000);
    expectRefused(journalled, 'STORE_UNAVAILABLE');
    expect(recorder.state().owed).toBe(0);
    expect(ledgerIds()).toEqual([]);
    // What the disk refused at once is no longer asked about, nor refused a second time for slowness.
    const asked = bench.ledger.evaluations;
    await bench.scheduler.advance(60_000);
    expect(bench.ledger.evaluations).toBe(asked);
    expect(recorder.state().emergenciesRefused.slow).toBe(0);
  });

  test('a batch that cannot be taken back while ledger and disk are away is committed when they are back', async () => {
    let isFull = false;
    const recorder = await bench.start({
      outbox: failingWhile(bench.outbox, ({ withdraw }) => isFull && withdraw !== undefined),
    });
    bench.ledger.isAway = true;
    const refused = watch(recordOne(recorder, requestOf(1)));
    await settle();
    isFull = true;
    await bench.scheduler.advance(20_000);
    expectRefused(refused, 'LEDGER_UNAVAILABLE');
    bench.ledger.isAway = false;
    await bench.scheduler.advance(5_000);
    isFull = false;
    const served = await recordNow(recorder, 2);
    expect(served.outcome).toMatchObject({ late: false });
    expect(recorder.state()).toMatchObject({ phase: 'ready', inFlight: 0 });
    expectSoundLane();
    await recorder.close();
  });
});

/** A store whose writes fail where `isFull` says so. */
function failingWhile(outbox: Outbox, isFull: (change: OutboxChange) => boolean): Outbox {
  return new Proxy(outbox, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      return property === 'write'
        ? (change: OutboxChange) => {
            if (isFull(change)) {
              throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
            }
            target.write(change);
          }
        : value;
    },
  });
}

describe('starting again', () => {
  test('a batch left in the outbox is committed in its place, and the lane goes on behind it', async () => {
    bench.ledger.faults = [{ kind: 'none' }, { kind: 'lost', fate: 'dropped' }];
    const recorder = await bench.start();
    await recordOne(recorder, requestOf(1));
    const unanswered = watch(recordOne(recorder, requestOf(2)));
    await settle();
    bench.kill();
    const next = await bench.start();
    await settle();
    expect(unanswered.outcome).toBeUndefined();
    expect((await recordNow(next, 3)).outcome).toBeDefined();
    expect(ledgerIds()).toEqual([1, 2, 3].map((number) => requestOf(number).id));
    // The first process had not answered: the store says so.
    expect(takenBack()).toEqual([requestOf(2).id]);
    expectSoundLane();
  });

  test('a removed store goes on from the ledger', async () => {
    const recorder = await bench.start({ limits: { maxBatchEvents: 3 } });
    for (let number = 0; number < 20; number += 1) {
      await recordOne(recorder, requestOf(number));
    }
    const next = await bench.start({ outbox: openOutbox(':memory:') });
    expect(next.state().nextSeq).toBe(20);
    expect((await recordNow(next, 99)).outcome).toBeDefined();
    expectSoundLane();
  });

  test('a gap that only the removed store could fill: nothing is released, and the reason says what to do', async () => {
    bench.ledger.put(LANE, 0, { start: 0, requests: many(2) });
    bench.ledger.put(LANE, 2, { start: 5, requests: many(1, 10) });
    const recorder = await bench.start();
    const watched = watch(recordOne(recorder, requestOf(99)));
    await bench.scheduler.advance(11_000);
    expectRefused(watched, 'LEDGER_UNAVAILABLE');
    expect(recorder.state()).toMatchObject({ phase: 'recovering' });
    expect(recorder.state().reason).toMatch(/batch 1 is missing/);
    expect(recorder.state().remedy).toContain('GATEWAY_NAME');
    expect(bench.ledger.attempts).toHaveLength(0);
  });

  test('of a ledger that lacks many batches runs are named, not each', async () => {
    const recorder = await bench.start();
    for (let i = 0; i < 40; i += 1) {
      await recordOne(recorder, requestOf(i));
    }
    await recorder.close();
    const other = createWorkbench();
    // What the peer has is one batch in three, so that what is lost are many runs.
    for (const seq of [2, 5, 8, 11, 14, 17, 20, 23, 26]) {
      other.ledger.put(LANE, seq, { start: seq, requests: [requestOf(seq)] });
    }
    const next = await other.start({ outbox: bench.outbox });
    const { reason = '' } = next.state();
    expect(reason).toMatch(
      /: 20 batches \(10, 18–19, 21–22, 24–25, 27–39\) were committed before, but the peer does not have them/,
    );
    await next.close();
  });

  test('a ledger behind the store (lagging peer): waits for it instead of writing', async () => {
    const recorder = await bench.start();
    await recordOne(recorder, requestOf(1));
    await recorder.close();
    const lagging = createWorkbench();
    const next = await lagging.start({ outbox: bench.outbox });
    const watched = watch(recordOne(next, requestOf(2)));
    await lagging.scheduler.advance(1_000);
    expect(next.state().reason).toMatch(/batch 0 was committed before/);
    expect(lagging.ledger.attempts).toHaveLength(0);
    lagging.ledger.put(LANE, 0, { start: 0, requests: [requestOf(1)] });
    await lagging.scheduler.advance(5_000);
    expect(watched.outcome).toBeDefined();
    expect(lagging.ledger.attempts.map((attempt) => attempt.seq)).toEqual([1]);
  });

  test('starts while the ledger is away and goes on when it is back', async () => {
    bench.ledger.isAway = true;
    const recorder = await bench.start();
    expect(recorder.state()).toMatchObject({ phase: 'recovering', ledgerAway: false });
    await bench.scheduler.advance(2_000);
    expect(recorder.state()).toMatchObject({ phase: 'recovering', ledgerAway: true, ledgerSlow: false });
    const watched = watch(recordOne(recorder, requestOf(1)));
    await bench.scheduler.advance(3_000);
    bench.ledger.isAway = false;
    await bench.scheduler.advance(3_000);
    expect(watched.outcome).toBeDefined();
  });
});

test('a store belongs to the process that opened it last; an earlier one refuses', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  const file = join(folder, 'recorder.db');
  const first = await bench.start({ outbox: openOutbox(file) });
  expect(await recordOne(first, requestOf(1))).toMatchObject({ late: false });
  const second = await bench.start({ outbox: openOutbox(file) });
  const refused = watch(recordOne(first, requestOf(2)));
  await settle();
  expectRefused(refused, 'STORE_UNAVAILABLE');
  expect(await recordOne(second, requestOf(3))).toMatchObject({ late: false });
  expect(ledgerIds()).toEqual([requestOf(1).id, requestOf(3).id]);
  await second.close();
  rmSync(folder, { recursive: true });
});
