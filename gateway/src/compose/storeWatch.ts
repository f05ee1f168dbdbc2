// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import type { PartHealth } from '../http/health';
import { STORE_CANNOT_BE_WRITTEN } from '../recorder/laneReason';
import { type After, afterTimeout } from '../retry/after';
import { isStorageFailure } from '../sqlite/storageFailure';

/** Pause between two probes while the store serves; so late a full disk is known that nobody has met. */
const EVERY_MS = 10_000;
/** The same while it fails. */
const FAILING_MS = 1_000;
/** So many probes in a row must succeed until it counts as mended: a disk at its brim takes some writes. */
const MENDED_AFTER = 3;

export interface StoreWatchOptions {
  /** The store in words for an operator. */
  readonly store: string;
  /** Writes to it and changes nothing. @throws what a write throws. */
  readonly probe: () => void;
  readonly log: Pick<Logger, 'error' | 'info'>;
  readonly after?: After;
}

/**
 * Whether a store can be written, also while nobody needs it. Failures that callers meet are noted; the rest
 * is found by probes. Logged when it begins and when it is over, once each.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #code: string | undefined;
  #successes = 0;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** A call of the store has failed. */
  note(error: unknown): void {
    this.#successes = 0;
    if (this.#code !== undefined || this.#isClosed) {
      return;
    }
    this.#code = codeOf(error);
    const { store, log } = this.#options;
    log.error(
      { store, code: this.#code, remedy: STORE_CANNOT_BE_WRITTEN.remedy },
      'a store of this service cannot be written; what needs it is refused',
    );
    this.#schedule();
  }

  health(): PartHealth {
    return this.#code === undefined
      ? { ready: true }
      : {
          ready: false,
          reason: `the store of ${this.#options.store} cannot be written (${this.#code})`,
          remedy: STORE_CANNOT_BE_WRITTEN.remedy,
        };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #schedule(): void {
    const { after = afterTimeout } = this.#options;
    this.#cancel();
    this.#cancel = after(this.#code === undefined ? EVERY_MS : FAILING_MS, () => {
      this.#look();
    });
  }

  #look(): void {
    const { probe, store, log } = this.#options;
    try {
      probe();
      this.#successes += 1;
    } catch (error) {
      this.note(error);
    }
    if (this.#code !== undefined && this.#successes >= MENDED_AFTER) {
      this.#code = undefined;
      log.info({ store }, 'a store of this service can be written again');
    }
    this.#schedule();
  }
}

function codeOf(error: unknown): string {
  return isStorageFailure(error) ? (error as Error & { code: string }).code : 'no answer';
}
