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
    const hooks = {
      onEndorsed: () => {
        this.#handIn(batch);
      },
      onConflict: () => {
        places.claims.noteConflict(batch);
      },
      signal,
    };
    const result: AttemptResult =
      unproven === undefined
        ? await attemptBatch(ledger, batch, places.rivalsOf(batch), hooks)
        : { kind: 'failed', error: unproven };
    batch.isTrying = false;
    // What an earlier process handed in may have been there before another one wrote in the lane.
    if (result.kind === 'committed' && (result.transactionId !== undefined || !batch.isInherited)) {
      places.claims.noteOwn(batch);
    }
    return result;
  }

  /**
   * @throws LedgerError when the batch is not handed in: the recorder is closed, the disk cannot be told, or
   * its numbers may not follow by now.
   */
  #handIn(batch: PendingBatch): void {
    const { outbox, store, places, proof, isWriting } = this.#options;
    if (!isWriting()) {
      throw new LedgerError('unavailable', 'the recorder is closed');
    }
    if (!proof.mayHandIn) {
      throw new LedgerError('retryable', 'the ledger was out of reach in the meantime');
    }
    const before = places.before(batch);
    if (before !== undefined && !places.claims.gateOf(batch.lane).isOpen && !before.committed.isOpen) {
      throw new LedgerError('retryable', 'another batch may stand in the place before by now');
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
