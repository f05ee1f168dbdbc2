// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import type { RecorderLimits } from '../../../../gateway/src/recorder/limits';
import { openOutbox, type Outbox } from '../../../../gateway/src/recorder/outbox';
import {
  createRecorder,
  type EmergencyWithoutLedger,
  type Recorder,
  type RecordOutcome,
} from '../../../../gateway/src/recorder/recorder';
import { FakeLedger } from './fakeLedger';
import { ManualScheduler } from './manualScheduler';

export const LANE = 'NorthHospitalMSP/ward';
export const silent = pino({ level: 'silent' });

export interface Workbench {
  readonly ledger: FakeLedger;
  readonly outbox: Outbox;
  readonly scheduler: ManualScheduler;
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
  const outbox = outliving(openOutbox(':memory:'));
  const scheduler = new ManualScheduler();
  return {
    ledger,
    outbox,
    scheduler,
    start: (overrides = {}) =>
      createRecorder({
        ledger,
        lane: overrides.lane ?? LANE,
        outbox: overrides.outbox ?? outbox,
        emergencyWithoutLedger: overrides.emergencyWithoutLedger ?? 'release',
        log: silent,
        limits: overrides.limits ?? {},
        scheduler,
        jitter: () => 0.5,
      }),
  };
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
