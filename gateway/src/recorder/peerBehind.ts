// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';

/**
 * The own peer is behind, so what it permits counts as no word. What it denies stays denied: most of what is
 * old is still so, and a denial that a patient made must not be passed because a block about somebody else is
 * missing.
 */
export class PeerBehind extends LedgerError {
  /**
   * For each item of the question whether the peer permits it; `undefined` where it gave no answer that fits.
   */
  readonly oldWord: readonly boolean[] | undefined;

  constructor(behind: LedgerError, oldWord: readonly boolean[] | undefined) {
    super('unavailable', behind.message, { reason: 'PEER_BEHIND', cause: behind.cause });
    this.oldWord = oldWord;
  }
}

/**
 * What may leave of so many items by the deployment's choice to release: all but what the own peer denies,
 * where it is behind. Where it is silent nothing is known to be denied, so all.
 */
export function releasable(items: number, failure: unknown): readonly boolean[] {
  const oldWord = failure instanceof PeerBehind ? failure.oldWord : undefined;
  return Array.from({ length: items }, (_, index) => oldWord?.[index] !== false);
}
