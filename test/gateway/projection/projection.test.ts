// SPDX-License-Identifier: Apache-2.0
import { type AccessEvent, MAX_IN_FLIGHT, type PrivateBatch } from '@chartwitness/chaincode/domain';
import { pino } from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { checkReadModel, describeCheck, rebuildReadModel } from '../../../gateway/src/projection/maintenance';
import {
  createProjection,
  type Projection,
  type ProjectionDeps,
} from '../../../gateway/src/projection/projection';
import type { ProjectionStatus } from '../../../gateway/src/projection/projectionStatus';
import type { AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { accessRequest } from '../../support/accessRequests';
import { FakeProvenanceLedger, recordOf } from '../../support/fakeProvenanceLedger';
import { pause } from '../../support/pause';
import { alice, bob, NORTH, ProjectionRun, reaches, SOUTH } from './projectionRun';

describe('the projection', () => {
  let run: ProjectionRun;
  let ledger: FakeProvenanceLedger;
  let store: AccessStore;
  beforeEach(() => {
    store = openSqlAccessStore(':memory:');
    run = new ProjectionRun(store);
    ({ ledger } = run);
  });
  afterEach(async () => {
    await run.stop();
    await store.close();
  });
  const halted = (projection: Projection): Promise<ProjectionStatus> =>
    reaches(projection, ({ state }) => state === 'halted');
  /** The ledger, with another stream of its events. */
  const withStream = (events: ProjectionDeps['ledger']['events']): ProjectionDeps['ledger'] => ({
    findBatch: (...given) => ledger.findBatch(...given),
    getEvents: (...given) => ledger.getEvents(...given),
    findBlock: (...given) => ledger.findBlock(...given),
    findEventBlock: (from, to) => ledger.findEventBlock(from, to),
    tip: () => ledger.tip(),
    events,
  });

  it('applies what the ledger has, then what comes, in ledger order', async () => {
    await ledger.admitOrganisation({
      mspId: 'NorthHospitalMSP',
      role: 'holder',
      name: 'North',
      identifiers: [],
    });
    run.fill(4);
    const projection = run.start();
    expect(projection.status()).toMatchObject({ state: 'catchingUp', block: undefined });
    await reaches(projection, ({ state }) => state === 'live');
    run.fill(3);
    const status = await run.applied(projection);
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
    run.fill(1);
    ledger.silentBlocks = 3;
    const status = await reaches(run.start(), ({ state }) => state === 'live');
    expect(status).toMatchObject({ block: 0, height: 4 });
  });

  it('becomes live on an empty ledger', async () => {
    expect(await reaches(run.start(), ({ state }) => state === 'live')).toMatchObject({
      block: undefined,
      entries: 0,
    });
  });

  it('moves on over consents and registry changes', async () => {
    await ledger.initialise({
      trustee: 'TrusteeMSP',
      defaultPolicy: { rules: [], default: 'deny' },
      identifierSystems: US_IDENTIFIER_SYSTEMS,
    });
    await ledger.putConsent(alice, { rules: [], default: 'permit' }, 0);
    run.fill(1);
    await run.applied(run.start());
    expect(await store.checkpoint()).toMatchObject({ events: 3, entries: 2, block: 2 });
  });

  it('ends when it is stopped before it has begun to follow', async () => {
    run.fill(1);
    const stop = new AbortController();
    const stopping: ProjectionDeps['ledger'] = {
      findBatch: (...given) => ledger.findBatch(...given),
      getEvents: (...given) => ledger.getEvents(...given),
      events: (...given) => ledger.events(...given),
      findBlock: (...given) => ledger.findBlock(...given),
      findEventBlock: (from, to) => ledger.findEventBlock(from, to),
      tip: () => {
        stop.abort();
        return ledger.tip();
      },
    };
    await createProjection(run.deps({ ledger: stopping })).run(stop.signal);
    expect(await store.checkpoint()).toBeUndefined();
  });

  it('goes on from its checkpoint after a restart', async () => {
    run.fill(3);
    await run.applied(run.start());
    await run.stop();
    const before = ledger.calls.getEvents;
    run.fill(2);
    await run.applied(run.start());
    expect(ledger.calls.getEvents - before).toBe(2);
    expect(await run.contents()).toEqual(await run.undisturbed());
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
      const projection = run.start();
      const status = await halted(projection);
      expect(status).toMatchObject({ state: 'halted', haltReason: reason, entries: 2 });
      expect(status.problem).toContain('seq 1');
      run.fill(1);
      await run.ended();
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
    run.fill(2);
    ledger.record(NORTH, [accessRequest({ subject: alice })], 2 + MAX_IN_FLIGHT);
    const status = await halted(run.start());
    expect(status).toMatchObject({ haltReason: 'SEQUENCE_GAP', entries: 4 });
    expect(status.problem).toBe(
      `SEQUENCE_GAP: lane ${NORTH}, seq ${String(2 + MAX_IN_FLIGHT)}: expected seq 2`,
    );
  });

  it('halts when a lane does not begin at 0', async () => {
    ledger.record(NORTH, [accessRequest({ subject: alice })], MAX_IN_FLIGHT);
    expect(await halted(run.start())).toMatchObject({ haltReason: 'SEQUENCE_GAP', entries: 0 });
  });

  describe('batches that the ledger committed before their predecessors', () => {
    const put = (seq: number, start: number, size = 1): PrivateBatch => {
      const events = new FakeProvenanceLedger().record(
        NORTH,
        Array.from({ length: size }, () => accessRequest({ subject: alice })),
      );
      const batch = { start, events };
      ledger.putBatch(NORTH, seq, batch);
      return batch;
    };

    it('are listed in ledger order, and the lane is whole when the last one is there', async () => {
      put(2, 3);
      put(1, 1, 2);
      await run.applied(run.start());
      expect((await store.checkpoint())?.lanes).toEqual({
        [NORTH]: {
          nextSeq: 0,
          count: 0,
          ahead: [
            { seq: 1, start: 1, count: 2, at: '2026-03-01T08:00:01.000Z' },
            { seq: 2, start: 3, count: 1, at: '2026-03-01T08:00:01.000Z' },
          ],
        },
      });
      await run.stop();
      put(0, 0);
      put(3, 4);
      expect(await run.applied(run.start())).toMatchObject({ entries: 5, problem: undefined });
      expect((await store.checkpoint())?.lanes).toEqual({ [NORTH]: { nextSeq: 4, count: 5 } });
      expect((await store.scan(1, 10)).map(({ position, seq }) => [position, seq])).toEqual([
        [1, 2],
        [2, 1],
        [3, 1],
        [4, 0],
        [5, 3],
      ]);
    });

    it('halt when one does not begin where its predecessor ends', async () => {
      put(1, 2);
      put(0, 0);
      expect(await halted(run.start())).toMatchObject({
        entries: 1,
        problem: `START_MISMATCH: lane ${NORTH}, seq 1: starts at 2, the lane has 1 events`,
      });
    });

    it.each([
      ['applied', 0],
      ['ahead', 2],
    ])('halt when a place that is %s is announced again', async (_what, seq) => {
      const batches = new Map([0, 2].map((each) => [each, put(each, each)]));
      ledger.putBatch(NORTH, seq, batches.get(seq) ?? put(seq, seq));
      const status = await halted(run.start());
      expect(status).toMatchObject({ haltReason: 'SEQUENCE_GAP', entries: 2 });
      expect(status.problem).toContain(`seq ${String(seq)}: expected seq 1`);
    });
  });

  it('waits for private data that have not arrived yet', async () => {
    run.fill(2);
    const late = ledger.batches.get(`${NORTH}~1`);
    ledger.batches.delete(`${NORTH}~1`);
    const projection = run.start();
    const status = await reaches(projection, ({ state }) => state === 'stale');
    expect(status.problem).toContain('no private data');
    expect(await store.scan(1, 10)).toHaveLength(2);
    if (late !== undefined) {
      ledger.batches.set(`${NORTH}~1`, late);
    }
    expect(await run.applied(projection)).toMatchObject({ entries: 4 });
    await reaches(projection, ({ state }) => state === 'live');
  });

  it('never calls itself live while something that was announced is not applied', async () => {
    run.fill(2);
    ledger.silentBlocks = 2;
    ledger.batches.delete(`${NORTH}~0`);
    const states = new Set<string>();
    let sleeps = 0;
    const ending = new AbortController();
    // A stream that takes longer to open than the height is looked at.
    const slow = withStream(async function* (after, signal) {
      if (sleeps > 0) {
        await pause(15, signal);
      }
      yield* ledger.events(after, signal);
    });
    const projection = createProjection(
      run.deps({
        ledger: slow,
        sleep: (_ms, signal) => {
          states.add(projection.status().state);
          sleeps += 1;
          if (sleeps === 60) {
            ending.abort();
          }
          return pause(1, signal);
        },
      }),
    );
    await projection.run(ending.signal);
    expect([...states].sort()).toEqual(['catchingUp', 'stale']);
  });

  describe('that is live', () => {
    /** Counts looks at the height from here on. */
    let looks = 0;
    const counted = (change: () => void = () => undefined): Pick<ProjectionDeps, 'sleep'> => ({
      sleep: (_ms, signal) => {
        looks += 1;
        change();
        return pause(1, signal);
      },
    });
    beforeEach(() => {
      looks = 0;
    });

    it('says that it catches up while its store takes longer than two looks', async () => {
      run.fill(1);
      let isHeld = false;
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      const apply = run.store.apply.bind(run.store);
      jest.spyOn(run.store, 'apply').mockImplementation(async (...given) => {
        if (isHeld) {
          await released;
        }
        await apply(...given);
      });
      const projection = run.start();
      await reaches(projection, ({ state }) => state === 'live');
      isHeld = true;
      run.fill(1);
      expect(await reaches(projection, ({ state }) => state === 'catchingUp')).toMatchObject({
        block: 0,
        height: 2,
      });
      release();
      expect(await reaches(projection, ({ state }) => state === 'live')).toMatchObject({
        block: 1,
        entries: 4,
      });
    });

    it('says that it catches up while its stream gives nothing of what the ledger has', async () => {
      run.fill(1);
      const projection = run.start({
        ledger: withStream(async function* (after, signal) {
          for await (const event of ledger.events(after, signal)) {
            if (event.block === 0n) {
              yield event;
            }
          }
        }),
        ...counted(),
      });
      await reaches(projection, ({ state }) => state === 'live');
      run.fill(1);
      expect(await reaches(projection, ({ state }) => state === 'catchingUp')).toMatchObject({ block: 0 });
      const from = looks;
      while (looks < from + 20) {
        await pause(1, run.signal);
      }
      expect(projection.status()).toMatchObject({ state: 'catchingUp', block: 0, height: 2 });
    });

    it('says so also when what is missing is of a lane that nobody has heard of', async () => {
      run.fill(1);
      const projection = run.start({
        ledger: withStream(async function* (after, signal) {
          for await (const event of ledger.events(after, signal)) {
            if (event.name !== 'AccessRecorded' || event.payload.lane === NORTH) {
              yield event;
            }
          }
        }),
        ...counted(),
      });
      await reaches(projection, ({ state }) => state === 'live');
      ledger.record(SOUTH, [accessRequest({ subject: alice })]);
      expect(await reaches(projection, ({ state }) => state === 'catchingUp')).toMatchObject({
        block: 0,
        height: 2,
      });
    });

    it('stays so while the ledger grows by blocks without events', async () => {
      run.fill(1);
      const states = new Set<string>();
      let isGrowing = false;
      const projection = run.start(
        counted(() => {
          if (!isGrowing) {
            return;
          }
          ledger.silentBlocks += 1;
          states.add(projection.status().state);
        }),
      );
      await reaches(projection, ({ state }) => state === 'live');
      isGrowing = true;
      const from = looks;
      while (looks < from + 20) {
        await pause(1, run.signal);
      }
      expect([...states]).toEqual(['live']);
    });
  });

  it('does not call a list complete that is empty because the first event has not arrived, or not been read, yet', async () => {
    run.fill(1);
    ledger.silentBlocks = 2;
    let now = 0;
    let open: () => void = () => undefined;
    let read: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const mayRead = new Promise<void>((resolve) => (read = resolve));
    const states: string[] = [];
    const projection = run.start({
      clock: () => now,
      ledger: {
        ...withStream(async function* (after, signal) {
          await opened;
          yield* ledger.events(after, signal);
        }),
        getEvents: async (...given) => {
          await mayRead;
          return await ledger.getEvents(...given);
        },
      },
      sleep: (_ms, signal) => {
        states.push(projection.status().state);
        now += 500;
        // The stream opens late, and what it announces is read later still: long after an empty ledger would
        // have been believed.
        if (states.length === 9) {
          open();
        }
        if (states.length === 40) {
          read();
        }
        return pause(1, signal);
      },
    });
    const status = await reaches(projection, ({ state }) => state === 'live');
    expect(status.entries).toBe(2);
    expect(states.length).toBeGreaterThanOrEqual(40);
    expect(new Set(states.slice(0, 40))).toEqual(new Set(['catchingUp']));
  });

  it('believes the blocks of a ledger that it has no events', async () => {
    ledger.silentBlocks = 2;
    const asked = jest.spyOn(ledger, 'findEventBlock');
    expect(await reaches(run.start(), ({ state }) => state === 'live')).toMatchObject({
      block: undefined,
      entries: 0,
      height: 2,
    });
    expect(asked.mock.calls.map(([from, to]) => [from, to])).toEqual([[0n, 2n]]);
  });

  it.each([
    ['NO_ANSWER', 'unavailable', 'the peer runs'],
    ['IDENTITY_REFUSED', 'rejected', 'revoked'],
    ['TLS_REFUSED', 'unavailable', 'TLS certificate'],
    ['BLOCKS_MISSING', 'rejected', 'snapshot'],
  ] as const)(
    'says why the ledger is unavailable: %s, with its remedy, once in the log',
    async (reason, kind, remedy) => {
      const log = pino({ level: 'silent' });
      const warn = jest.fn();
      log.warn = warn;
      run.fill(1);
      ledger.break(new LedgerError(kind, 'what the peer said', { reason }));
      const projection = run.start({ log });
      const status = await reaches(projection, ({ state }) => state === 'stale');
      expect(status).toMatchObject({ problemKind: reason, problem: `ledger unavailable (${reason})` });
      expect(status.remedy).toContain(remedy);
      expect(status.problem).not.toContain('what the peer said');
      expect(warn).toHaveBeenCalledWith(
        expect.objectContaining({ problem: reason, cause: 'what the peer said', remedy: status.remedy }),
        expect.any(String),
      );
      ledger.break(undefined);
      expect(await reaches(projection, ({ state }) => state === 'live')).toMatchObject({
        problemKind: undefined,
        remedy: undefined,
      });
    },
  );

  it('is stale while the ledger is away, and goes on by itself', async () => {
    run.fill(1);
    const projection = run.start();
    await reaches(projection, ({ state }) => state === 'live');
    for (const kind of ['unavailable', 'unknown', 'retryable', 'rejected'] as const) {
      ledger.break(new LedgerError(kind, 'down'));
      await reaches(projection, ({ state }) => state === 'stale');
      run.fill(1);
      ledger.break(undefined);
      await run.applied(projection);
      await reaches(projection, ({ state }) => state === 'live');
    }
    expect(await run.contents()).toEqual(await run.undisturbed());
  });

  it('waits longer after each failure, up to a bound, and never the same for all', async () => {
    const waits: number[] = [];
    ledger.break(new LedgerError('unavailable', 'down'));
    const random = jest.fn(() => 0.5);
    const ending = new AbortController();
    const deps = run.deps({
      random,
      sleep: (ms, signal) => {
        waits.push(ms);
        if (waits.length === 12) {
          ending.abort();
        }
        return pause(0, signal);
      },
    });
    await createProjection(deps).run(ending.signal);
    expect(waits.slice(0, 3)).toEqual([75, 150, 300]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2000);
    expect(random).toHaveBeenCalledTimes(12);
  });

  it('fails loudly on a mistake of its own', async () => {
    run.fill(1);
    jest.spyOn(store, 'apply').mockRejectedValue(new TypeError('a bug'));
    const projection = createProjection(run.deps());
    await expect(projection.run(run.signal)).rejects.toThrow('a bug');
    expect(projection.status().state).toBe('stale');
  });

  describe('rebuilding and checking', () => {
    it('says when a rebuild halts', async () => {
      run.fill(2);
      ledger.records.delete(`${NORTH}~1`);
      expect(await rebuildReadModel(run.deps(), run.signal)).toMatchObject({ state: 'halted' });
    });

    describe('drops nothing when', () => {
      const kept = async (): Promise<void> => {
        run.fill(2);
        await rebuildReadModel(run.deps(), run.signal);
      };
      const refusal = async (expected: object): Promise<void> => {
        const before = await run.contents();
        await expect(rebuildReadModel(run.deps(), run.signal)).rejects.toMatchObject(expected);
        expect(await run.contents()).toEqual(before);
      };

      it('the ledger does not answer', async () => {
        await kept();
        ledger.break(new LedgerError('unavailable', 'down', { reason: 'NO_ANSWER' }));
        await refusal({ reason: 'NO_ANSWER' });
      });

      it('the peer was joined by a snapshot and lacks the first block', async () => {
        await kept();
        jest
          .spyOn(ledger, 'findBlock')
          .mockRejectedValue(new LedgerError('rejected', 'snapshot', { reason: 'BLOCKS_MISSING' }));
        await refusal({ reason: 'BLOCKS_MISSING' });
      });

      it('the ledger is another one, without the first entry', async () => {
        await kept();
        ledger = run.ledger = new FakeProvenanceLedger();
        ledger.record(SOUTH, [accessRequest({ subject: alice })]);
        await refusal({ name: 'RebuildRefused' });
      });

      it('the private events may not be read', async () => {
        await kept();
        jest
          .spyOn(ledger, 'getEvents')
          .mockRejectedValue(new LedgerError('rejected', 'no', { domainCode: 'NOT_ALLOWED' }));
        await refusal({ domainCode: 'NOT_ALLOWED' });
      });
    });

    it('finds no difference where there is none, even while the ledger grows', async () => {
      run.fill(5);
      await rebuildReadModel(run.deps(), run.signal);
      run.fill(2);
      const report = await checkReadModel({ ledger, store }, run.signal);
      expect(report).toEqual({ entries: 10, differences: [], isComplete: true, openPlaces: [] });
      expect(describeCheck(report)).toBe('10 entries re-derived, no difference');
      expect(ledger.blocks).toHaveLength(7);
    });

    it('finds nothing in an empty store', async () => {
      expect(await checkReadModel({ ledger, store }, run.signal)).toMatchObject({
        entries: 0,
        differences: [],
      });
    });

    it('reports what is missing, altered, or too much', async () => {
      run.fill(2);
      const events = ledger.batches.get(`${NORTH}~0`)?.events ?? [];
      const [first] = events;
      if (first === undefined) {
        throw new Error('no event');
      }
      const last = ledger.blocks.at(-1);
      // A store that was filled by somebody else: one event altered, the second batch absent, one entry
      // invented.
      await store.apply(
        [
          {
            lane: NORTH,
            seq: 0,
            start: 0,
            block: 0,
            transactionId: ledger.blocks[0]?.transactionId ?? '',
            firstPosition: 1,
            events: [{ ...first, outcome: 'permit' }, ...events.slice(1)],
          },
          {
            lane: SOUTH,
            seq: 9,
            start: 9,
            block: 1,
            transactionId: 'f'.repeat(64),
            firstPosition: 5,
            events: [first],
          },
        ],
        {
          events: 2,
          block: 1,
          transactionId: last?.transactionId ?? '',
          entries: 4,
          lanes: { [NORTH]: { nextSeq: 2, count: 5 } },
        },
      );
      const report = await checkReadModel({ ledger, store }, run.signal);
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
      run.fill(3);
      await rebuildReadModel(run.deps(), run.signal);
      const checkpoint = await store.checkpoint();
      ledger.blocks.splice(2);
      const report = await checkReadModel({ ledger, store }, run.signal);
      expect(checkpoint?.block).toBe(2);
      expect(report.differences).toContainEqual(expect.objectContaining({ kind: 'checkpoint' }));
    });
  });
});
