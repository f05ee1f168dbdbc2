// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import { openOutbox, type Outbox } from '../../../gateway/src/recorder/outbox';
import { createRecorder, type Recorder, type RecordOutcome } from '../../../gateway/src/recorder/recorder';
import { FakeLedger, type Fault } from './support/fakeLedger';
import { ManualScheduler } from './support/manualScheduler';
import { emergencyOf, requestOf } from './support/requests';
import { LANE, silent } from './support/workbench';

type Step =
  | { readonly do: 'request'; readonly emergency: boolean }
  | { readonly do: 'fault'; readonly fault: Fault }
  | { readonly do: 'away'; readonly away: boolean }
  /** The disk of the store takes nothing more, or has room again. */
  | { readonly do: 'disk'; readonly full: boolean }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'deliver' }
  | { readonly do: 'release' }
  /** The process ends at its n-th next use of store or ledger, just before or just after its effect. */
  | { readonly do: 'crash'; readonly uses: number; readonly when: 'before' | 'after' };

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ kind: 'none' }),
  fc.constant<Fault>({ kind: 'conflict' }),
  fc.constant<Fault>({ kind: 'away' }),
  fc.constant<Fault>({ kind: 'held' }),
  fc.constantFrom('dropped', 'written', 'delayed').map((fate): Fault => ({ kind: 'lost', fate })),
  fc
    .constantFrom('SUSPENDED', 'INVALID_INPUT', 'NOT_INITIALISED')
    .map((code): Fault => ({ kind: 'refused', code })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.boolean().map((emergency): Step => ({ do: 'request', emergency })) },
  { weight: 4, arbitrary: fault.map((one): Step => ({ do: 'fault', fault: one })) },
  { weight: 2, arbitrary: fc.boolean().map((away): Step => ({ do: 'away', away })) },
  { weight: 2, arbitrary: fc.boolean().map((full): Step => ({ do: 'disk', full })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(0, 1, 20, 300, 3_000, 11_000).map((ms): Step => ({ do: 'advance', ms })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'deliver' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'release' }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('before', 'after'))
      .map(([uses, when]): Step => ({ do: 'crash', uses, when })),
  },
);

/** Random histories per run of the suite. */
const RUNS = 200;

class Crash extends Error {}

const WRITES: ReadonlySet<unknown> = new Set<keyof Outbox>([
  'open',
  'rewrite',
  'withdraw',
  'abandon',
  'flush',
  'fence',
  'journal',
]);

/** The store, whose writes fail without an effect while `isFull`. */
function onDisk(store: Outbox, isFull: () => boolean): Outbox {
  return new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      return typeof value !== 'function'
        ? value
        : (...args: unknown[]) => {
            if (WRITES.has(property) && isFull()) {
              throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
            }
            return Reflect.apply(value, target, args) as unknown;
          };
    },
  });
}

/** One life of the gateway process. After its crash nothing it does has an effect and nobody hears from it. */
class Life {
  isOver = false;
  #left = Infinity;
  #when: 'before' | 'after' = 'before';

  crashAt(uses: number, when: 'before' | 'after'): void {
    this.#left = uses;
    this.#when = when;
  }

  /** `target`, whose every method call counts as a use. */
  limit<T extends object>(target: T, onDead: () => unknown): T {
    return new Proxy(target, {
      get: (_, property) => {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function'
          ? (...args: unknown[]) => this.#use(() => Reflect.apply(value, target, args) as unknown, onDead)
          : value;
      },
    });
  }

  /** Runs a timer's action; what ends the process in it is heard by nobody. */
  perform(action: () => void): void {
    if (this.isOver) {
      return;
    }
    try {
      action();
    } catch (error) {
      if (!(error instanceof Crash)) {
        throw error;
      }
    }
  }

  #use(call: () => unknown, onDead: () => unknown): unknown {
    if (this.isOver) {
      return onDead();
    }
    this.#left -= 1;
    if (this.#left > 0) {
      return call();
    }
    this.isOver = true;
    if (this.#when === 'after') {
      const result = call();
      if (result instanceof Promise) {
        result.catch(() => undefined);
      }
    }
    return onDead();
  }
}

interface Released {
  readonly request: AccessRequest;
  readonly outcome: RecordOutcome;
  readonly wasRecorded: boolean;
  readonly wasOnDisk: boolean;
}

