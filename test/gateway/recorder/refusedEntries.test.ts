// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { AppError } from '../../../gateway/src/errors';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { settle } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';
import { createWorkbench, LANE, recordOne, watch, type Watched, type Workbench } from './support/workbench';

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

const recordAll = (recorder: Recorder, requests: readonly AccessRequest[]): Watched[] =>
  requests.map((request) => watch(recordOne(recorder, request)));
const recorded = (): string[] => bench.ledger.events(LANE).map(({ id }) => id);
const codeOf = (watched: Watched | undefined): string | undefined =>
  watched?.error instanceof AppError ? watched.error.code : undefined;
const idsOf = (numbers: readonly number[]): string[] => numbers.map((number) => requestOf(number).id);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The ledger takes no batch that holds one of these. */
function refuse(...ids: readonly string[]): void {
  bench.ledger.refuses = ({ id, amends }) => ids.includes(id) || ids.includes(amends?.id ?? '');
}

/**
 * Emergencies that leave while nothing commits and the own peer says nothing either: nobody can know yet what
 * will be refused.
 */
async function releaseLate(recorder: Recorder, numbers: readonly number[]): Promise<void> {
  bench.ledger.isCutOff = true;
  bench.ledger.evaluation = 'away';
  const watched = recordAll(recorder, numbers.map(emergencyOf));
  await bench.scheduler.advance(3_000);
  expect(watched.map(({ outcome }) => outcome?.late)).toEqual(numbers.map(() => true));
  bench.ledger.isCutOff = false;
  bench.ledger.evaluation = 'answers';
}

/** Something that the ledger takes, so that what it refuses is the entry's fault. */
async function recordAnother(recorder: Recorder, number: number): Promise<void> {
  const watched = watch(recordOne(recorder, requestOf(number)));
  await bench.scheduler.advance(1_000);
  expect(watched.outcome).toBeDefined();
}

function expectSoundLane(): void {
  let start = 0;
  bench.ledger.lane(LANE).forEach((batch, index) => {
    expect([batch.seq, batch.start]).toEqual([index, start]);
    start += batch.events.length;
  });
  expect(new Set(recorded()).size).toBe(recorded().length);
}

test('while what is owed rests for no entry’s fault, the recorder says so until something commits', async () => {
  const recorder = await bench.start();
  await releaseLate(recorder, [1]);
  bench.ledger.faults = Array.from({ length: 50 }, () => ({ kind: 'refused', code: 'TIME_OUT_OF_RANGE' }));
  await bench.scheduler.advance(3_000);
  // Nothing is under way, and the memory of the absence ends.
  for (let turn = 0; turn < 20; turn += 1) {
    await bench.scheduler.advance(1_000);
    expect(recorder.state()).toMatchObject({ owedRefused: true, owed: 1 });
  }
  expect(recorder.state()).toMatchObject({ ledgerAway: false, inFlight: 0 });
  bench.ledger.faults = [];
  await recordAnother(recorder, 2);
  expect(recorder.state()).toMatchObject({ owedRefused: false, ledgerAway: false, owed: 0 });
});

test('what rests for no entry’s fault goes on with the next commit of the lane', async () => {
  const recorder = await bench.start();
  bench.ledger.isCutOff = true;
  const late = recordAll(recorder, [1, 2].map(emergencyOf));
  await bench.scheduler.advance(2_500);
  expect(late.map(({ outcome }) => outcome?.late)).toEqual([true, true]);
  bench.ledger.isCutOff = false;
  bench.ledger.faults = [{ kind: 'refused', code: 'TIME_OUT_OF_RANGE' }];
  for (let tries = 0; bench.ledger.faults.length > 0 && tries < 100; tries += 1) {
    await bench.scheduler.advance(500);
  }
  await bench.scheduler.advance(5_000);
  expect(recorded()).toEqual([]);
  await recordAnother(recorder, 3);
  await bench.scheduler.advance(1_000);
  expect(recorder.state()).toMatchObject({ owed: 0, inFlight: 0 });
  expect([...recorded()].sort()).toEqual(idsOf([1, 2, 3]).sort());
});

