// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { AppError } from '../../../gateway/src/errors';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import type { Evaluation } from './support/fakeLedger';
import { settle } from './support/manualScheduler';
import { startOwn } from './support/ownLane';
import { emergencyOf, partsOf, requestOf } from './support/requests';
import {
  createWorkbench,
  LANE,
  recordOne,
  watch,
  type Watched,
  watchParts,
  type Workbench,
} from './support/workbench';

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const refused = (watched: Watched, code: string): AppError => {
  expect(watched.outcome).toBeUndefined();
  expect(watched.error).toMatchObject({ code });
  return watched.error as AppError;
};
const many = (count: number, from = 0): AccessRequest[] =>
  Array.from({ length: count }, (_, index) => requestOf(from + index));
/** Everything that the lane has of a request, the entry first. */
const historyOf = (request: AccessRequest) =>
  bench.ledger.events(LANE).filter(({ id, amends }) => id === request.id || amends?.id === request.id);

/** Commits one request, so that the lane is known. */
async function begun(): Promise<Recorder> {
  const recorder = await bench.start();
  await recordOne(recorder, requestOf(900));
  return recorder;
}

describe('away', () => {
  test('is two seconds without a commit of what is under way, whoever is the cause', async () => {
    const recorder = await begun();
    bench.ledger.isAway = true;
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(1_999);
    expect(emergency.outcome).toBeUndefined();
    expect(recorder.state()).toMatchObject({ ledgerAway: false });
    await bench.scheduler.advance(1);
    expect(emergency.outcome).toEqual({ permitted: [true, true], late: true });
    expect(recorder.state()).toMatchObject({ ledgerAway: true, ledgerSlow: false });
  });

  test('a peer that hangs is away as one that refuses is', async () => {
    const recorder = await begun();
    bench.ledger.faults = [{ kind: 'held' }];
    bench.ledger.evaluation = 'silent';
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(2_999);
    expect(emergency.outcome).toBeUndefined();
    await bench.scheduler.advance(1);
    expect(emergency.outcome).toMatchObject({ late: true });
  });

  test('once known to be away, the next emergency waits no longer than for the own peer', async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    bench.ledger.evaluation = 'silent';
    watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(3_000);
    const second = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(999);
    expect(second.outcome).toBeUndefined();
    await bench.scheduler.advance(1);
    expect(second.outcome).toMatchObject({ late: true });
    bench.ledger.evaluation = 'answers';
    const third = watch(recordOne(recorder, emergencyOf(3)));
    await settle();
    expect(third.outcome).toMatchObject({ late: true });
  });

  test('ends with the next commit, and its seconds are counted', async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(6_000);
    expect(recorder.state()).toMatchObject({ ledgerAway: true, awaySeconds: 4 });
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(3_000);
    expect(recorder.state()).toMatchObject({ ledgerAway: false, owed: 0 });
    const { awaySeconds } = recorder.state();
    expect(awaySeconds).toBeGreaterThanOrEqual(4);
    expect(awaySeconds).toBeLessThanOrEqual(7);
    const next = watch(recordOne(recorder, emergencyOf(2)));
    await settle();
    expect(next.outcome).toMatchObject({ late: false });
  });

  test('is remembered for a while when nothing is tried any more, then forgotten', async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    watch(recordOne(recorder, requestOf(1)));
    await bench.scheduler.advance(12_000);
    expect(recorder.state()).toMatchObject({ inFlight: 0, ledgerAway: true });
    await bench.scheduler.advance(6_000);
    expect(recorder.state()).toMatchObject({ ledgerAway: false });
  });

  test('also before the lane could be read', async () => {
    bench.ledger.isAway = true;
    const recorder = await bench.start();
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(2_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    bench.ledger.isAway = false;
    await bench.scheduler.advance(5_000);
    expect(historyOf(emergencyOf(1))).toMatchObject([{ late: true, lateBasis: 'deployment' }]);
  });
});

