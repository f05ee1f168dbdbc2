// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { parseLane } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import { awakeScheduler } from './awakeScheduler';
import { LaneHealth } from './laneHealth';
import { LanePlaces } from './lanePlaces';
import type { EntryNames } from './lateMark';
import { type RecorderLimits, resolveLimits } from './limits';
import type { Outbox } from './outbox';
import { Queue } from './queue';
import type { RecorderDeps, RecordingLedger } from './recorder';
import { type Scheduler, systemScheduler } from './scheduler';
import { StoreHealth } from './storeHealth';

const RANDOM_BYTES = 16;

/** What all parts of one recorder share. Each part says which of it it uses. */
export interface LaneContext {
  readonly ledger: RecordingLedger;
  /** `<MSP id>/<gateway name>`. */
  readonly lane: string;
  readonly outbox: Outbox;
  readonly log: Logger;
  readonly limits: RecorderLimits;
  readonly scheduler: Scheduler;
  /** Time in which this process could have noticed a commit; the health's. */
  readonly awake: Scheduler;
  /** From 0 to 1; spreads retries. */
  readonly jitter: () => number;
  /** A random id and salt for each amendment, and each entry that fills a place. */
  readonly names: () => EntryNames;
  readonly queue: Queue;
  readonly health: LaneHealth;
  readonly store: StoreHealth;
  readonly places: LanePlaces;
}

/** @throws RangeError, DomainError when a limit or the lane's name is not acceptable. */
export function laneContextOf(deps: RecorderDeps): LaneContext {
  const { ledger, lane, outbox, log, jitter = Math.random, random = randomBytes } = deps;
  parseLane(lane);
  const limits = resolveLimits(deps.limits);
  const scheduler = deps.scheduler ?? systemScheduler;
  const name = (): string => Buffer.from(random(RANDOM_BYTES)).toString('base64url');
  return {
    ...{ ledger, lane, outbox, log, limits, scheduler, jitter },
    // Time that a test decides never passes unnoticed.
    awake: deps.scheduler ?? awakeScheduler(),
    names: () => ({ id: name(), salt: name() }),
    queue: new Queue(),
    health: new LaneHealth(limits.awayAfterMs, limits.awayMemoryMs),
    store: new StoreHealth(scheduler, log),
    places: new LanePlaces(lane),
  };
}

/** When the oldest request of those that wait was handed in, or `now`: milliseconds since the epoch. */
export function oldestWaitOf({ queue, places }: LaneContext, now: number): number {
  return now - Math.min(now, queue.oldestSince ?? now, places.oldestOpenedAt ?? now);
}

/** Whether the store could not be written a moment ago. */
export function isStoreFailing({ store, limits }: LaneContext, now: number): boolean {
  const { failedAt } = store;
  return failedAt !== undefined && now - failedAt < limits.awayMemoryMs;
}