describe('an owed entry that the ledger refuses', () => {
  test('is set aside by name, and the others are recorded in order', async () => {
    const recorder = await bench.start();
    refuse(emergencyOf(2).id);
    await releaseLate(recorder, [1, 2, 3, 4]);
    await bench.scheduler.advance(60_000);
    expect(recorded()).toEqual(idsOf([1, 3, 4]));
    expect(recorder.state()).toMatchObject({ owed: 0, setAside: 1, inFlight: 0 });
    expect(bench.outbox.setAside()).toEqual([{ id: emergencyOf(2).id, refusal: 'INVALID_INPUT' }]);
    expect(bench.outbox.findOwed(emergencyOf(2).id)?.request).toMatchObject({ late: true });
    expectSoundLane();
  });

  test.each([1, 7, 40])('is found among 40, as number %s', async (bad) => {
    const recorder = await bench.start();
    refuse(emergencyOf(bad).id);
    await releaseLate(recorder, range(40));
    await bench.scheduler.advance(60_000);
    expect(recorded()).toEqual(idsOf(range(40).filter((number) => number !== bad)));
    expect(recorder.state()).toMatchObject({ owed: 0, setAside: 1 });
    // Two batches for each halving, the whole one, and the last look at the one.
    expect(bench.ledger.attempts.length).toBeLessThan(30);
  });

  test('keeps nobody else waiting: ordinary requests go between', async () => {
    const recorder = await bench.start();
    refuse(emergencyOf(2).id);
    await releaseLate(recorder, [1, 2, 3, 4]);
    await recordAnother(recorder, 10);
    await bench.scheduler.advance(60_000);
    await recordAnother(recorder, 11);
    // No ordinary request shared a batch with a suspect.
    const mixed = bench.ledger.attempts.filter(
      ({ batch: { requests } }) =>
        requests.some(({ id }) => id === emergencyOf(2).id) &&
        requests.some(({ purpose }) => purpose !== 'BTG'),
    );
    expect(mixed.length).toBeLessThanOrEqual(1);
  });

  test('alone on a ledger that takes nothing, it waits: nothing shows that the entry is at fault', async () => {
    const recorder = await bench.start();
    bench.ledger.refuses = () => true;
    await releaseLate(recorder, [1, 2]);
    await bench.scheduler.advance(300_000);
    expect(recorder.state()).toMatchObject({ owed: 2, setAside: 0 });
    bench.ledger.refuses = () => false;
    await bench.scheduler.advance(60_000);
    expect(recorded().sort()).toEqual(idsOf([1, 2]).sort());
  });

  test('about which peers differ because one is behind is recorded moments after that one has caught up', async () => {
    const recorder = await bench.start();
    await releaseLate(recorder, [1, 2, 3]);
    bench.ledger.differsAbout = () => true;
    await bench.scheduler.advance(2_500);
    expect(recorder.state()).toMatchObject({ owed: 3, setAside: 0 });
    bench.ledger.differsAbout = () => false;
    await bench.scheduler.advance(2_000);
    expect(recorder.state()).toMatchObject({ owed: 0, inFlight: 0 });
    expect(recorded().sort()).toEqual(idsOf([1, 2, 3]).sort());
    expectSoundLane();
  });

  test('about which peers differ for long is not set aside for its first tries, though others are recorded', async () => {
    const recorder = await bench.start();
    await releaseLate(recorder, [1]);
    bench.ledger.differsAbout = ({ id }) => id === emergencyOf(1).id;
    await bench.scheduler.advance(3_000);
    for (let number = 10; number < 30; number += 1) {
      await recordAnother(recorder, number);
    }
    expect(recorder.state()).toMatchObject({ owed: 1, setAside: 0 });
    await bench.scheduler.advance(180_000);
    expect(recorder.state()).toMatchObject({ owed: 0, setAside: 1 });
  });

  test('is tried again with the next start, and recorded if the ledger takes it now', async () => {
    const first = await bench.start();
    refuse(emergencyOf(1).id);
    await releaseLate(first, [1, 2]);
    await bench.scheduler.advance(60_000);
    expect(first.state()).toMatchObject({ owed: 0, setAside: 1 });
    bench.kill();
    const second = await bench.start();
    await recordAnother(second, 9);
    await bench.scheduler.advance(60_000);
    await recordAnother(second, 10);
    await bench.scheduler.advance(60_000);
    expect(second.state()).toMatchObject({ setAside: 1, inFlight: 0 });
    bench.kill();
    refuse();
    const third = await bench.start();
    await bench.scheduler.advance(1_000);
    expect(third.state()).toMatchObject({ owed: 0, setAside: 0 });
    expect(recorded()).toContain(emergencyOf(1).id);
    expectSoundLane();
  });

  test('in flight when the process ends: the next one takes its batch back, since it was never handed in', async () => {
    const first = await bench.start();
    refuse(emergencyOf(2).id);
    bench.ledger.isCutOff = true;
    bench.ledger.evaluation = 'away';
    recordAll(first, [1, 2, 3].map(emergencyOf));
    await bench.scheduler.advance(3_000);
    bench.kill();
    bench.ledger.isCutOff = false;
    const second = await bench.start();
    await bench.scheduler.advance(60_000);
    expect(recorded().sort()).toEqual(idsOf([1, 3]).sort());
    expect(second.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 1, inFlight: 0 });
    expectSoundLane();
  });

  test('an amendment is one like any other', async () => {
    const recorder = await bench.start();
    refuse(requestOf(1).id);
    bench.ledger.refuses = ({ amends }) => amends?.id === requestOf(1).id;
    bench.ledger.faults = [{ kind: 'held' }];
    const watched = watch(recordOne(recorder, requestOf(1)));
    await bench.scheduler.advance(11_000);
    expect(codeOf(watched)).toBe('LEDGER_UNAVAILABLE');
    bench.ledger.releaseHeld();
    await settle();
    await recordAnother(recorder, 2);
    await bench.scheduler.advance(60_000);
    expect(recorder.state()).toMatchObject({ owed: 0, amendmentsOwed: 0, setAside: 1 });
  });
});

