// SPDX-License-Identifier: Apache-2.0
import { pino } from 'pino';
import { rebuildReadModel } from '../../../gateway/src/projection/maintenance';
import {
  createProjection,
  type Projection,
  type ProjectionDeps,
} from '../../../gateway/src/projection/projection';
import type { ProjectionStatus } from '../../../gateway/src/projection/projectionStatus';
import type { AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { accessRequest, testSubject } from '../../support/accessRequests';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';
import { pause } from '../../support/pause';

// Nothing here waits for time to pass; a busy machine is slow all the same.
jest.setTimeout(30_000);

export const NORTH = 'NorthHospitalMSP/main';
export const SOUTH = 'SouthClinicMSP/main';
export const alice = testSubject('alice');
export const bob = testSubject('bob');

/** Resolves with the first status that satisfies `wanted`. */
export function reaches(
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

/** Projections of a fake ledger into one store, and what they should come to. */
export class ProjectionRun {
  ledger = new FakeProvenanceLedger();
  #stop = new AbortController();
  readonly #running: Promise<void>[] = [];

  readonly store: AccessStore;

  constructor(store: AccessStore) {
    this.store = store;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  deps(change: Partial<ProjectionDeps> = {}): ProjectionDeps {
    return {
      ledger: this.ledger,
      store: this.store,
      log: pino({ level: 'silent' }),
      clock: () => 1_000_000,
      random: () => 0,
      // Retries and polls follow at once: what is tested is the order of things, not the waiting.
      sleep: (_ms, signal) => pause(1, signal),
      ...change,
    };
  }

  start(change: Partial<ProjectionDeps> = {}): Projection {
    const projection = createProjection(this.deps(change));
    this.#running.push(projection.run(this.#stop.signal));
    return projection;
  }

  /** Stops what was started; more can be started after. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended();
    this.#stop = new AbortController();
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running.splice(0));
  }

  applied(projection: Projection): Promise<ProjectionStatus> {
    return reaches(projection, ({ block }) => block === this.ledger.blocks.length - 1);
  }

  fill(batches: number): void {
    for (let at = 0; at < batches; at += 1) {
      this.ledger.record(at % 3 === 2 ? SOUTH : NORTH, [
        accessRequest({ subject: alice }),
        accessRequest({ subject: at % 2 === 0 ? bob : alice, purpose: 'HPAYMT' }),
      ]);
    }
  }

  async contents(given = this.store): Promise<unknown> {
    const checkpoint = await given.checkpoint();
    // Which block it last saw depends on the moment, everything else on the ledger alone.
    return [await given.scan(1, 1000), checkpoint && { ...checkpoint, anchor: undefined }];
  }

  /** What a projection without any trouble makes of the same ledger. */
  async undisturbed(): Promise<unknown> {
    const clean = openSqlAccessStore(':memory:');
    await rebuildReadModel(this.deps({ store: clean }), this.signal);
    const found = await this.contents(clean);
    await clean.close();
    return found;
  }
}
