// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import Database from 'libsql';
import pino from 'pino';
import type { RecorderLimits } from '../../../../gateway/src/recorder/limits';
import type { Outbox } from '../../../../gateway/src/recorder/outbox';
import { createRecorder } from '../../../../gateway/src/recorder/createRecorder';
import type {
  EmergencyWithoutLedger,
  Recorder,
  RecordOutcome,
} from '../../../../gateway/src/recorder/recorder';
import { outboxOn } from '../../../../gateway/src/recorder/sqliteOutbox';
import { FakeLedger } from './fakeLedger';
import { ManualScheduler } from './manualScheduler';

export const LANE = 'NorthHospitalMSP/ward';
export const silent = pino({ level: 'silent' });

/** Rows by table. */
export type StoreCopy = ReadonlyMap<string, readonly Record<string, string | number | null>[]>;

const TABLES = ['lane', 'outbox', 'owed', 'rival', 'lost'];

export interface Workbench {
  readonly ledger: FakeLedger;
  /** The store as the process that was started last has it. */
  readonly outbox: Outbox;
  readonly scheduler: ManualScheduler;
  /**
   * Ends the processes started so far: nothing that they do has an effect any more, and no answer reaches
   * them.
   */
  kill(): void;
  /** What the store holds now, for {@link restoreStore}. */
  copyStore(): StoreCopy;
  /** Ends the processes started so far; the next one finds the copy. */
  restoreStore(copy: StoreCopy): void;
  /** Without a choice, emergencies without a word of ledger or own peer are released. */
  start(overrides?: {
    lane?: string;
    limits?: Partial<RecorderLimits>;
    outbox?: Outbox;
    emergencyWithoutLedger?: EmergencyWithoutLedger;
  }): Promise<Recorder>;
}

/** One fake ledger, one store in memory that outlives its recorders, and time by hand. */
export function createWorkbench(): Workbench {
  const ledger = new FakeLedger();
  let living = new AbortController();
  const database = new Database(':memory:');
  let outbox = outliving(outboxOn(database));
  const scheduler = new ManualScheduler();
  const kill = (change: () => void): void => {
    living.abort();
    living = new AbortController();
    change();
    outbox = outliving(outboxOn(database));
  };
  return {
    ledger,
    get outbox() {
      return outbox;
    },
    scheduler,
    kill: () => {
      kill(() => undefined);
    },
    copyStore: () =>
      new Map(
        TABLES.map((table) => [
          table,
          database.prepare(`SELECT * FROM ${table}`).all() as Record<string, string | number | null>[],
        ]),
      ),
    restoreStore: (copy) => {
      kill(() => {
        for (const [table, rows] of copy) {
          database.exec(`DELETE FROM ${table}`);
          for (const row of rows) {
            const columns = Object.keys(row);
            const places = columns.map(() => '?').join(', ');
            database
              .prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
              .run(...Object.values(row));
          }
        }
      });
    },
    start: (overrides = {}) => {
      const { signal } = living;
      return createRecorder({
        ledger: mortal(ledger, signal, () => new Promise<never>(() => undefined)),
        lane: overrides.lane ?? LANE,
        outbox: mortal(overrides.outbox ?? outbox, signal, () => {
          throw new Error('this process has ended');
        }),
        emergencyWithoutLedger: overrides.emergencyWithoutLedger ?? 'release',
        log: silent,
        limits: overrides.limits ?? {},
        scheduler: {
          now: () => scheduler.now(),
          after: (milliseconds, action) =>
            scheduler.after(milliseconds, () => {
              if (!signal.aborted) {
                action();
              }
            }),
        },
        jitter: () => 0.5,
      });
    },
  };
}

/**
 * `target` as a process has it that may end: then every call does as `onDead` says, and what is under way is
 * answered by nobody.
 */
function mortal<T extends object>(target: T, ended: AbortSignal, onDead: () => unknown): T {
  return new Proxy(target, {
    get: (_, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') {
        return value;
      }
      return (...args: unknown[]) => {
        if (ended.aborted) {
          return onDead();
        }
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise
          ? result.then(
              (answer: unknown) => (ended.aborted ? new Promise(() => undefined) : answer),
              (error: unknown) =>
                ended.aborted ? new Promise(() => undefined) : Promise.reject(error as Error),
            )
          : result;
      };
    },
  });
}

/** The same store after its recorder has closed it, as a file would be. */
export function outliving(outbox: Outbox): Outbox {
  return new Proxy(outbox, {
    get: (target, property) => {
      if (property === 'close') {
        return () => {
          target.flush();
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Records a request of one part. */
export async function recordOne(recorder: Recorder, request: AccessRequest): Promise<RecordOutcome> {
  const [outcome] = await recorder.record([request]);
  if (outcome === undefined) {
    throw new Error('no outcome for the one part');
  }
  return outcome;
}

export interface Watched {
  outcome?: RecordOutcome;
  error?: unknown;
}

/** Notes what becomes of a request without waiting for it. */
export function watch(promise: Promise<RecordOutcome>): Watched {
  const watched: Watched = {};
  promise.then(
    (outcome) => {
      watched.outcome = outcome;
    },
    (error: unknown) => {
      watched.error = error;
    },
  );
  return watched;
}

export interface WatchedParts {
  outcomes?: readonly RecordOutcome[];
  error?: unknown;
}

/** The same of a request with several parts. */
export function watchParts(promise: Promise<readonly RecordOutcome[]>): WatchedParts {
  const watched: WatchedParts = {};
  promise.then(
    (outcomes) => {
      watched.outcomes = outcomes;
    },
    (error: unknown) => {
      watched.error = error;
    },
  );
  return watched;
}