describe('an ordinary request that the ledger refuses', () => {
  test('alone is refused; the others of its batch are recorded', async () => {
    const recorder = await bench.start();
    refuse(requestOf(5).id);
    const watched = recordAll(
      recorder,
      range(60).map((number) => requestOf(number)),
    );
    await bench.scheduler.advance(5_000);
    expect(watched.filter(({ outcome }) => outcome === undefined)).toHaveLength(1);
    expect(codeOf(watched[4])).toBe('INTERNAL');
    expect(recorded()).toHaveLength(59);
    expectSoundLane();
  });

  test('with batches behind it: they were not handed in yet, go back with it, and are recorded', async () => {
    const recorder = await bench.start({ limits: { pipelineAt: 1, maxBatchEvents: 2 } });
    refuse(requestOf(1).id);
    const watched = recordAll(
      recorder,
      range(7).map((number) => requestOf(number)),
    );
    await bench.scheduler.advance(5_000);
    expect(codeOf(watched[0])).toBe('INTERNAL');
    expect(watched.slice(1).every(({ outcome }) => outcome !== undefined)).toBe(true);
    expectSoundLane();
  });

  test('a later place is handed in only after the peers have endorsed the one before', async () => {
    const recorder = await bench.start({ limits: { pipelineAt: 1, maxBatchEvents: 1 } });
    bench.ledger.faults = [{ kind: 'away' }];
    recordAll(
      recorder,
      range(3).map((number) => requestOf(number)),
    );
    await settle();
    expect(bench.ledger.attempts.map(({ seq }) => seq)).toEqual([0]);
    await bench.scheduler.advance(1_000);
    expectSoundLane();
    expect(recorded()).toHaveLength(3);
  });

  test('about which the peers never agree: it alone runs into its deadline', async () => {
    const recorder = await bench.start();
    bench.ledger.differsAbout = ({ id }) => id === requestOf(3).id;
    const watched = recordAll(
      recorder,
      range(8).map((number) => requestOf(number)),
    );
    await bench.scheduler.advance(20_000);
    expect(codeOf(watched[2])).toBe('LEDGER_UNAVAILABLE');
    expect(watched.filter(({ outcome }) => outcome !== undefined)).toHaveLength(7);
    expect(recorder.state()).toMatchObject({ inFlight: 0, queued: 0 });
  });

  test('on a ledger that takes nothing all are told soon', async () => {
    const recorder = await bench.start();
    bench.ledger.refuses = () => true;
    const watched = recordAll(
      recorder,
      range(500).map((number) => requestOf(number)),
    );
    await bench.scheduler.advance(100);
    expect(watched.every((one) => codeOf(one) === 'INTERNAL')).toBe(true);
    expect(bench.ledger.attempts.length).toBeLessThan(40);
    expect(recorder.state()).toMatchObject({ inFlight: 0, nextSeq: 0 });
  });
});

