// SPDX-License-Identifier: Apache-2.0
/**
 * A hospital's machine put back from one backup: its store, and its own peer. The peer gets the later blocks
 * again, but not its own private data of them, which lay nowhere else but at the trustee's peer.
 */
import type { PrivateBatch } from '@chartwitness/chaincode/domain';
import { LEDGER_REMEDIES } from '../../../gateway/src/ledger/ledgerError';
import type { Recorder } from '../../../gateway/src/recorder/recorder';
import { releaseLate as leaveLate } from './support/releaseLate';
import { emergencyOf, requestOf } from './support/requests';
import { expectSoundLanes as expectLanesSound } from './support/soundLanes';
import { createWorkbench, LANE, recordOne, type StoreCopy, watch, type Workbench } from './support/workbench';

const NEW_LANE = 'NorthHospitalMSP/ward2';
const LIMITS = { maxBatchEvents: 4, maxInFlight: 3, pipelineAt: 2, pipelineAfterMs: 20 };

let bench: Workbench;
beforeEach(() => {
  bench = createWorkbench();
});

interface Backup {
  readonly store: StoreCopy;
  readonly peer: ReadonlySet<PrivateBatch>;
}
const backup = (): Backup => ({ store: bench.copyStore(), peer: bench.ledger.batches() });
function restore({ store, peer }: Backup): void {
  bench.restoreStore(store);
  bench.ledger.restoreOwnPeer(peer);
}

const idsOn = (lane: string): readonly string[] => bench.ledger.events(lane).map(({ id }) => id);
const idsOf = (...numbers: number[]): string[] => numbers.map((number) => requestOf(number).id);

async function releaseLate(recorder: Recorder, ...numbers: number[]): Promise<void> {
  await leaveLate(bench, recorder, numbers);
  bench.ledger.isCutOff = false;
}

const expectSoundLanes = (...lanes: string[]): void => {
  expectLanesSound(bench.ledger, lanes);
};

/** Five are owed in the backup and recorded after it; two more accesses follow; then the disk is lost. */
async function lose(): Promise<void> {
  const recorder = await bench.start({ limits: LIMITS });
  await recordOne(recorder, requestOf(1));
  await releaseLate(recorder, 2, 3, 4, 5, 6);
  const copy = backup();
  await bench.scheduler.advance(10_000);
  await recordOne(recorder, requestOf(7));
  await recordOne(recorder, requestOf(8));
  expect(idsOn(LANE)).toHaveLength(8);
  restore(copy);
}

async function goesOn(recorder: Recorder, number: number): Promise<void> {
  const watched = watch(recordOne(recorder, requestOf(number)));
  await bench.scheduler.advance(1_000);
  expect(watched.outcome).toMatchObject({ late: false });
}

test('the gateway goes on by itself; what was owed at the copy is found in the trustee’s, and stands once', async () => {
  await lose();
  const next = await bench.start({ limits: LIMITS });
  await bench.scheduler.advance(1_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, waiting: 0, notice: undefined });
  await goesOn(next, 9);
  expect(idsOn(LANE)).toHaveLength(9);
  expectSoundLanes(LANE);
});

test.each([0, 1, 2])(
  'the gateway starts before its peer has the later blocks again (%i places of them): it reads the lane anew and goes on',
  async (places) => {
    await lose();
    const before = idsOn(LANE);
    bench.ledger.ownEnds.set(LANE, 1 + places);
    const next = await bench.start({ limits: LIMITS });
    const early = watch(recordOne(next, emergencyOf(9)));
    await bench.scheduler.advance(1_000);
    expect(idsOn(LANE)).toEqual(before);
    bench.ledger.ownEnds.delete(LANE);
    await bench.scheduler.advance(60_000);
    expect(early.outcome).toBeDefined();
    expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, waiting: 0 });
    await goesOn(next, 10);
    expect(idsOn(LANE)).toEqual([...before, ...idsOf(9, 10)]);
    expectSoundLanes(LANE);
  },
);

test('… and the trustee gives no copy: what was owed in the backup waits, what leaves late now is recorded', async () => {
  await lose();
  bench.ledger.trusteeCopy = 'lacks';
  bench.ledger.ownEnds.set(LANE, 1);
  const next = await bench.start({ limits: LIMITS });
  await bench.scheduler.advance(1_000);
  bench.ledger.ownEnds.delete(LANE);
  await bench.scheduler.advance(10_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, inFlight: 0, waiting: 5 });
  await goesOn(next, 9);
  bench.ledger.trusteeCopy = 'gives';
  await bench.scheduler.advance(120_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, waiting: 0 });
  expect(idsOn(LANE)).toHaveLength(9);
  expectSoundLanes(LANE);
});

