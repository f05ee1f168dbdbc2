// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { Waiting } from './intake';

/** A batch that has its place in the lane (and its row in the outbox) and is not settled. */
export interface PendingBatch {
  readonly lane: string;
  readonly seq: number;
  /** Events that the lane holds before it. */
  readonly start: number;
  /** What is to be committed. Replaced as a whole when one request becomes late; never changed in length or order. */
  requests: readonly AccessRequest[];
  /** Who waits for `requests[i]`; nobody after a restart or for what was journalled. */
  readonly waiting: readonly (Waiting | undefined)[];
  /** Whether an attempt may have reached the orderer without an answer. Until then the batch can be withdrawn. */
  mayBeOrdered: boolean;
  /** Whether the ledger refused its content. */
  refused: boolean;
  /** When its first attempt began, milliseconds since the epoch. */
  readonly openedAt: number;
}

export function hasWaiting(batch: PendingBatch): boolean {
  return batch.waiting.some((waiting) => waiting !== undefined && !waiting.settled);
}