describe('what leaves while the ledger is away', () => {
  test("is what the own peer's evaluation permits, and the entry says so", async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    bench.ledger.evaluate = (_, item) => item === 0;
    bench.ledger.decide = () => false;
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(2_000);
    expect(emergency.outcome).toEqual({ permitted: [true, false], late: true });
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(3_000);
    expect(historyOf(emergencyOf(1))).toMatchObject([
      {
        late: true,
        lateBasis: 'ownPeer',
        outcome: 'partial',
        items: [
          { released: true, decision: 'deny' },
          { released: false, decision: 'deny' },
        ],
      },
    ]);
    expect(recorder.state().lateReleases).toEqual({ ownPeer: 1, deployment: 0 });
  });

  test.each<[string, Evaluation]>([
    ['is silent', 'silent'],
    ['is away', 'away'],
    ['has no network settings', { refused: 'NOT_INITIALISED' }],
  ])('is the choice of the deployment when the own peer %s', async (_, evaluation) => {
    for (const choice of ['release', 'refuse'] as const) {
      bench = createWorkbench();
      const recorder = await bench.start({ emergencyWithoutLedger: choice });
      bench.ledger.isCutOff = true;
      bench.ledger.evaluation = evaluation;
      const emergency = watch(recordOne(recorder, emergencyOf(1)));
      await bench.scheduler.advance(3_000);
      if (choice === 'release') {
        expect(emergency.outcome).toEqual({ permitted: [true, true], late: true });
        expect(recorder.state().lateReleases).toEqual({ ownPeer: 0, deployment: 1 });
      } else {
        expect(refused(emergency, 'LEDGER_UNAVAILABLE').retryAfterSeconds).toBeGreaterThan(0);
        expect(recorder.state().emergenciesRefused).toEqual({ slow: 0, away: 1 });
      }
    }
  });

  test.each(['INVALID_INPUT', 'CORRUPT', 'NOT_FOUND', 'TIME_OUT_OF_RANGE', undefined] as const)(
    'is nothing when the own peer refuses the question (%s): a refusal is an answer',
    async (code) => {
      const recorder = await begun();
      bench.ledger.isCutOff = true;
      bench.ledger.evaluateBatch = () =>
        Promise.reject(
          new LedgerError('rejected', 'fake refusal', {
            ...(code === undefined ? {} : { domainCode: code }),
          }),
        );
      const emergency = watch(recordOne(recorder, emergencyOf(1)));
      await bench.scheduler.advance(3_000);
      expect(refused(emergency, 'LEDGER_UNAVAILABLE').retryAfterSeconds).toBeGreaterThan(0);
      expect(recorder.state()).toMatchObject({
        lateReleases: { ownPeer: 0, deployment: 0 },
        emergenciesRefused: { slow: 0, away: 1 },
      });
    },
  );

  test('is nothing that an own peer denies which is behind: an old denial may hold still', async () => {
    for (const choice of ['release', 'refuse'] as const) {
      bench = createWorkbench();
      const recorder = await bench.start({ emergencyWithoutLedger: choice });
      bench.ledger.isCutOff = true;
      bench.ledger.knownBlocks = bench.ledger.ownBlocks + 1n;
      bench.ledger.evaluate = (_, item) => item === 0;
      const emergency = watch(recordOne(recorder, emergencyOf(1)));
      await bench.scheduler.advance(3_500);
      if (choice === 'refuse') {
        refused(emergency, 'LEDGER_UNAVAILABLE');
        continue;
      }
      expect(emergency.outcome).toEqual({ permitted: [true, false], late: true });
      bench.ledger.isCutOff = false;
      await bench.scheduler.advance(3_000);
      expect(historyOf(emergencyOf(1))).toMatchObject([
        { late: true, lateBasis: 'deployment', items: [{ released: true }, { released: false }] },
      ]);
    }
  });

  test.each([7n, 8n])(
    'is nothing of hers who denies when another one’s question beside hers is refused (own peer: %s blocks of 8)',
    async (ownBlocks) => {
      const recorder = await begun();
      const [denied, refusedOne] = [emergencyOf(11).id, emergencyOf(12).id];
      bench.ledger.evaluate = ({ id }) => id !== denied;
      bench.ledger.refuses = ({ id }) => id === refusedOne;
      bench.ledger.isCutOff = true;
      bench.ledger.knownBlocks = 8n;
      bench.ledger.ownBlocks = ownBlocks;
      // Four calls are under way at once; the next ones go together.
      const others = [20, 21, 22, 23].map((number) => watch(recordOne(recorder, emergencyOf(number))));
      const unread = watch(recordOne(recorder, emergencyOf(12)));
      const hers = watch(recordOne(recorder, emergencyOf(11)));
      for (let passed = 0; passed < 6_000; passed += 50) {
        await bench.scheduler.advance(50);
      }
      expect(others.map(({ outcome }) => outcome?.permitted)).toEqual(others.map(() => [true, true]));
      refused(unread, 'LEDGER_UNAVAILABLE');
      expect(hers.outcome?.permitted ?? [false, false]).toEqual([false, false]);
    },
  );

  test('is the choice of the deployment when the peers refuse this gateway’s identity', async () => {
    const recorder = await begun();
    const revoked = (): Promise<never> =>
      Promise.reject(new LedgerError('rejected', 'fake: access denied', { reason: 'IDENTITY_REFUSED' }));
    bench.ledger.recordBatch = revoked;
    bench.ledger.evaluateBatch = revoked;
    bench.ledger.findBatch = revoked;
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(3_000);
    expect(emergency.outcome).toEqual({ permitted: [true, true], late: true });
    expect(recorder.state().lateReleases).toEqual({ ownPeer: 0, deployment: 1 });
  });

  test.each([
    ['release', 'deployment'],
    ['refuse', undefined],
  ] as const)(
    'an own peer that lacks a block has no word: the choice is the deployment’s (%s)',
    async (emergencyWithoutLedger, basis) => {
      const recorder = await bench.start({ emergencyWithoutLedger });
      bench.ledger.isCutOff = true;
      bench.ledger.knownBlocks = bench.ledger.ownBlocks + 1n;
      const emergency = watch(recordOne(recorder, emergencyOf(1)));
      await bench.scheduler.advance(3_000);
      expect(emergency.outcome?.late).toBe(basis === undefined ? undefined : true);
      expect(recorder.state()).toMatchObject({
        lateReleases: { ownPeer: 0, deployment: basis === undefined ? 0 : 1 },
        emergenciesRefused: { away: basis === undefined ? 1 : 0 },
      });
    },
  );

  test('of several parts: none of it when the own peer refuses one and is silent on another', async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    const [first, second] = partsOf(1, 2, emergencyOf(0));
    bench.ledger.evaluateBatch = (_, { requests }) =>
      requests.some(({ id }) => id === first?.id)
        ? requests.length === 1
          ? new Promise(() => undefined)
          : Promise.reject(new LedgerError('rejected', 'fake refusal', { domainCode: 'CORRUPT' }))
        : Promise.reject(new LedgerError('rejected', 'fake refusal', { domainCode: 'CORRUPT' }));
    const emergency = watchParts(recorder.record([first, second].filter((part) => part !== undefined)));
    await bench.scheduler.advance(4_000);
    expect(emergency.error).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(recorder.state().lateReleases).toEqual({ ownPeer: 0, deployment: 0 });
  });

  test('of several parts: what the own peer says of one stands though it is silent on another', async () => {
    const recorder = await bench.start({ limits: { maxBatchEvents: 1 } });
    await recordOne(recorder, requestOf(900));
    bench.ledger.isCutOff = true;
    const parts = partsOf(1, 2, emergencyOf(0));
    bench.ledger.evaluateBatch = (_, { requests }) =>
      requests.some(({ id }) => id === parts[0]?.id)
        ? Promise.resolve(requests.map(({ items }) => items.map(() => false)))
        : new Promise(() => undefined);
    const emergency = watchParts(recorder.record(parts));
    await bench.scheduler.advance(4_000);
    const left = emergency.outcomes?.map(({ permitted, late }) => [late, permitted.includes(true)]);
    expect(left).toEqual([
      [true, false],
      [true, true],
    ]);
    expect(recorder.state().lateReleases).toEqual({ ownPeer: 0, deployment: 1 });
  });

  test('an own peer that lacks a batch of this lane is behind: its answer counts as none', async () => {
    const first = await begun();
    await first.close();
    const behind = createWorkbench();
    behind.ledger.evaluate = () => true;
    const recorder = await behind.start({ outbox: bench.outbox, emergencyWithoutLedger: 'refuse' });
    expect(recorder.state().reason).toMatch(/was committed before/);
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await behind.scheduler.advance(3_000);
    refused(emergency, 'LEDGER_UNAVAILABLE');
    expect(behind.ledger.evaluations).toBeGreaterThan(0);
  });

  test('a considered no is final, from the own peer as from the ledger', async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    bench.ledger.evaluation = { refused: 'SUSPENDED' };
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(3_000);
    refused(emergency, 'FORBIDDEN');
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(5_000);
    expect(historyOf(emergencyOf(1))).toEqual([]);
    bench.ledger.faults = [{ kind: 'refused', code: 'NOT_ALLOWED' }];
    const next = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(10);
    refused(next, 'FORBIDDEN');
  });

  test('a ledger that refuses otherwise is one that is away', async () => {
    const recorder = await bench.start();
    bench.ledger.faults = Array.from({ length: 6 }, () => ({
      kind: 'refused' as const,
      code: 'NOT_INITIALISED' as const,
    }));
    const normal = watch(recordOne(recorder, requestOf(1)));
    const emergency = watch(recordOne(recorder, emergencyOf(2)));
    await settle();
    refused(normal, 'LEDGER_UNAVAILABLE');
    await bench.scheduler.advance(2_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    await bench.scheduler.advance(200_000);
    expect(historyOf(emergencyOf(2)).at(-1)).toMatchObject({ lateBasis: 'ownPeer' });
  });

  test.each([
    ['an ordinary purpose', requestOf(1)],
    ['no reason', { ...emergencyOf(1), emergency: null }],
    ['no person', { ...emergencyOf(1), requester: { ...emergencyOf(1).requester, person: null } }],
  ])('%s does not leave', async (_, request) => {
    const recorder = await bench.start();
    bench.ledger.isAway = true;
    const watched = watch(recordOne(recorder, request));
    await bench.scheduler.advance(20_000);
    refused(watched, 'LEDGER_UNAVAILABLE');
    expect(recorder.state().owed).toBe(0);
  });

  test('survives the process and is committed in order', async () => {
    const recorder = await bench.start();
    bench.ledger.isAway = true;
    for (const number of [1, 2, 3]) {
      watch(recordOne(recorder, emergencyOf(number)));
    }
    await bench.scheduler.advance(2_000);
    // The first process is gone without a word; the second one has its disk.
    bench.kill();
    const next = await bench.start();
    const fourth = watch(recordOne(next, emergencyOf(4)));
    await bench.scheduler.advance(2_000);
    expect(fourth.outcome).toMatchObject({ late: true });
    bench.ledger.isAway = false;
    await bench.scheduler.advance(10_000);
    expect(bench.ledger.events(LANE).map(({ id, late }) => [id, late])).toEqual(
      [1, 2, 3, 4].map((number) => [emergencyOf(number).id, true]),
    );
  });

  test('nothing, when it cannot be written down', async () => {
    const failing = new Proxy(bench.outbox, {
      get: (target, property) =>
        property === 'write'
          ? () => {
              throw new Error('disk full');
            }
          : (Reflect.get(target, property, target) as unknown),
    });
    const recorder = await bench.start({ outbox: failing });
    bench.ledger.isAway = true;
    const watched = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(5_000);
    refused(watched, 'STORE_UNAVAILABLE');
  });
});

