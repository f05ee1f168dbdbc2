// SPDX-License-Identifier: Apache-2.0

/** Which promise of the ledger does not hold. */
export type HaltReason =
  /** The lane's batches do not follow each other by one. */
  | 'SEQUENCE_GAP'
  /** The batch does not begin where the lane's last one ended. */
  | 'START_MISMATCH'
  /** A lane holds a second event with an id that it has given out before. */
  | 'DUPLICATE_ID'
  /** The private events do not hash to the root that the ledger announced. */
  | 'ROOT_MISMATCH'
  /** The public record is absent or differs from the announcement. */
  | 'RECORD_MISMATCH'
  /** An event says another holder than the lane's. */
  | 'HOLDER_MISMATCH'
  /** The private events do not have their documented form. */
  | 'MALFORMED'
  /** A block that the list has applied differs on this ledger, or lacks the list's last transaction. */
  | 'LEDGER_FORKED'
  /** At one place the store and this ledger differ: the store is another ledger's, or was changed. */
  | 'STORE_MISMATCH';

/**
 * The projection must not go on: showing the rest would hide that something is missing or was changed. Needs
 * an operator, see the folder's README. The message names lane and sequence number only.
 */
export class ProjectionHalted extends Error {
  override readonly name = 'ProjectionHalted';
  readonly reason: HaltReason;

  constructor(reason: HaltReason, detail: string, options?: ErrorOptions) {
    super(`${reason}: ${detail}`, options);
    this.reason = reason;
  }
}