describe('an emergency that the ledger refuses', () => {
  test('beside others: they are answered after their commit, none is late, and it alone is refused', async () => {
    const recorder = await bench.start();
    refuse(emergencyOf(2).id);
    const watched = recordAll(recorder, range(5).map(emergencyOf));
    await bench.scheduler.advance(15_000);
    expect(watched.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome.late]))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(codeOf(watched[1])).toBe('INTERNAL');
    expect(recorder.state()).toMatchObject({
      owed: 0,
      setAside: 0,
      lateReleases: { ownPeer: 0, deployment: 0 },
    });
  });

  test('one question that the own peer refuses does not decide about the others that are asked with it', async () => {
    const recorder = await bench.start({ emergencyWithoutLedger: 'refuse' });
    bench.ledger.isCutOff = true;
    refuse(emergencyOf(2).id);
    const watched = recordAll(recorder, range(4).map(emergencyOf));
    await bench.scheduler.advance(4_000);
    expect(watched.map(({ outcome }) => outcome?.late)).toEqual([true, undefined, true, true]);
    expect(codeOf(watched[1])).toBe('LEDGER_UNAVAILABLE');
  });
});

describe('an emergency that the ledger refuses in a quiet hour', () => {
  test.each(['answers', 'silent'] as const)('is never released while the own peer %s', async (evaluation) => {
    const recorder = await bench.start();
    await recordAnother(recorder, 1);
    refuse(emergencyOf(2).id);
    bench.ledger.evaluation = evaluation;
    const watched = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(20_000);
    expect(codeOf(watched)).toBe('LEDGER_UNAVAILABLE');
    expect(recorder.state()).toMatchObject({
      ...{ awaySeconds: 0, ledgerAway: false, owed: 0, setAside: 0, inFlight: 0 },
      lateReleases: { ownPeer: 0, deployment: 0 },
    });
    expect(bench.outbox.batches()).toEqual([]);
    await recordAnother(recorder, 3);
    expectSoundLane();
  });

  test('is recorded first and released when the ledger takes it after all', async () => {
    const recorder = await bench.start();
    refuse(emergencyOf(2).id);
    const watched = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(4_000);
    refuse();
    await bench.scheduler.advance(8_000);
    expect(watched.outcome).toMatchObject({ permitted: [true, true], late: false });
  });

  test('nor when the ledger is away afterwards and the own peer silent: it has been refused', async () => {
    const recorder = await bench.start();
    refuse(emergencyOf(2).id);
    const watched = watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(1_000);
    bench.ledger.evaluation = 'silent';
    bench.ledger.isCutOff = true;
    const other = watch(recordOne(recorder, emergencyOf(3)));
    await bench.scheduler.advance(20_000);
    expect(codeOf(watched)).toBe('LEDGER_UNAVAILABLE');
    expect(other.outcome).toEqual({ permitted: [true, true], late: true });
    expect(recorder.state().lateReleases).toEqual({ ownPeer: 0, deployment: 1 });
  });

  test('does not keep others from leaving late when the ledger really is away', async () => {
    const recorder = await bench.start();
    refuse(emergencyOf(2).id);
    watch(recordOne(recorder, emergencyOf(2)));
    await bench.scheduler.advance(100);
    bench.ledger.isCutOff = true;
    const other = watch(recordOne(recorder, emergencyOf(3)));
    await bench.scheduler.advance(5_000);
    expect(other.outcome).toEqual({ permitted: [true, true], late: true });
  });
});