/** Runs the steps on one store and one ledger across as many lives as they take, then heals everything. */
class World {
  readonly ledger = new FakeLedger();
  readonly released: Released[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'recorder-model-'));
  #store: Outbox | undefined;
  #isFull = false;
  readonly #scheduler = new ManualScheduler();
  #life = new Life();
  #recorder: Recorder | undefined;
  #requests = 0;

  constructor() {
    this.ledger.decide = (request, item) => (request.id.charCodeAt(item) & 1) === 0;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.#live();
      await this.#perform(one);
    }
  }

  async heal(): Promise<Recorder> {
    this.ledger.isAway = false;
    this.ledger.faults = [];
    this.#isFull = false;
    this.#life.crashAt(Infinity, 'before');
    this.ledger.deliver();
    for (let turn = 0; turn < 4; turn += 1) {
      this.ledger.releaseHeld();
      await this.#scheduler.advance(30_000);
      await this.#live();
    }
    if (this.#recorder === undefined) {
      throw new Error('no recorder is alive');
    }
    return this.#recorder;
  }

  async #live(): Promise<void> {
    while (this.#recorder === undefined || this.#life.isOver) {
      const life = new Life();
      this.#life = life;
      // What an earlier life kept in memory only is gone; what it wrote is there.
      const store = openOutbox(join(this.#folder, 'outbox.db'));
      this.#store = store;
      const never = (): Promise<never> => new Promise(() => undefined);
      const opening = createRecorder({
        ledger: life.limit(this.ledger, never),
        lane: LANE,
        outbox: life.limit(
          onDisk(store, () => this.#isFull),
          () => {
            throw new Crash();
          },
        ),
        emergencyWithoutLedger: 'release',
        log: silent,
        limits: { pipelineAt: 2, maxBatchEvents: 4, maxInFlight: 3, pipelineAfterMs: 20 },
        scheduler: {
          now: () => this.#scheduler.now(),
          after: (ms, action) =>
            this.#scheduler.after(ms, () => {
              life.perform(action);
            }),
        },
        jitter: () => 0.5,
      });
      this.#recorder = await opening;
    }
  }

  async #perform(one: Step): Promise<void> {
    switch (one.do) {
      case 'request':
        this.#request(one.emergency);
        return;
      case 'fault':
        this.ledger.faults.push(one.fault);
        return;
      case 'away':
        this.ledger.isAway = one.away;
        return;
      case 'disk':
        this.#isFull = one.full;
        return;
      case 'advance':
        await this.#scheduler.advance(one.ms);
        return;
      case 'deliver':
        this.ledger.deliver();
        return;
      case 'release':
        this.ledger.releaseHeld();
        await this.#scheduler.advance(0);
        return;
      case 'crash':
        this.#life.crashAt(one.uses, one.when);
    }
  }

  #request(isEmergency: boolean): void {
    this.#requests += 1;
    const request = isEmergency ? emergencyOf(this.#requests) : requestOf(this.#requests);
    const life = this.#life;
    void this.#recorder?.record([request]).then(
      ([outcome]) => {
        if (!life.isOver && outcome !== undefined) {
          this.released.push({
            request,
            outcome,
            wasRecorded: this.#isRecorded(request.id),
            wasOnDisk: this.#isOnDisk(request.id),
          });
        }
      },
      () => undefined,
    );
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #isRecorded(id: string): boolean {
    return this.ledger.events(LANE).some((event) => event.id === id);
  }

  #isOnDisk(id: string): boolean {
    const batches = this.#store?.batches() ?? [];
    const journal = this.#store?.peekJournal(1_000, 1_000_000) ?? [];
    return [...batches.flatMap((batch) => batch.requests), ...journal.map((entry) => entry.request)].some(
      (request) => request.id === id,
    );
  }
}

function expectSound(world: World, recorder: Recorder): void {
  expect(recorder.state()).toMatchObject({ phase: 'ready', queued: 0, inFlight: 0, journalled: 0 });
  let start = 0;
  world.ledger.lane(LANE).forEach((batch, index) => {
    expect([batch.seq, batch.start]).toEqual([index, start]);
    start += batch.events.length;
  });
  const events = world.ledger.events(LANE);
  const byId = new Map(events.map((event) => [event.id, event]));
  expect(byId.size).toBe(events.length);
  for (const { request, outcome, wasRecorded, wasOnDisk } of world.released) {
    const event = byId.get(request.id);
    expect(event).toBeDefined();
    if (outcome.late) {
      expect(request.purpose).toBe('BTG');
      expect(wasRecorded || wasOnDisk).toBe(true);
    } else {
      expect(wasRecorded).toBe(true);
      expect(outcome.permitted).toEqual(event?.items.map((item) => item.decision === 'permit'));
    }
  }
}

test('whatever fails and whenever the process ends: nothing is released without its one record, and the lane has no gap', async () => {
  let released = 0;
  let late = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const world = new World();
      await world.run(steps);
      expectSound(world, await world.heal());
      released += world.released.length;
      late += world.released.filter((one) => one.outcome.late).length;
      world.dispose();
    }),
    { numRuns: RUNS },
  );
  // A model that never releases would pass everything above.
  expect(released).toBeGreaterThan(RUNS);
  expect(late).toBeGreaterThan(RUNS / 10);
}, 120_000);
