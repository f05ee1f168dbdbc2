// SPDX-License-Identifier: Apache-2.0
import { LEDGER_REMEDIES } from '../ledger/ledgerError';
import type { OwedCounts } from './outbox';
import type { LaneContext } from './laneContext';
import { findLost } from './restoredStore';
import { pause } from './scheduler';

/** Peers that do not give what was lost do so, if ever, after somebody has mended them. */
const LOOK_AGAIN_MS = 60_000;

export type LostEventsOptions = Pick<
  LaneContext,
  'ledger' | 'outbox' | 'names' | 'lane' | 'scheduler' | 'log'
> & {
  /** What waited is decided: some of it may be owed again. */
  readonly onFound: () => void;
};

/**
 * Places that are on the ledger and whose events nobody gives, after own peer and store came back from one
 * backup: whatever was owed then may stand there, so it waits by name, and everything newer goes on. Looks
 * again until the events are given.
 */
export class LostEvents {
  readonly #options: LostEventsOptions;
  readonly #stop = new AbortController();
  #isWatching = false;

  constructor(options: LostEventsOptions) {
    this.#options = options;
  }

  /** Entries that wait. */
  get waiting(): number {
    return this.#options.outbox.owed().waiting;
  }

  /** For an operator; `undefined` when nothing is lost. */
  get reason(): string | undefined {
    const { outbox, lane } = this.#options;
    const { lost: batches } = outbox.owed();
    return batches === 0
      ? undefined
      : `EVENTS_LOST_HERE: nobody gives the events of ${counted(batches, 'batch', 'batches')} that this gateway wrote before its store ` +
          `and peer came back from a backup. ${counted(this.waiting, 'entry waits', 'entries wait')}, since each may stand there; ` +
          `lane ${lane} goes on.`;
  }

  /** What to do about {@link reason}; `undefined` when nothing is lost. */
  get remedy(): string | undefined {
    return hasLost(this.#options.outbox.owed()) ? LEDGER_REMEDIES.EVENTS_LOST_HERE : undefined;
  }

  /** Looks until nothing is lost any more. */
  async watch(): Promise<void> {
    if (!this.#isWatching) {
      this.#isWatching = true;
      await this.#look();
      this.#isWatching = false;
    }
  }

  async #look(): Promise<void> {
    const { outbox, scheduler, log, onFound } = this.#options;
    const { signal } = this.#stop;
    for (let tries = 1; !signal.aborted && hasLost(outbox.owed()); tries += 1) {
      try {
        if (await findLost(this.#options)) {
          log.info('the events that were lost have been read; what is not among them is recorded now');
          onFound();
          return;
        }
      } catch (error) {
        log.debug({ err: error }, 'lost events could not be looked for');
      }
      if ((tries & (tries - 1)) === 0) {
        log.error({ problem: 'EVENTS_LOST_HERE', remedy: this.remedy, tries }, this.reason ?? '');
      }
      await pause(scheduler, LOOK_AGAIN_MS, signal);
    }
  }

  stop(): void {
    this.#stop.abort(new Error('the recorder is closed'));
  }
}

/** What waits without a lost place was written down just before the process ended. */
function hasLost({ lost, waiting }: OwedCounts): boolean {
  return lost + waiting > 0;
}

function counted(number: number, one: string, several: string): string {
  return `${String(number)} ${number === 1 ? one : several}`;
}