describe('a batch that was handed in and is refused later', () => {
  /** Two late ones: nobody knows whether the batch of the first was ordered, the second is in none. */
  async function handedIn(fate: 'dropped' | 'delayed' = 'dropped'): Promise<void> {
    const first = await bench.start();
    bench.ledger.faults = [{ kind: 'lost', fate }];
    const lost = watch(recordOne(first, emergencyOf(1)));
    await settle();
    bench.ledger.isCutOff = true;
    const watched = [lost, watch(recordOne(first, emergencyOf(2)))];
    await bench.scheduler.advance(2_500);
    expect(watched.map(({ outcome }) => outcome?.late)).toEqual([true, true]);
    bench.kill();
    bench.ledger.isCutOff = false;
    refuse(emergencyOf(1).id);
  }

  test('gives its place to others: an ordinary access and an emergency go on', async () => {
    await handedIn();
    const second = await bench.start();
    const ordinary = watch(recordOne(second, requestOf(3)));
    const emergency = watch(recordOne(second, emergencyOf(4)));
    await bench.scheduler.advance(2_000);
    expect(ordinary.outcome).toMatchObject({ late: false });
    expect(emergency.outcome).toMatchObject({ late: false });
    await bench.scheduler.advance(60_000);
    expect(recorded().sort()).toEqual(idsOf([2, 3, 4]).sort());
    expect(second.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 1, ledgerAway: false });
    expect(bench.outbox.rivals()).toEqual([]);
    expectSoundLane();
  });

  test('and is ordered after all: it is found there, nothing stands twice, and what had its place goes on', async () => {
    await handedIn('delayed');
    bench.ledger.faults = [{ kind: 'none' }, { kind: 'held' }];
    const second = await bench.start();
    const ordinary = watch(recordOne(second, requestOf(3)));
    await bench.scheduler.advance(1_000);
    expect(bench.outbox.rivals()).toHaveLength(1);
    bench.ledger.refuses = ({ id }) => id === emergencyOf(1).id;
    bench.ledger.deliver();
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(60_000);
    expect(recorded()[0]).toBe(emergencyOf(1).id);
    expect(recorded().slice(1, 3).sort()).toEqual(idsOf([2, 3]).sort());
    expect(recorded()).toHaveLength(4);
    // What the place holds was handed in before the release: the next entry says that it came first.
    expect(bench.ledger.events(LANE).flatMap(({ amends }) => amends ?? [])).toEqual([
      { lane: LANE, number: 0, id: emergencyOf(1).id, why: 'releasedLate' },
    ]);
    expect(ordinary.outcome).toBeDefined();
    expect(second.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 0, inFlight: 0 });
    expect(bench.outbox.rivals()).toEqual([]);
    expectSoundLane();
  });

  test('and is found there while its callers wait still: each gets its answer', async () => {
    const recorder = await bench.start();
    bench.ledger.faults = [{ kind: 'held' }, { kind: 'lost', fate: 'delayed' }];
    const watched = recordAll(
      recorder,
      [1, 2, 3].map((number) => requestOf(number)),
    );
    await settle();
    refuse(requestOf(3).id);
    bench.ledger.refuses = (
      (refuses) => (request) =>
        bench.ledger.attempts.length > 2 && refuses(request)
    )(bench.ledger.refuses);
    bench.ledger.releaseHeld();
    await bench.scheduler.advance(0);
    bench.ledger.faults = [{ kind: 'none' }, { kind: 'conflict' }];
    await bench.scheduler.advance(60);
    expect(bench.outbox.rivals()).toHaveLength(1);
    bench.ledger.deliver();
    await bench.scheduler.advance(2_000);
    expect(watched.map(({ outcome }) => outcome?.permitted)).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ]);
    expect(recorded()).toEqual(idsOf([1, 2, 3]));
    expect(recorder.state()).toMatchObject({ phase: 'ready', queued: 0, inFlight: 0, owed: 0 });
    expectSoundLane();
  });

  test('and the process ends before it is known which of the two was ordered', async () => {
    await handedIn('delayed');
    bench.ledger.faults = [{ kind: 'none' }, { kind: 'lost', fate: 'dropped' }];
    const second = await bench.start();
    const ordinary = watch(recordOne(second, requestOf(3)));
    await settle();
    await bench.scheduler.advance(10);
    expect(bench.outbox.rivals()).toHaveLength(1);
    bench.kill();
    bench.ledger.refuses = ({ id }) => id === emergencyOf(1).id;
    bench.ledger.deliver();
    const third = await bench.start();
    await bench.scheduler.advance(60_000);
    expect(ordinary).toEqual({});
    expect(recorded().filter((id) => idsOf([1, 2]).includes(id))).toHaveLength(2);
    expect(third.state()).toMatchObject({ phase: 'ready', owed: 0, setAside: 0, inFlight: 0 });
    expect(bench.outbox.rivals()).toEqual([]);
    expectSoundLane();
  });

  test('goes into the lane of the new name that the operator gives the gateway', async () => {
    await handedIn();
    const second = await bench.start({ lane: `${LANE}-2` });
    await bench.scheduler.advance(1_000);
    watch(recordOne(second, requestOf(3)));
    await bench.scheduler.advance(60_000);
    expect(bench.ledger.events(`${LANE}-2`).map(({ id }) => id)).toEqual(
      expect.arrayContaining(idsOf([2, 3])),
    );
    expect(bench.outbox.setAside()).toMatchObject([{ id: emergencyOf(1).id }]);
    expect(second.state()).toMatchObject({ phase: 'ready', inFlight: 0, owed: 0, setAside: 1 });
  });
});
