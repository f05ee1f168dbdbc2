// SPDX-License-Identifier: Apache-2.0
/**
 * The product's own parts on a native network, as tests of outages use them: lanes that record, and a
 * projection that follows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessEvent, AccessRequest } from '@chartwitness/chaincode/domain';
import { pino } from 'pino';
import type { FabricLedger } from '../../gateway/src/ledger/fabricLedger';
import type { LedgerError } from '../../gateway/src/ledger/ledgerError';
import type { ProvenanceLedger } from '../../gateway/src/ledger/provenanceLedger';
import { createProjection, type Projection } from '../../gateway/src/projection/projection';
import type { AccessStore } from '../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../gateway/src/readmodel/sqlAccessStore';
import type { RecorderLimits } from '../../gateway/src/recorder/limits';
import { openOutbox } from '../../gateway/src/recorder/sqliteOutbox';
import { createRecorder } from '../../gateway/src/recorder/createRecorder';
import type { Recorder, RecordOutcome } from '../../gateway/src/recorder/recorder';
import { pause } from '../support/pause';

const silent = pino({ level: 'silent' });

export interface Lane {
  readonly name: string;
  readonly recorder: Recorder;
  /** One request of one part. */
  record(request: AccessRequest): Promise<RecordOutcome>;
  /** Why attempts failed so far, in the ledger's words. */
  readonly failures: readonly LedgerError[];
  /** Resolves with the first failure that `wanted` accepts, earlier ones included. */
  fails(wanted: (error: LedgerError) => boolean): Promise<LedgerError>;
  close(): Promise<void>;
}

/** A recorder on a lane of the ledger's organisation, with a store of its own. */
export async function openLane(
  ledger: FabricLedger,
  gateway: string,
  limits: Partial<RecorderLimits> = {},
): Promise<Lane> {
  const folder = mkdtempSync(join(tmpdir(), 'lane-'));
  const name = `${ledger.mspId}/${gateway}`;
  const failures: LedgerError[] = [];
  const listeners = new Set<() => void>();
  const recorder = await createRecorder({
    ledger: overheard(ledger, (error) => {
      failures.push(error);
      for (const listener of [...listeners]) {
        listener();
      }
    }),
    lane: name,
    outbox: openOutbox(join(folder, 'outbox.db')),
    emergencyWithoutLedger: 'refuse',
    log: silent,
    limits: { deadlineMs: 60_000, ...limits },
  });
  return {
    name,
    recorder,
    record: async (request) => {
      const [outcome] = await recorder.record([request]);
      if (outcome === undefined) {
        throw new Error('no outcome for the one part');
      }
      return outcome;
    },
    failures,
    fails: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = failures.find(wanted);
          if (found === undefined) {
            return;
          }
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
    close: async () => {
      await recorder.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The ledger itself; `failed` hears why a batch was not recorded. */
function overheard(ledger: FabricLedger, failed: (error: LedgerError) => void): FabricLedger {
  return new Proxy(ledger, {
    get: (target, name) => {
      if (name !== 'recordBatch') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return async (...args: Parameters<FabricLedger['recordBatch']>) => {
        try {
          return await target.recordBatch(...args);
        } catch (error) {
          failed(error as LedgerError);
          throw error;
        }
      };
    },
  });
}

/** Everything that the lane holds on the ledger, in order, as `ledger`'s organisation reads it. */
export async function eventsOf(
  ledger: Pick<ProvenanceLedger, 'findBatch' | 'getEvents'>,
  lane: string,
): Promise<readonly AccessEvent[]> {
  const events: AccessEvent[] = [];
  for (let seq = 0; ; seq += 1) {
    const record = await ledger.findBatch(lane, seq);
    if (record === undefined) {
      return events;
    }
    if (record.start !== events.length) {
      throw new Error(`${lane} has a gap before seq ${String(seq)}`);
    }
    events.push(...(await ledger.getEvents(lane, seq)).events);
  }
}

export interface Following {
  readonly projection: Projection;
  readonly store: AccessStore;
  close(): Promise<void>;
}

/** A projection of the trustee's ledger into a store of its own. */
export function follow(ledger: FabricLedger): Following {
  const stop = new AbortController();
  const store = openSqlAccessStore(':memory:');
  const projection = createProjection({
    ledger,
    store,
    log: silent,
    clock: Date.now,
    random: Math.random,
    sleep: pause,
    pollMs: 50,
  });
  const running = projection.run(stop.signal);
  return {
    projection,
    store,
    close: async () => {
      stop.abort();
      await running;
      await store.close();
    },
  };
}
