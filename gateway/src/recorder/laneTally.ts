// SPDX-License-Identifier: Apache-2.0
import type { LedgerError } from '../ledger/ledgerError';
import { backoffMs } from './backoff';
import type { LaneContext } from './laneContext';
import type { PendingBatch } from './pendingBatch';
import type { BatchReport } from './recorder';

export type LaneTallyOptions = Pick<
  LaneContext,
  'lane' | 'places' | 'health' | 'scheduler' | 'awake' | 'jitter' | 'log'
> & {
  readonly onBatch: ((report: BatchReport) => void) | undefined;
};

/** What one process has seen of its lane: how much was committed, and what failed last. */
export class LaneTally {
  readonly #options: LaneTallyOptions;
  #hasCommitted = false;
  #failures = 0;
  #isUnreached = false;
  readonly totals = { events: 0, batches: 0, failed: 0, lastCommitAt: undefined as number | undefined };

  constructor(options: LaneTallyOptions) {
    this.#options = options;
  }

  /** Whether this process has seen a commit in this lane, not one of an earlier name. */
  get hasCommitted(): boolean {
    return this.#hasCommitted;
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Whether it failed because the ledger was out of reach. */
  get isUnreached(): boolean {
    return this.#isUnreached;
  }

  /** @param events how many the place holds. */
  noteCommit({ lane, seq, openedAt }: PendingBatch, events: number): void {
    const { places, scheduler, awake, health, onBatch } = this.#options;
    const now = scheduler.now();
    this.#failures = 0;
    this.#isUnreached = false;
    this.totals.events += events;
    this.totals.batches += 1;
    this.totals.lastCommitAt = now;
    if (lane === this.#options.lane) {
      this.#hasCommitted = true;
      places.noteProven(seq);
    }
    health.committed(awake.now(), true);
    onBatch?.({ lane, seq, events, milliseconds: now - openedAt });
  }

  /** @returns how long to wait before the next try, in milliseconds. */
  noteFailure({ lane, seq }: PendingBatch, error: LedgerError): number {
    const { jitter, log } = this.#options;
    this.#failures += 1;
    this.totals.failed += 1;
    const wait = backoffMs(error.kind, this.#failures, jitter());
    // The ledger that the service watches logs, once and with its remedy, what keeps it from committing.
    const level = error.kind === 'rejected' ? 'error' : 'debug';
    log[level](
      { err: error, lane, seq, failures: this.#failures, retryInMs: wait },
      'a batch was not committed; it is tried again',
    );
    this.#isUnreached = error.kind === 'unavailable' || error.kind === 'unknown';
    return wait;
  }
}
