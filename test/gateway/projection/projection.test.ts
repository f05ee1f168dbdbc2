// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import type { AccessEvent } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { checkReadModel, describeCheck, rebuildReadModel } from '../../../gateway/src/projection/maintenance';
import {
  createProjection,
  type Projection,
  type ProjectionDeps,
  type ProjectionStatus,
} from '../../../gateway/src/projection/projection';
import { type AccessStore, StoreUnavailableError } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { accessRequest, testSubject } from '../../support/accessRequests';
import { FakeProvenanceLedger, recordOf } from '../../support/fakeProvenanceLedger';
import { pause } from '../../support/pause';

const NORTH = 'NorthHospitalMSP/main';
const SOUTH = 'SouthClinicMSP/main';
const alice = testSubject('alice');
const bob = testSubject('bob');

/** Resolves with the first status that satisfies `wanted`. */
function reaches(
  projection: Projection,
  wanted: (status: ProjectionStatus) => boolean,
): Promise<ProjectionStatus> {
  return new Promise((resolve) => {
    const done = projection.watch(look);
    look(projection.status());
    function look(status: ProjectionStatus): void {
      if (wanted(status)) {
        done();
        resolve(status);
      }
    }
  });
}

describe('the projection', () => {
  let ledger: FakeProvenanceLedger;
  let store: AccessStore;
  let stop: AbortController;
  const running: Promise<void>[] = [];
  beforeEach(() => {
    ledger = new FakeProvenanceLedger();
    store = openSqlAccessStore(':memory:');
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running.splice(0));
    await store.close();
  });

  const deps = (change: Partial<ProjectionDeps> = {}): ProjectionDeps => ({
    ledger,
    store,
    log: pino({ level: 'silent' }),
    clock: () => 1_000_000,
    random: () => 0,
    // Retries and polls follow at once: what is tested is the order of things, not the waiting.
    sleep: (_ms, signal) => pause(1, signal),
    ...change,
  });
  const start = (change: Partial<ProjectionDeps> = {}): Projection => {
    const projection = createProjection(deps(change));
    running.push(projection.run(stop.signal));
    return projection;
  };
  const applied = (projection: Projection): Promise<ProjectionStatus> =>
    reaches(projection, ({ block }) => block === ledger.blocks.length - 1);
  const halted = (projection: Projection): Promise<ProjectionStatus> =>
    reaches(projection, ({ state }) => state === 'halted');
  const fill = (batches: number): void => {
    for (let at = 0; at < batches; at += 1) {
      ledger.record(at % 3 === 2 ? SOUTH : NORTH, [
        accessRequest({ subject: alice }),
        accessRequest({ subject: at % 2 === 0 ? bob : alice, purpose: 'HPAYMT' }),
      ]);
    }
  };
  const contents = async (given = store): Promise<unknown> => [
    await given.scan(1, 1000),
    await given.checkpoint(),
  ];
  /** What a projection without any trouble makes of the same ledger. */
  const undisturbed = async (): Promise<unknown> => {
    const clean = openSqlAccessStore(':memory:');
    await rebuildReadModel(deps({ store: clean }), stop.signal);
    const found = await contents(clean);
    await clean.close();
    return found;
  };

  it('applies what the ledger has, then what comes, in ledger order', async () => {
    await ledger.admitOrganisation({
      mspId: 'NorthHospitalMSP',
      role: 'holder',
      name: 'North',
      identifiers: [],
    });
    fill(4);
    const projection = start();
    expect(projection.status()).toMatchObject({ state: 'catchingUp', block: undefined });
    await reaches(projection, ({ state }) => state === 'live');
    fill(3);
    const status = await applied(projection);
    expect(status).toMatchObject({ entries: 14, problem: undefined, checkedAt: 1_000_000 });
    expect((await store.scan(1, 100)).map(({ position }) => position)).toEqual(
      Array.from({ length: 14 }, (_, at) => at + 1),
    );
    expect((await store.checkpoint())?.lanes).toEqual({
      [NORTH]: { nextSeq: 5, count: 10 },
      [SOUTH]: { nextSeq: 2, count: 4 },
    });
  });

  it('becomes live on a ledger whose last blocks hold no events', async () => {
    fill(1);
    ledger.silentBlocks = 3;
    const status = await reaches(start(), ({ state }) => state === 'live');
    expect(status).toMatchObject({ block: 0, height: 4 });
  });

  it('becomes live on an empty ledger', async () => {
    expect(await reaches(start(), ({ state }) => state === 'live')).toMatchObject({
      block: undefined,
      entries: 0,
    });
  });

  it('moves on over consents and registry changes, and tells of the latter', async () => {
    const onRegistryChanged = jest.fn();
    await ledger.initialise({ trustee: 'TrusteeMSP', defaultPolicy: { rules: [], default: 'deny' } });
    await ledger.putConsent(alice, { rules: [], default: 'permit' }, 0);
    fill(1);
    await applied(start({ onRegistryChanged }));
    expect(onRegistryChanged).toHaveBeenCalledTimes(1);
    expect(await store.checkpoint()).toMatchObject({ events: 3, entries: 2, block: 2 });
  });

  it('goes on from its checkpoint after a restart', async () => {
    fill(3);
    await applied(start());
    stop.abort();
    await Promise.all(running.splice(0));
    stop = new AbortController();
    const before = ledger.calls.getEvents;
    fill(2);
    await applied(start());
    expect(ledger.calls.getEvents - before).toBe(2);
    expect(await contents()).toEqual(await undisturbed());
  });

  describe('halts, and applies nothing further, on', () => {
    const tamper = (change: (event: AccessEvent) => object): void => {
      const key = `${NORTH}~1`;
      const batch = ledger.batches.get(key);
      if (batch !== undefined) {
        ledger.batches.set(key, {
          ...batch,
          events: batch.events.map((event, at) => (at === 0 ? { ...event, ...change(event) } : event)),
        });
      }
    };
    const expectHalt = async (reason: string): Promise<void> => {
      const projection = start();
      const status = await halted(projection);
      expect(status).toMatchObject({ state: 'halted', haltReason: reason, entries: 2 });
      expect(status.problem).toContain('seq 1');
      fill(1);
      await Promise.all(running.splice(0));
      expect(projection.status().entries).toBe(2);
      expect(await store.scan(1, 10)).toHaveLength(2);
      expect((await store.checkpoint())?.lanes).toEqual({ [NORTH]: { nextSeq: 1, count: 2 } });
    };
    const twoBatches = (): void => {
      ledger.record(NORTH, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
      ledger.record(NORTH, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
    };

    it('an event that was altered', async () => {
      twoBatches();
      tamper(() => ({ purpose: 'HRESCH' }));
      await expectHalt('ROOT_MISMATCH');
    });

    it('an event that was taken away', async () => {
      twoBatches();
      const batch = ledger.batches.get(`${NORTH}~1`);
      ledger.batches.set(`${NORTH}~1`, { start: 2, events: batch?.events.slice(1) ?? [] });
      await expectHalt('ROOT_MISMATCH');
    });

    it('an event that is not one', async () => {
      twoBatches();
      tamper(() => ({ holder: 7 }));
      await expectHalt('MALFORMED');
    });

    it('events that the peer cannot give in their form', async () => {
      twoBatches();
      const getEvents = ledger.getEvents.bind(ledger);
      jest
        .spyOn(ledger, 'getEvents')
        .mockImplementation((lane, seq) =>
          seq === 1
            ? Promise.reject(new LedgerError('rejected', 'CORRUPT|batch', { domainCode: 'CORRUPT' }))
            : getEvents(lane, seq),
        );
      await expectHalt('MALFORMED');
    });

    it('a public record that is not what was announced', async () => {
      twoBatches();
      const record = ledger.records.get(`${NORTH}~1`);
      if (record !== undefined) {
        ledger.records.set(`${NORTH}~1`, { ...record, batchRoot: 'A'.repeat(43) });
      }
      await expectHalt('RECORD_MISMATCH');
    });

    it('a public record that is gone', async () => {
      twoBatches();
      ledger.records.delete(`${NORTH}~1`);
      await expectHalt('RECORD_MISMATCH');
    });

    it('events of another holder', async () => {
      ledger.record(NORTH, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
      const [event] = new FakeProvenanceLedger().record(SOUTH, [accessRequest({ subject: alice })]);
      if (event !== undefined) {
        ledger.putBatch(NORTH, 1, { start: 2, events: [event] });
      }
      await expectHalt('HOLDER_MISMATCH');
    });

    it('a start that is not the lane’s count', async () => {
      ledger.record(NORTH, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
      const events = new FakeProvenanceLedger().record(NORTH, [accessRequest({ subject: alice })]);
      ledger.putBatch(NORTH, 1, { start: 1, events });
      await expectHalt('START_MISMATCH');
    });

    it('private events and public record that disagree about the start', async () => {
      ledger.record(NORTH, [accessRequest({ subject: alice }), accessRequest({ subject: bob })]);
      const events = new FakeProvenanceLedger().record(NORTH, [accessRequest({ subject: alice })]);
      ledger.putBatch(NORTH, 1, { start: 3, events }, { ...recordOf({ start: 2, events }) });
      await expectHalt('START_MISMATCH');
    });
  });

  it('halts on a gap in a lane, and keeps what came before', async () => {
    fill(2);
    ledger.record(NORTH, [accessRequest({ subject: alice })], 3);
    const status = await halted(start());
    expect(status).toMatchObject({ haltReason: 'SEQUENCE_GAP', entries: 4 });
    expect(status.problem).toBe(`SEQUENCE_GAP: lane ${NORTH}, seq 3: expected seq 2`);
  });

  it('halts when a lane does not begin at 0', async () => {
    ledger.record(NORTH, [accessRequest({ subject: alice })], 1);
    expect(await halted(start())).toMatchObject({ haltReason: 'SEQUENCE_GAP', entries: 0 });
  });

  it('halts when the store is ahead of its ledger', async () => {
    fill(3);
    await applied(start());
    stop.abort();
    await Promise.all(running.splice(0));
    stop = new AbortController();
    ledger = new FakeProvenanceLedger();
    fill(1);
    expect(await halted(start())).toMatchObject({ haltReason: 'STORE_MISMATCH' });
    expect(await store.scan(1, 100)).toHaveLength(6);
  });

  it('waits for private data that have not arrived yet', async () => {
    fill(2);
    const late = ledger.batches.get(`${NORTH}~1`);
    ledger.batches.delete(`${NORTH}~1`);
    const projection = start();
    const status = await reaches(projection, ({ state }) => state === 'stale');
    expect(status.problem).toContain('no private data');
    expect(await store.scan(1, 10)).toHaveLength(2);
    if (late !== undefined) {
      ledger.batches.set(`${NORTH}~1`, late);
    }
    expect(await applied(projection)).toMatchObject({ entries: 4 });
    await reaches(projection, ({ state }) => state === 'live');
  });

  it('is stale while the ledger is away, and goes on by itself', async () => {
    fill(1);
    const projection = start();
    await reaches(projection, ({ state }) => state === 'live');
    for (const kind of ['unavailable', 'unknown', 'retryable', 'rejected'] as const) {
      ledger.break(new LedgerError(kind, 'down'));
      await reaches(projection, ({ state }) => state === 'stale');
      fill(1);
      ledger.break(undefined);
      await applied(projection);
      await reaches(projection, ({ state }) => state === 'live');
    }
    expect(await contents()).toEqual(await undisturbed());
  });

  it('waits longer after each failure, up to a bound, and never the same for all', async () => {
    const waits: number[] = [];
    ledger.break(new LedgerError('unavailable', 'down'));
    const random = jest.fn(() => 0.5);
    start({
      random,
      sleep: (ms, signal) => {
        waits.push(ms);
        if (waits.length === 12) {
          stop.abort();
        }
        return pause(0, signal);
      },
    });
    await Promise.all(running.splice(0));
    expect(waits.slice(0, 3)).toEqual([75, 150, 300]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5000);
    expect(random).toHaveBeenCalledTimes(12);
  });

  it.each(
    [0, 1, 2, 3, 4, 5].flatMap((call) => (['before', 'after'] as const).map((moment) => ({ call, moment }))),
  )('loses and doubles nothing when write $call fails $moment it is done', async ({ call, moment }) => {
    fill(6);
    const apply = store.apply.bind(store);
    let calls = 0;
    jest.spyOn(store, 'apply').mockImplementation(async (...given) => {
      const fails = calls === call;
      calls += 1;
      if (fails && moment === 'before') {
        throw new StoreUnavailableError('disk full');
      }
      await apply(...given);
      if (fails) {
        throw new StoreUnavailableError('the reply was lost');
      }
    });
    // One batch at a time, so that there is a moment between every two.
    const slow: ProjectionDeps['ledger'] = {
      findBatch: (...given) => ledger.findBatch(...given),
      getEvents: (...given) => ledger.getEvents(...given),
      height: () => ledger.height(),
      events: async function* (after, signal) {
        for await (const event of ledger.events(after, signal)) {
          yield event;
          while (!signal.aborted && (await store.checkpoint())?.block !== Number(event.block)) {
            await pause(1, signal);
          }
        }
      },
    };
    await applied(start({ ledger: slow }));
    expect(calls).toBeGreaterThanOrEqual(6);
    expect(await contents()).toEqual(await undisturbed());
  });

  it('ends in the same when two projections write to one store', async () => {
    fill(20);
    const projections = [start(), start()];
    await Promise.all(projections.map(applied));
    fill(20);
    await Promise.all(projections.map(applied));
    expect(projections.map((projection) => projection.status().state)).not.toContain('halted');
    expect(await contents()).toEqual(await undisturbed());
  });

  it('fails loudly on a mistake of its own', async () => {
    fill(1);
    jest.spyOn(store, 'apply').mockRejectedValue(new TypeError('a bug'));
    const projection = createProjection(deps());
    await expect(projection.run(stop.signal)).rejects.toThrow('a bug');
    expect(projection.status().state).toBe('stale');
  });

  describe('rebuilding and checking', () => {
    it('rebuilds to the same as following along', async () => {
      const projection = start();
      for (let round = 0; round < 5; round += 1) {
        fill(2);
        await applied(projection);
      }
      stop.abort();
      await Promise.all(running.splice(0));
      stop = new AbortController();
      const before = await contents();
      expect(await rebuildReadModel(deps(), stop.signal)).toMatchObject({ state: 'live', entries: 20 });
      expect(await contents()).toEqual(before);
    });

    it('says when a rebuild halts', async () => {
      fill(2);
      ledger.records.delete(`${NORTH}~1`);
      expect(await rebuildReadModel(deps(), stop.signal)).toMatchObject({ state: 'halted' });
    });

    it('finds no difference where there is none, even while the ledger grows', async () => {
      fill(5);
      await rebuildReadModel(deps(), stop.signal);
      fill(2);
      const report = await checkReadModel({ ledger, store }, stop.signal);
      expect(report).toEqual({ entries: 10, differences: [], isComplete: true });
      expect(describeCheck(report)).toBe('10 entries re-derived, no difference');
      expect(ledger.blocks).toHaveLength(7);
    });

    it('finds nothing in an empty store', async () => {
      expect(await checkReadModel({ ledger, store }, stop.signal)).toMatchObject({
        entries: 0,
        differences: [],
      });
    });

    it('reports what is missing, altered, or too much', async () => {
      fill(2);
      const events = ledger.batches.get(`${NORTH}~0`)?.events ?? [];
      const [first] = events;
      if (first === undefined) {
        throw new Error('no event');
      }
      const last = ledger.blocks.at(-1);
      // A store that was filled by somebody else: one event altered, the second batch absent, one entry invented.
      await store.apply(
        [
          {
            lane: NORTH,
            seq: 0,
            block: 0,
            transactionId: ledger.blocks[0]?.transactionId ?? '',
            firstPosition: 1,
            events: [{ ...first, outcome: 'permit' }, ...events.slice(1)],
          },
          { lane: SOUTH, seq: 9, block: 1, transactionId: 'f'.repeat(64), firstPosition: 5, events: [first] },
        ],
        {
          events: 2,
          block: 1,
          transactionId: last?.transactionId ?? '',
          entries: 4,
          lanes: { [NORTH]: { nextSeq: 2, count: 5 } },
        },
      );
      const report = await checkReadModel({ ledger, store }, stop.signal);
      expect(report.differences.map(({ kind, position }) => [kind, position])).toEqual([
        ['different', 1],
        ['missing', 3],
        ['missing', 4],
        ['checkpoint', null],
        ['extra', 5],
      ]);
      expect(describeCheck(report)).toContain('rebuild the read model');
      expect(describeCheck(report)).not.toContain(alice);
    });

    it('reports a store of another ledger', async () => {
      fill(3);
      await rebuildReadModel(deps(), stop.signal);
      const checkpoint = await store.checkpoint();
      ledger.blocks.splice(2);
      const report = await checkReadModel({ ledger, store }, stop.signal);
      expect(checkpoint?.block).toBe(2);
      expect(report.differences).toContainEqual(expect.objectContaining({ kind: 'checkpoint' }));
    });
  });
});