test('… under another name as well', async () => {
  await lose();
  const next = await bench.start({ limits: LIMITS, lane: NEW_LANE });
  await goesOn(next, 9);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, waiting: 0 });
  expect([idsOn(LANE).length, idsOn(NEW_LANE)]).toEqual([8, idsOf(9)]);
  expectSoundLanes(LANE, NEW_LANE);
});

test.each(['old', 'lacks', 'lies'] as const)(
  'a trustee’s peer that %s: new accesses are recorded, the old entries wait by name until it gives its copy',
  async (answer) => {
    await lose();
    bench.ledger.trusteeCopy = answer;
    const next = await bench.start({ limits: LIMITS });
    await goesOn(next, 9);
    expect(next.state()).toMatchObject({
      phase: 'ready',
      owed: 0,
      setAside: 0,
      waiting: 5,
      ledgerAway: false,
    });
    expect(next.state().notice).toMatch(/^EVENTS_LOST_HERE: .* 5 entries wait/s);
    expect(next.state().remedy).toBe(LEDGER_REMEDIES.EVENTS_LOST_HERE);
    await releaseLate(next, 10);
    await bench.scheduler.advance(120_000);
    // What left after the copy was put back waits for nothing.
    expect(idsOn(LANE).slice(8)).toEqual(idsOf(9, 10));
    bench.kill();
    const again = await bench.start({ limits: LIMITS });
    await releaseLate(again, 11);
    await bench.scheduler.advance(120_000);
    expect(again.state()).toMatchObject({ owed: 0, waiting: 5 });
    bench.ledger.trusteeCopy = 'gives';
    await bench.scheduler.advance(120_000);
    expect(again.state()).toMatchObject({ phase: 'ready', owed: 0, waiting: 0, notice: undefined });
    expect(idsOn(LANE).slice(8)).toEqual(idsOf(9, 10, 11));
    expectSoundLanes(LANE);
  },
);

test('what is not in the trustee’s copy was never recorded, and is recorded now', async () => {
  const recorder = await bench.start({ limits: LIMITS });
  await releaseLate(recorder, 1, 2);
  const copy = backup();
  // Another store and the same lane: what the copy owes stands nowhere.
  bench.kill();
  bench.ledger.put(LANE, 0, { start: 0, requests: [requestOf(3)] });
  restore(copy);
  bench.ledger.trusteeCopy = 'lacks';
  const next = await bench.start({ limits: LIMITS });
  await bench.scheduler.advance(120_000);
  // The second may stand in the lost place as well, though it had one behind it.
  expect(next.state()).toMatchObject({ phase: 'ready', waiting: 2 });
  expect(idsOn(LANE)).toEqual(idsOf(3));
  bench.ledger.trusteeCopy = 'gives';
  await bench.scheduler.advance(120_000);
  expect(next.state()).toMatchObject({ phase: 'ready', waiting: 0, owed: 0 });
  expect([...idsOn(LANE)].sort()).toEqual(idsOf(1, 2, 3).sort());
  expectSoundLanes(LANE);
});

test('while the trustee’s peer does not answer nothing is recorded either: the start waits for it, and says so', async () => {
  await lose();
  bench.ledger.trusteeCopy = 'away';
  const next = await bench.start({ limits: LIMITS });
  await bench.scheduler.advance(60_000);
  expect(next.state()).toMatchObject({ phase: 'recovering' });
  bench.ledger.trusteeCopy = 'gives';
  await bench.scheduler.advance(10_000);
  expect(next.state()).toMatchObject({ phase: 'ready', owed: 0, waiting: 0 });
  expectSoundLanes(LANE);
});

test.each(['gives', 'lacks'] as const)(
  'a batch under way in the backup, which had the lane’s last place: it is settled where the trustee %s it',
  async (answer) => {
    const recorder = await bench.start({ limits: LIMITS });
    bench.ledger.faults = [{ kind: 'lost', fate: 'delayed' }];
    void watch(recordOne(recorder, requestOf(1)));
    await bench.scheduler.advance(0);
    const copy = backup();
    bench.ledger.deliver();
    restore(copy);
    bench.ledger.trusteeCopy = answer;
    const next = await bench.start({ limits: LIMITS });
    await bench.scheduler.advance(5_000);
    expect(next.state()).toMatchObject({ phase: 'ready', inFlight: 0, owed: 0 });
    await goesOn(next, 2);
    expect(bench.ledger.events(LANE).map(({ amends }) => amends?.why)).toEqual(
      answer === 'gives' ? [undefined, 'nothingGiven', undefined] : [undefined, undefined],
    );
    expectSoundLanes(LANE);
  },
);
