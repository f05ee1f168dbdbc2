// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';
import { attemptBatch, type AttemptResult } from './batchAttempt';
import type { LaneContext } from './laneContext';
import type { LaneProof } from './laneProof';
import type { PendingBatch } from './pendingBatch';

export type LaneAttemptOptions = Pick<LaneContext, 'ledger' | 'outbox' | 'store' | 'places'> & {
  readonly proof: LaneProof;
  /** Whether the lane may be written still. */
  readonly isWriting: () => boolean;
  /** Aborts when the recorder stops. */
  readonly signal: AbortSignal;
};

/** One try of a batch on a ledger that is proved to be the lane's; the disk knows before it is handed in. */
export class LaneAttempt {
  readonly #options: LaneAttemptOptions;

  constructor(options: LaneAttemptOptions) {
    this.#options = options;
  }

  async run(batch: PendingBatch): Promise<AttemptResult> {
    const { ledger, places, proof, signal } = this.#options;
    batch.isTrying = true;
    const unproven = await proof.prove();
    const handIn = (): void => {
      this.#handIn(batch);
    };
    const result: AttemptResult =
      unproven === undefined
        ? await attemptBatch(ledger, batch, places.rivalsOf(batch), handIn, signal)
        : { kind: 'failed', error: unproven };
    batch.isTrying = false;
    return result;
  }

  /**
   * @throws LedgerError `retryable` when the disk cannot be told that the batch is handed in: then it is not.
   */
  #handIn(batch: PendingBatch): void {
    const { outbox, store, proof, isWriting } = this.#options;
    if (!isWriting()) {
      throw new LedgerError('unavailable', 'the recorder is closed');
    }
    if (!proof.mayHandIn) {
      throw new LedgerError('retryable', 'the ledger was out of reach in the meantime');
    }
    if (!batch.isHandedIn) {
      try {
        outbox.write({ handIn: batch });
      } catch (error) {
        store.noteFailure(error, 'a batch is not handed in, since the store cannot be told');
        throw new LedgerError('retryable', 'the recorder store cannot be written', { cause: error });
      }
      batch.isHandedIn = true;
    }
    batch.admitted.open();
  }
}
