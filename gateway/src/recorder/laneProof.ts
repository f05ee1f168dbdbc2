// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';
import type { LanePlaces } from './lanePlaces';
import type { RecordingLedger } from './recorder';
import type { Scheduler } from './scheduler';

/**
 * So old, in milliseconds, a proof is made anew beside the batches; and so old, none is handed in before
 * there is another.
 */
const RENEWED_AFTER_MS = 1_000;
const VALID_FOR_MS = 1_500;

export interface LaneProofOptions {
  readonly ledger: Pick<RecordingLedger, 'findBatch'>;
  readonly lane: string;
  readonly places: Pick<LanePlaces, 'provenSeq'>;
  readonly scheduler: Scheduler;
  /**
   * The ledger no longer has the highest place that was committed: it is another copy, or the peer is behind.
   */
  readonly onLost: (seq: number) => void;
}

/**
 * Proves that the ledger is the one on which this lane was written: the highest committed place is still
 * there. A ledger that came back from an older copy would take the next place as willingly, and the lane had
 * a hole for ever.
 */
export class LaneProof {
  readonly #options: LaneProofOptions;
  /** When the last proof came; `undefined` when there is none, or something failed since. */
  #provenAt: number | undefined;
  #isLost = false;
  #running: Promise<LedgerError | undefined> | undefined;
  /** How often the ledger was out of reach so far, and up to which time the last proof covers that. */
  #absences = 0;
  #coveredAbsences = 0;

  constructor(options: LaneProofOptions) {
    this.#options = options;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Whether a transaction that was proposed after a proof may be handed in still: the ledger was not out of
   * reach in between.
   */
  get mayHandIn(): boolean {
    const { provenSeq } = this.#options.places;
    return !this.#isLost && (provenSeq === undefined || this.#coveredAbsences === this.#absences);
  }

  /** A try failed: what is on the ledger now must be looked at before the next one. */
  noteFailure({ kind }: LedgerError): void {
    this.#provenAt = undefined;
    if (kind === 'unavailable' || kind === 'unknown') {
      this.#absences += 1;
    }
  }

  /** The whole lane was found on the ledger. */
  noteProven(): void {
    this.#isLost = false;
    this.#cover(this.#absences);
  }

  /**
   * Resolves when the place was proved lately, else with why nothing may be handed in. Reads at most once for
   * all who ask together.
   */
  async prove(): Promise<LedgerError | undefined> {
    if (this.#isLost) {
      return lost(this.#options.lane);
    }
    const seq = this.#options.places.provenSeq;
    if (seq === undefined || this.#age() < RENEWED_AFTER_MS) {
      return undefined;
    }
    this.#running ??= this.#look(seq).finally(() => {
      this.#running = undefined;
    });
    return this.mayHandIn && this.#age() < VALID_FOR_MS ? undefined : this.#running;
  }

  async #look(seq: number): Promise<LedgerError | undefined> {
    const { ledger, lane, onLost } = this.#options;
    const absences = this.#absences;
    try {
      if ((await ledger.findBatch(lane, seq)) === undefined) {
        this.#isLost = true;
        onLost(seq);
        return lost(lane);
      }
    } catch (error) {
      // Says nothing about a batch: it was not tried.
      return new LedgerError('unavailable', 'the lane could not be read before a batch is handed in', {
        cause: error,
      });
    }
    if (absences !== this.#absences) {
      return new LedgerError('retryable', 'the ledger was out of reach while the lane was read');
    }
    this.#cover(absences);
    return undefined;
  }

  #cover(absences: number): void {
    this.#coveredAbsences = absences;
    this.#provenAt = this.#options.scheduler.now();
  }

  #age(): number {
    return this.#provenAt === undefined ? Infinity : this.#options.scheduler.now() - this.#provenAt;
  }
}

function lost(lane: string): LedgerError {
  return new LedgerError('unavailable', `the ledger does not have what was committed in lane ${lane} before`);
}
