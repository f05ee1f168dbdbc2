// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest } from '@chartwitness/chaincode/domain';
import {
  type AccessStore,
  type Checkpoint,
  StoreConflictError,
  type VerifiedBatch,
} from '../../../gateway/src/readmodel/accessStore';
import { accessRequest, testSubject } from '../../support/accessRequests';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';

export const alice = testSubject('alice');
export const bob = testSubject('bob');
const LANE = 'NorthHospitalMSP/main';

/** How a suite gets a store, and the same store again as another process would. */
export interface StoreUnderTest {
  /** A store with nothing in it. */
  open(): Promise<AccessStore>;
  /** Another connection to the same data. */
  reopen(): Promise<AccessStore>;
  /** Removes the data. */
  destroy(): Promise<void>;
}

/** Events as the ledger makes them, and the batches and checkpoints that a projection would apply. */
export class Script {
  readonly #ledger = new FakeProvenanceLedger();
  #checkpoint: Checkpoint | undefined;

  next(
    requests: readonly Partial<AccessRequest>[],
    lane = LANE,
  ): { batch: VerifiedBatch; checkpoint: Checkpoint } {
    const seq = this.#ledger.nextSeq(lane);
    const count = this.#ledger.laneCount(lane);
    const events: readonly AccessEvent[] = this.#ledger.record(lane, requests.map(accessRequest));
    const committed = this.#ledger.blocks.at(-1);
    const entries = this.#checkpoint?.entries ?? 0;
    const block = Number(committed?.block);
    const transactionId = committed?.transactionId ?? '';
    this.#checkpoint = {
      events: block + 1,
      block,
      transactionId,
      entries: entries + events.length,
      lanes: { ...this.#checkpoint?.lanes, [lane]: { nextSeq: seq + 1, count: count + events.length } },
    };
    const batch = { lane, seq, start: count, block, transactionId, firstPosition: entries + 1, events };
    return { batch, checkpoint: this.#checkpoint };
  }
}

/** The behaviour of every read model, whatever it is built on. */
export function accessStoreSuite(underTest: StoreUnderTest): void {
  let store: AccessStore;
  let script: Script;
  beforeEach(async () => {
    store = await underTest.open();
    script = new Script();
  });
  afterEach(async () => {
    await store.close();
    await underTest.destroy();
  });

  const applyNext = async (
    requests: readonly Partial<AccessRequest>[],
    lane = LANE,
  ): Promise<VerifiedBatch> => {
    const { batch, checkpoint } = script.next(requests, lane);
    await store.apply([batch], checkpoint);
    return batch;
  };
  const positions = async (subject: string, before?: number, limit = 100): Promise<number[]> =>
    (await store.page(subject, {}, before, limit)).entries.map(({ position }) => position);

  it('is empty at first', async () => {
    expect(await store.checkpoint()).toBeUndefined();
    expect(await store.page(alice, {}, undefined, 10)).toEqual({ entries: [], more: false });
    expect(await store.find(alice, { lane: LANE, number: 0 })).toBeUndefined();
    expect(await store.numbersOf(LANE, ['x'])).toEqual(new Map());
    expect(await store.count(alice)).toBe(0);
    expect(await store.scan(1, 10)).toEqual([]);
  });

  it('gives back what was applied, and where it is on the ledger', async () => {
    const { batch, checkpoint } = script.next([
      { subject: alice },
      { subject: bob, requester: { org: 'SouthClinicMSP', clientId: 'south-ehr', person: null } },
    ]);
    await store.apply([batch], checkpoint);
    const { entries } = await store.page(bob, {}, undefined, 10);
    const [, event] = batch.events;
    expect(entries).toEqual([
      {
        position: 2,
        lane: LANE,
        number: 1,
        seq: 0,
        index: 1,
        block: batch.block,
        transactionId: batch.transactionId,
        event,
      },
    ]);
    expect(await store.find(bob, { lane: LANE, number: 1 })).toEqual({
      entry: entries[0],
      shown: entries[0],
    });
    expect(await store.checkpoint()).toEqual(checkpoint);
    expect(await store.count(alice)).toBe(1);
  });

  it('keeps which batches of a lane came before their predecessors', async () => {
    const { batch, checkpoint } = script.next([{ subject: alice }]);
    const ahead = [
      { seq: 1, start: 2, count: 1, at: '2026-03-01T08:00:01.000Z' },
      { seq: 4, start: 9, count: 3, at: '2026-03-01T08:00:02.000Z' },
    ];
    const early = { ...checkpoint, lanes: { [LANE]: { nextSeq: 0, count: 0, ahead } } };
    await store.apply([batch], early);
    expect(await store.checkpoint()).toEqual(early);
    const next = script.next([{ subject: alice }]);
    await store.apply([next.batch], next.checkpoint);
    expect(await store.checkpoint()).toEqual(next.checkpoint);
  });

  it('keeps with its checkpoint a block by which its ledger is known again', async () => {
    const first = script.next([{ subject: alice }]);
    const anchored = { ...first.checkpoint, anchor: { block: 7, hash: 'h'.repeat(43) } };
    await store.apply([first.batch], anchored);
    expect(await store.checkpoint()).toEqual(anchored);
    const further = script.next([{ subject: alice }]);
    const known = {
      ...further.checkpoint,
      anchor: { block: 8, hash: 'i'.repeat(43), origin: 'o'.repeat(43) },
    };
    await store.apply([further.batch], known);
    expect(await store.checkpoint()).toEqual(known);
    const second = script.next([{ subject: alice }]);
    await store.apply([second.batch], second.checkpoint);
    expect(await store.checkpoint()).toEqual(second.checkpoint);
  });

  it('finds an entry by its address, for its own subject only', async () => {
    await applyNext([{ subject: alice }, { subject: bob }]);
    await applyNext([{ subject: alice }]);
    await applyNext([{ subject: alice }], 'SouthClinicMSP/main');
    const at = async (subject: string, number: number, lane = LANE): Promise<number | undefined> =>
      (await store.find(subject, { lane, number }))?.entry.position;
    expect(await at(alice, 0)).toBe(1);
    expect(await at(bob, 1)).toBe(2);
    expect(await at(alice, 2)).toBe(3);
    expect(await at(alice, 0, 'SouthClinicMSP/main')).toBe(4);
    expect(await at(alice, 1)).toBeUndefined();
    expect(await at(alice, 3)).toBeUndefined();
    expect(await at(alice, 1, 'SouthClinicMSP/main')).toBeUndefined();
    expect(await at(alice, 0, 'NoMSP/main')).toBeUndefined();
  });

  it('knows under which number a lane holds an id', async () => {
    const first = await applyNext([{ subject: alice }, { subject: bob }]);
    const other = await applyNext([{ subject: alice }], 'SouthClinicMSP/main');
    const [one = '', two = ''] = first.events.map(({ id }) => id);
    const [elsewhere = ''] = other.events.map(({ id }) => id);
    expect(await store.numbersOf(LANE, [two, one, elsewhere, 'none'])).toEqual(
      new Map([
        [one, 0],
        [two, 1],
      ]),
    );
  });

  it('pages newest first and says whether there is more', async () => {
    for (let at = 0; at < 5; at += 1) {
      await applyNext([{ subject: alice }, { subject: bob }]);
    }
    expect(await store.page(alice, {}, undefined, 2)).toMatchObject({
      entries: [{ position: 9 }, { position: 7 }],
      more: true,
    });
    expect(await store.page(alice, {}, 7, 3)).toMatchObject({
      entries: [{ position: 5 }, { position: 3 }, { position: 1 }],
      more: false,
    });
    await applyNext([{ subject: alice }]);
    expect(await positions(alice, 7)).toEqual([5, 3, 1]);
  });

  it('filters by every criterion, alone and together', async () => {
    const person = { id: "o'hara-7", name: 'Keeley', role: 'nurse' };
    await applyNext([
      { subject: alice },
      {
        subject: alice,
        purpose: 'HPAYMT',
        requester: { org: 'SouthClinicMSP', clientId: 'south-ehr', person },
        items: [
          { type: 'Claim', labels: [], count: 1, ids: ['c'] },
          { type: 'Observation', labels: [], count: 1, ids: ['o'] },
        ],
      },
      {
        subject: alice,
        requester: { org: 'SouthClinicMSP', clientId: 'south-ehr', person: null },
        items: [{ type: 'Condition', labels: [], count: 0, ids: [] }],
      },
      { subject: bob, purpose: 'HPAYMT' },
    ]);
    const time = Date.parse((await store.page(alice, {}, undefined, 1)).entries[0]?.event.at ?? '');
    const found = async (filters: Parameters<AccessStore['page']>[1]): Promise<number[]> =>
      (await store.page(alice, filters, undefined, 10)).entries.map(({ position }) => position);
    expect(await found({ orgs: ['SouthClinicMSP'] })).toEqual([3, 2]);
    expect(await found({ orgs: ['SouthClinicMSP', 'NorthHospitalMSP'] })).toEqual([3, 2, 1]);
    expect(await found({ orgs: ['South'] })).toEqual([]);
    expect(await found({ user: "o'hara-7" })).toEqual([2]);
    expect(await found({ purposes: ['HPAYMT', 'TREAT'] })).toEqual([3, 2, 1]);
    expect(await found({ outcomes: ['permit'] })).toEqual([]);
    expect(await found({ outcomes: ['deny'] })).toEqual([3, 2, 1]);
    expect(await found({ types: ['Observation'] })).toEqual([2, 1]);
    expect(await found({ types: ['Claim', 'Condition'] })).toEqual([3, 2]);
    expect(await found({ types: ['Cond'] })).toEqual([]);
    expect(await found({ from: time })).toEqual([3, 2, 1]);
    expect(await found({ from: time + 1 })).toEqual([]);
    expect(await found({ to: time })).toEqual([]);
    expect(
      await found({
        from: time,
        to: time + 1,
        orgs: ['SouthClinicMSP'],
        purposes: ['HPAYMT'],
        types: ['Claim'],
      }),
    ).toEqual([2]);
  });

  it('applies a batch twice as once', async () => {
    const { batch, checkpoint } = script.next([{ subject: alice }]);
    await store.apply([batch], checkpoint);
    await store.apply([batch], checkpoint);
    expect(await positions(alice)).toEqual([1]);
    expect(await store.checkpoint()).toEqual(checkpoint);
  });

  it('never moves its checkpoint back', async () => {
    const first = script.next([{ subject: alice }]);
    const second = script.next([{ subject: alice }]);
    await store.apply([first.batch, second.batch], second.checkpoint);
    await store.apply([first.batch], first.checkpoint);
    expect(await store.checkpoint()).toEqual(second.checkpoint);
    expect(await positions(alice)).toEqual([2, 1]);
  });

  it('moves its checkpoint over ledger events that are no accesses', async () => {
    const { checkpoint } = script.next([{ subject: alice }]);
    const moved = { ...checkpoint, events: checkpoint.events + 1, block: 7, transactionId: 'f'.repeat(64) };
    await store.apply([], moved);
    expect(await store.checkpoint()).toEqual(moved);
  });

  it('lets two writers apply the same batches at once', async () => {
    const other = await underTest.reopen();
    try {
      const steps = Array.from({ length: 12 }, () => script.next([{ subject: alice }, { subject: bob }]));
      const run = async (writer: AccessStore, size: number): Promise<void> => {
        for (let at = 0; at < steps.length; at += size) {
          const group = steps.slice(at, at + size);
          const last = group.at(-1);
          if (last !== undefined) {
            await writer.apply(
              group.map(({ batch }) => batch),
              last.checkpoint,
            );
          }
        }
      };
      await Promise.all([run(store, 3), run(other, 4)]);
      expect(await store.checkpoint()).toEqual(steps.at(-1)?.checkpoint);
      expect(await positions(alice)).toEqual(Array.from({ length: 12 }, (_, at) => 23 - 2 * at));
      expect(await other.scan(1, 100)).toEqual(await store.scan(1, 100));
      expect(await store.scan(1, 100)).toHaveLength(24);
    } finally {
      await other.close();
    }
  });

  it('refuses another batch at a place that is taken', async () => {
    const { batch } = await applyNext([{ subject: alice }]).then((applied) => ({ batch: applied }));
    const checkpoint = await store.checkpoint();
    const foreign = { ...batch, transactionId: 'e'.repeat(64), lane: 'SouthClinicMSP/main' };
    const further = { ...(checkpoint as Checkpoint), events: 99 };
    await expect(store.apply([foreign], further)).rejects.toBeInstanceOf(StoreConflictError);
    expect(await store.checkpoint()).toEqual(checkpoint);
    expect((await store.scan(1, 10)).map(({ lane }) => lane)).toEqual([LANE]);
  });

  it('is there again after a restart', async () => {
    const batch = await applyNext([{ subject: alice }]);
    await store.close();
    store = await underTest.reopen();
    expect((await store.find(alice, { lane: LANE, number: 0 }))?.shown.event).toEqual(batch.events[0]);
    expect((await store.checkpoint())?.entries).toBe(1);
  });

  it('forgets everything on reset, and can be filled again', async () => {
    const { batch, checkpoint } = script.next([{ subject: alice }]);
    await store.apply([batch], checkpoint);
    await store.reset();
    expect(await store.checkpoint()).toBeUndefined();
    expect(await store.scan(1, 10)).toEqual([]);
    expect(await store.count(alice)).toBe(0);
    await store.apply([batch], checkpoint);
    expect(await positions(alice)).toEqual([1]);
  });

  it('scans every subject in ledger order', async () => {
    await applyNext([{ subject: alice }, { subject: bob }]);
    await applyNext([{ subject: bob }], 'SouthClinicMSP/main');
    expect((await store.scan(2, 10)).map(({ position, lane }) => [position, lane])).toEqual([
      [2, LANE],
      [3, 'SouthClinicMSP/main'],
    ]);
    expect(await store.scan(2, 1)).toHaveLength(1);
  });
}
