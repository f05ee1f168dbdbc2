// SPDX-License-Identifier: Apache-2.0
/**
 * A ledger that is another one than before, and peers that are not as far as each other: told apart, and
 * never shown as live.
 */
import fc from 'fast-check';
import { pino } from 'pino';
import type { FollowedLedger } from '../../../gateway/src/projection/projection';
import type { ProjectionStatus } from '../../../gateway/src/projection/projectionStatus';
import type { AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { accessRequest } from '../../support/accessRequests';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';
import { pause } from '../../support/pause';
import { alice, NORTH, ProjectionRun, reaches, SOUTH } from './projectionRun';

let run: ProjectionRun;
let store: AccessStore;
beforeEach(() => {
  store = openSqlAccessStore(':memory:');
  run = new ProjectionRun(store);
});
afterEach(async () => {
  await run.stop();
  await store.close();
});
const record = (ledger: FakeProvenanceLedger, lane = NORTH): void => {
  ledger.record(lane, [accessRequest({ subject: alice })]);
};
/** The same network after peers and orderers were restored from a copy of `blocks` blocks and went on. */
function restored(ledger: FakeProvenanceLedger, blocks: number): FakeProvenanceLedger {
  const copy = new FakeProvenanceLedger();
  copy.branchedAt = blocks;
  ledger.blocks.slice(0, blocks).forEach((event) => {
    copy.blocks.push(event);
    if (event.name === 'AccessRecorded') {
      const key = `${event.payload.lane}~${String(event.payload.seq)}`;
      const batch = ledger.batches.get(key);
      if (batch !== undefined) {
        copy.batches.set(key, batch);
        copy.records.set(key, {
          start: batch.start,
          count: event.payload.count,
          batchRoot: event.payload.batchRoot,
        });
      }
    }
  });
  return copy;
}

describe('a ledger that was restored from an older copy', () => {
  const projected = async (): Promise<void> => {
    for (let at = 0; at < 4; at += 1) {
      record(run.ledger);
    }
    await run.applied(run.start());
    await run.stop();
  };

  it('is waited for while it is shorter than the list, and halts the list by name when it has grown past it', async () => {
    await projected();
    run.ledger = restored(run.ledger, 2);
    const projection = run.start();
    expect(await reaches(projection, ({ state }) => state === 'stale')).toMatchObject({
      problemKind: 'PEER_BEHIND',
      haltReason: undefined,
    });
    // The new branch grows beyond what the list has applied.
    run.ledger.history = 'second';
    for (let at = 0; at < 3; at += 1) {
      record(run.ledger);
    }
    const status = await reaches(projection, ({ state }) => state === 'halted');
    expect(status).toMatchObject({
      haltReason: 'LEDGER_FORKED',
      problemKind: 'LEDGER_FORKED',
      problem: 'LEDGER_FORKED: block 3 of this ledger lacks the last transaction of the list',
    });
    expect(status.remedy).toContain('decide with the other organisations');
    expect(await store.scan(1, 100)).toHaveLength(4);
  });

  it('is found out also when the very same transaction is in the same place of another branch', async () => {
    await projected();
    const old = run.ledger;
    run.ledger = restored(old, 4);
    // Blocks have other hashes, although the list's last transaction is where it was.
    run.ledger.branchedAt = 3;
    run.ledger.history = 'second';
    expect(await reaches(run.start(), ({ state }) => state === 'halted')).toMatchObject({
      haltReason: 'LEDGER_FORKED',
      problem: 'LEDGER_FORKED: block 3 of this ledger is another block than before',
    });
  });

  it('is found out at once, however short it is, when it was set up anew', async () => {
    await projected();
    run.ledger = restored(run.ledger, 0);
    run.ledger.history = 'second';
    record(run.ledger);
    expect(await reaches(run.start(), ({ state }) => state === 'halted')).toMatchObject({
      problem: 'LEDGER_FORKED: block 0 of this ledger is another block than before',
    });
  });

  it('is found out while a batch is under way, and halts the list by name', async () => {
    record(run.ledger);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { ledger } = run;
    const projection = run.start({
      ledger: {
        tip: () => ledger.tip(),
        findBlock: (...given) => ledger.findBlock(...given),
        findEventBlock: (from, to) => ledger.findEventBlock(from, to),
        getEvents: (...given) => ledger.getEvents(...given),
        events: (after, signal) => ledger.events(after, signal),
        findBatch: async (...given) => {
          ledger.history = 'second';
          await held;
          return await ledger.findBatch(...given);
        },
      },
    });
    const halted = reaches(projection, ({ state }) => state === 'halted');
    await pause(50, new AbortController().signal);
    release();
    expect(await halted).toMatchObject({ haltReason: 'LEDGER_FORKED' });
  });

  it('is found out while the list follows it', async () => {
    record(run.ledger);
    const projection = run.start();
    await reaches(projection, ({ state }) => state === 'live');
    run.ledger.history = 'second';
    expect(await reaches(projection, ({ state }) => state === 'halted')).toMatchObject({
      haltReason: 'LEDGER_FORKED',
    });
  });

  it('is found out wherever it branches off, and an honest ledger never is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          applied: fc.integer({ min: 1, max: 5 }),
          kept: fc.integer({ min: 0, max: 5 }),
          grown: fc.integer({ min: 0, max: 6 }),
          honest: fc.boolean(),
        }),
        async ({ applied, kept, grown, honest }) => {
          const one = openSqlAccessStore(':memory:');
          const tried = new ProjectionRun(one);
          for (let at = 0; at < applied; at += 1) {
            record(tried.ledger);
          }
          await tried.applied(tried.start());
          await tried.stop();
          const common = Math.min(kept, applied - 1);
          if (!honest) {
            tried.ledger = restored(tried.ledger, common);
            tried.ledger.history = 'second';
          }
          for (let at = 0; at < grown; at += 1) {
            record(tried.ledger, at % 2 === 0 ? NORTH : SOUTH);
          }
          const { state, problemKind } = await reaches(
            tried.start(),
            (status) => status.state !== 'catchingUp',
          );
          const expected = honest
            ? ['live', undefined]
            : common + grown < applied && (common > 0 || grown === 0)
              ? ['stale', 'PEER_BEHIND']
              : ['halted', 'LEDGER_FORKED'];
          expect([state, problemKind]).toEqual(expected);
          await tried.stop();
          await one.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});

/**
 * One address, behind it two peers of one ledger; the second has only `height` blocks. Each call goes to
 * whichever `choose` says.
 */
function twoPeers(
  ledger: FakeProvenanceLedger,
  behind: { height: number },
  choose: () => 'ahead' | 'behind',
): FollowedLedger {
  const limit = (): number => (choose() === 'ahead' ? Infinity : behind.height);
  const missing = new LedgerError('rejected', 'NOT_FOUND|no such batch', { domainCode: 'NOT_FOUND' });
  const has = (lane: string, seq: number, height: number): boolean =>
    ledger.blocks
      .slice(0, height)
      .some(
        (event) =>
          event.name === 'AccessRecorded' && event.payload.lane === lane && event.payload.seq === seq,
      );
  return {
    tip: async () => {
      const tip = await ledger.tip();
      const height = limit();
      if (Number(tip.height) <= height) {
        return tip;
      }
      const last = await ledger.findBlock(BigInt(height - 1));
      return { height: BigInt(height), hash: last?.hash ?? '' };
    },
    findBlock: async (number) => (Number(number) < limit() ? await ledger.findBlock(number) : undefined),
    findEventBlock: async (from, to) => {
      if (Number(to) > limit()) {
        throw new LedgerError('unavailable', 'no block', { reason: 'PEER_BEHIND' });
      }
      return await ledger.findEventBlock(from, to);
    },
    findBatch: async (lane, seq) => (has(lane, seq, limit()) ? await ledger.findBatch(lane, seq) : undefined),
    getEvents: async (lane, seq) => {
      if (!has(lane, seq, limit())) {
        throw missing;
      }
      return await ledger.getEvents(lane, seq);
    },
    events: async function* (after, signal) {
      const isAhead = choose() === 'ahead';
      for await (const event of ledger.events(after, signal)) {
        while (!isAhead && Number(event.block) >= behind.height && !signal.aborted) {
          await pause(1, signal);
        }
        if (signal.aborted) {
          return;
        }
        yield event;
      }
    },
  };
}

describe('two peers behind one address, one of them behind', () => {
  it('halts nothing when every connection is led to the one behind: stale, then live when it has caught up', async () => {
    for (let at = 0; at < 4; at += 1) {
      record(run.ledger);
    }
    let peer: 'ahead' | 'behind' = 'ahead';
    const behind = { height: 2 };
    const ledger = twoPeers(run.ledger, behind, () => peer);
    await run.applied(run.start({ ledger }));
    await run.stop();
    peer = 'behind';
    const projection = run.start({ ledger });
    expect(await reaches(projection, ({ state }) => state === 'stale')).toMatchObject({
      problemKind: 'PEER_BEHIND',
      problem: 'ledger unavailable (PEER_BEHIND)',
    });
    behind.height = 4;
    await reaches(projection, ({ state }) => state === 'live');
    record(run.ledger);
    behind.height = 5;
    expect(await run.applied(projection)).toMatchObject({ entries: 5 });
  });

  it('ends in the whole list, live, whichever of them answers each call', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 30, maxLength: 60 }), async (choices) => {
        const one = openSqlAccessStore(':memory:');
        const tried = new ProjectionRun(one);
        for (let at = 0; at < 3; at += 1) {
          record(tried.ledger);
        }
        const behind = { height: 1 };
        let calls = 0;
        const ledger = twoPeers(tried.ledger, behind, () => {
          const choice = choices[calls];
          calls += 1;
          if (choice === undefined) {
            behind.height = 6;
          }
          return choice === true ? 'ahead' : 'behind';
        });
        const projection = tried.start({ ledger });
        for (let at = 0; at < 3; at += 1) {
          record(tried.ledger, SOUTH);
        }
        const status = await reaches(
          projection,
          ({ state, entries }) => state === 'halted' || (state === 'live' && entries === 6),
        );
        expect(status.problem).toBeUndefined();
        await tried.stop();
        expect(await tried.contents()).toEqual(await tried.undisturbed());
        await one.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe('a stream that gives nothing of what the blocks hold', () => {
  it('is an alarm after ten seconds, and is opened anew until it gives it', async () => {
    record(run.ledger);
    let now = 0;
    let opened = 0;
    const warn = jest.fn();
    const log = pino({ level: 'silent' });
    log.warn = warn;
    const statuses: ProjectionStatus[] = [];
    const projection = run.start({
      log,
      clock: () => now,
      sleep: (_ms, signal) => {
        now += 1000;
        return pause(1, signal);
      },
      ledger: {
        findBatch: (...given) => run.ledger.findBatch(...given),
        getEvents: (...given) => run.ledger.getEvents(...given),
        findBlock: (...given) => run.ledger.findBlock(...given),
        findEventBlock: (from, to) => run.ledger.findEventBlock(from, to),
        tip: () => run.ledger.tip(),
        events: async function* (after, signal) {
          opened += 1;
          if (opened === 1) {
            for await (const event of run.ledger.events(after, signal)) {
              if (event.block === 0n) {
                yield event;
              }
            }
          }
          yield* run.ledger.events(after, signal);
        },
      },
    });
    projection.watch((status) => statuses.push(status));
    await reaches(projection, ({ state }) => state === 'live');
    record(run.ledger, SOUTH);
    const silent = await reaches(projection, ({ problemKind }) => problemKind === 'STREAM_SILENT');
    expect(silent).toMatchObject({ state: 'stale', block: 0, height: 2 });
    expect(now).toBeGreaterThanOrEqual(10_000);
    expect(await reaches(projection, ({ state }) => state === 'live')).toMatchObject({ entries: 2 });
    expect(opened).toBe(2);
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ problem: 'STREAM_SILENT', remedy: expect.any(String) as string }),
      expect.any(String),
    );
    // Between the new event and the alarm it never called itself live.
    const from = statuses.findIndex(({ state, height }) => state === 'catchingUp' && height === 2);
    const to = statuses.findIndex(({ problemKind }) => problemKind === 'STREAM_SILENT');
    expect(new Set(statuses.slice(from, to).map(({ state }) => state))).toEqual(new Set(['catchingUp']));
  });
});