describe('an emergency that was refused at once', () => {
  test('is nobody that the own peer is asked about in the next outage, nor slow', async () => {
    let isFull = true;
    const failing = new Proxy(bench.outbox, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        return property === 'write' && isFull
          ? () => {
              throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
            }
          : value;
      },
    });
    const recorder = await bench.start({ outbox: failing });
    for (let number = 0; number < 20; number += 1) {
      const one = watch(recordOne(recorder, emergencyOf(number)));
      await bench.scheduler.advance(300);
      expect(one.error).toBeDefined();
    }
    isFull = false;
    await bench.scheduler.advance(20_000);
    expect(recorder.state().emergenciesRefused).toEqual({ slow: 0, away: 0 });
    const asked: number[] = [];
    const evaluate = bench.ledger.evaluateBatch.bind(bench.ledger);
    bench.ledger.evaluateBatch = (lane, batch) => {
      asked.push(batch.requests.length);
      return evaluate(lane, batch);
    };
    bench.ledger.isCutOff = true;
    const emergency = watch(recordOne(recorder, emergencyOf(100)));
    await bench.scheduler.advance(3_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    expect(asked).toEqual([1]);
  });
});

describe('slow', () => {
  /** A ledger that commits one batch every second, with a full queue. */
  async function busy(recorder: Recorder, seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await bench.scheduler.advance(1_000);
      bench.ledger.releaseHeld();
      await settle();
    }
    expect(recorder.state().ledgerAway).toBe(false);
  }

  test('an emergency goes into the next batch, before everything that waits, and is answered after its commit', async () => {
    const limits = { maxBatchEvents: 10, maxInFlight: 2, pipelineAt: 1 };
    const recorder = await startOwn(bench, { limits });
    bench.ledger.faults = Array.from({ length: 50 }, () => ({ kind: 'held' as const }));
    for (const request of many(100)) {
      watch(recordOne(recorder, request));
    }
    await settle();
    bench.ledger.decide = ({ purpose }) => purpose !== 'BTG';
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await settle();
    // It has a place in flight of its own, beside the two that are taken; as many of the others as there are
    // emergencies go with it.
    const attempt = bench.ledger.attempts.at(-1);
    expect(attempt?.batch.requests.map(({ emergency: one }) => one !== null)).toEqual([true, false]);
    expect(attempt?.batch.requests[0]?.id).toBe(emergencyOf(1).id);
    await busy(recorder, 1);
    expect(emergency.outcome).toMatchObject({ permitted: [false, false], late: false });
  });

  test('never becomes late: refused after its wait, counted, and the entry that comes after all says that nothing was given', async () => {
    const recorder = await startOwn(bench, { limits: { maxInFlight: 8 } });
    bench.ledger.faults = [{ kind: 'held' }];
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(1_600);
    for (const request of many(7, 100)) {
      watch(recordOne(recorder, request));
      await bench.scheduler.advance(1_900);
      expect(recorder.state().ledgerAway).toBe(false);
    }
    expect(recorder.state()).toMatchObject({ ledgerSlow: true, committedBatches: 8 });
    await bench.scheduler.advance(100);
    expect(refused(emergency, 'LEDGER_UNAVAILABLE').retryAfterSeconds).toBeGreaterThan(0);
    expect(recorder.state().emergenciesRefused).toEqual({ slow: 1, away: 0 });
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(1_000);
    expect(historyOf(emergencyOf(1))).toMatchObject([
      { kind: 'access', late: false, outcome: 'permit' },
      {
        kind: 'amendment',
        late: false,
        outcome: 'deny',
        items: [{ released: false }, { released: false }],
        amends: { lane: LANE, number: 1, id: emergencyOf(1).id, why: 'nothingGiven' },
      },
    ]);
    expect(recorder.state()).toMatchObject({
      amendmentsOwed: 0,
      lateReleases: { ownPeer: 0, deployment: 0 },
    });
  });

  test('emergencies of one client do not stand in the way of those of another', async () => {
    const recorder = await bench.start({ limits: { maxBatchEvents: 4, maxInFlight: 1, pipelineAt: 1 } });
    bench.ledger.faults = Array.from({ length: 50 }, () => ({ kind: 'held' as const }));
    const flood = { ...emergencyOf(0).requester, clientId: 'north-flood' };
    for (let number = 10; number < 60; number += 1) {
      watch(recordOne(recorder, { ...emergencyOf(number), requester: flood }));
    }
    watch(recordOne(recorder, emergencyOf(1)));
    await settle();
    bench.ledger.releaseHeld();
    await settle();
    const at = bench.ledger.attempts.findIndex(({ batch }) =>
      batch.requests.some(({ id }) => id === emergencyOf(1).id),
    );
    // Behind what was in flight, in the next batch.
    expect(at).toBe(2);
  });
});

