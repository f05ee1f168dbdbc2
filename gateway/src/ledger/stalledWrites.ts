// SPDX-License-Identifier: Apache-2.0
import type { After } from '../retry/after';
import type { LedgerFailureReason } from './ledgerError';
import { type HangingLedger, whatHangs } from './whatHangs';

/**
 * So long no batch commits before everybody is asked: as long as until the lane counts as away, unless that
 * is set otherwise.
 */
const STALLED_MS = 2_000;
/** Pause before everybody is asked again. */
const AGAIN_MS = 10_000;

export interface StalledWritesOptions {
  readonly ledger: HangingLedger;
  readonly after: After;
  /** What was found; for as long as no batch commits. */
  readonly onFound: (reason: LedgerFailureReason) => void;
}

/**
 * Batches that hang: their own failure comes after many seconds, and often does not say whose it is. So while
 * none commits, it is asked who does not answer. Where all do and none is behind, it is the orderers.
 */
export class StalledWrites {
  readonly #options: StalledWritesOptions;
  #underWay = 0;
  #commits = 0;
  #isAsking = false;
  #cancel: (() => void) | undefined;
  #found: LedgerFailureReason | undefined;

  constructor(options: StalledWritesOptions) {
    this.#options = options;
  }

  /** What was found out since the last commit. */
  get found(): LedgerFailureReason | undefined {
    return this.#found;
  }

  begun(lane: string): void {
    this.#underWay += 1;
    this.#cancel ??= this.#askAfter(STALLED_MS, lane);
  }

  /** The call has ended: by a commit, or by an answer of whatever kind. */
  committed(lane: string): void {
    this.#underWay -= 1;
    this.#commits += 1;
    this.#found = undefined;
    this.#cancel?.();
    this.#cancel = this.#underWay > 0 ? this.#askAfter(STALLED_MS, lane) : undefined;
  }

  /** @param isVague whether the failure does not say whose it is. */
  failed(lane: string, isVague: boolean): void {
    this.#underWay -= 1;
    if (isVague && this.#found === undefined) {
      void this.#ask(lane);
    }
  }

  #askAfter(milliseconds: number, lane: string): () => void {
    return this.#options.after(milliseconds, () => {
      this.#cancel = undefined;
      if (this.#underWay > 0) {
        void this.#ask(lane);
        this.#cancel = this.#askAfter(AGAIN_MS, lane);
      }
    });
  }

  async #ask(lane: string): Promise<void> {
    if (this.#isAsking) {
      return;
    }
    const { ledger, after, onFound } = this.#options;
    const commits = this.#commits;
    this.#isAsking = true;
    const pause = (milliseconds: number): Promise<void> =>
      new Promise((resolve) => {
        after(milliseconds, resolve);
      });
    const hanging = await whatHangs(ledger, lane, pause);
    this.#isAsking = false;
    const reason = hanging ?? (this.#underWay > 0 ? 'ORDERER_AWAY' : undefined);
    if (reason !== undefined && commits === this.#commits) {
      this.#found = reason;
      onFound(reason);
    }
  }
}