describe('the mark and tries under way', () => {
  /** The emergency's batch was handed in unmarked, and its data leave before the commit. */
  async function releasedMeanwhile(): Promise<Recorder> {
    const recorder = await begun();
    bench.ledger.decide = () => false;
    bench.ledger.evaluate = (_, item) => item === 1;
    bench.ledger.faults = [{ kind: 'held' }];
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(2_000);
    expect(emergency.outcome).toEqual({ permitted: [false, true], late: true });
    return recorder;
  }

  const corrected = [
    { kind: 'access', late: false, outcome: 'deny' },
    {
      kind: 'amendment',
      late: false,
      lateBasis: 'ownPeer',
      outcome: 'partial',
      items: [
        { released: false, decision: 'deny' },
        { released: true, decision: 'deny' },
      ],
      amends: { lane: LANE, number: 1, id: emergencyOf(1).id, why: 'releasedLate' },
    },
  ];

  test('an unmarked try that commits is amended in the next batch', async () => {
    const recorder = await releasedMeanwhile();
    bench.ledger.releaseHeld();
    await settle();
    expect(historyOf(emergencyOf(1))).toMatchObject(corrected);
    expect(bench.ledger.lane(LANE)).toHaveLength(3);
    expect(recorder.state()).toMatchObject({ owed: 0, amendmentsOwed: 0 });
  });

  test('also when the process ends before it knows', async () => {
    await releasedMeanwhile();
    // Its memory is gone; the transaction commits, and the next process finds it.
    bench.kill();
    const next = await bench.start();
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(2_000);
    expect(historyOf(emergencyOf(1))).toMatchObject(corrected);
    expect(next.state()).toMatchObject({ owed: 0, inFlight: 0 });
  });

  test('also when it ends between the commit and the amendment: the amendment is on the disk', async () => {
    await releasedMeanwhile();
    bench.ledger.isCutOff = true;
    bench.ledger.releaseHeld();
    await settle();
    expect(historyOf(emergencyOf(1))).toMatchObject(corrected.slice(0, 1));
    bench.kill();
    bench.ledger.isCutOff = false;
    await bench.start();
    await bench.scheduler.advance(2_000);
    expect(historyOf(emergencyOf(1))).toMatchObject(corrected);
  });

  test('also when another gateway has taken the lane meanwhile: it goes into the lane of the new name', async () => {
    const recorder = await releasedMeanwhile();
    bench.ledger.put(LANE, 2, { start: 2, requests: [requestOf(901)] });
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(2_000);
    expect(recorder.state().phase).toBe('fenced');
    await recorder.close();
    await bench.start({ lane: 'NorthHospitalMSP/ward-2' });
    await bench.scheduler.advance(2_000);
    expect(bench.ledger.events('NorthHospitalMSP/ward-2')).toMatchObject([corrected[1]]);
  });

  test('the next try of a place carries the mark, and needs no amendment', async () => {
    const recorder = await begun();
    bench.ledger.isCutOff = true;
    const emergency = watch(recordOne(recorder, emergencyOf(1)));
    await bench.scheduler.advance(2_000);
    expect(emergency.outcome).toMatchObject({ late: true });
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(3_000);
    expect(historyOf(emergencyOf(1))).toMatchObject([{ late: true, lateBasis: 'ownPeer' }]);
  });

  test('a batch stays within the bounds of the chaincode after every request in it was marked', async () => {
    const limit = 64 * 1024;
    const recorder = await bench.start({ limits: { maxBatchBytes: limit, maxInFlight: 1 } });
    bench.ledger.isCutOff = true;
    const items = Array.from({ length: 40 }, (_, at) => ({
      type: 'Observation',
      labels: [],
      count: 1,
      ids: [`observation-${String(at)}`],
    }));
    const watched = Array.from({ length: 60 }, (_, at) =>
      watch(recordOne(recorder, { ...emergencyOf(at), items })),
    );
    await bench.scheduler.advance(2_000);
    expect(watched.every(({ outcome }) => outcome?.late)).toBe(true);
    bench.ledger.isCutOff = false;
    await bench.scheduler.advance(60_000);
    expect(bench.ledger.events(LANE)).toHaveLength(60);
    for (const { batch } of bench.ledger.attempts) {
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThanOrEqual(limit);
    }
  });
});
