// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import type { OutboxBatch } from './outbox';
import type { Part } from './ticket';

/** A batch that has its place in the lane (and its row in the outbox) and is not settled. */
export interface PendingBatch {
  readonly lane: string;
  readonly seq: number;
  /** Events that the lane holds before it. */
  readonly start: number;
  /** What is to be committed. Replaced as a whole when a request becomes late; never changed in length or order. */
  requests: readonly AccessRequest[];
  /** The part that `requests[i]` is; none after a restart, and for what is owed. */
  readonly parts: readonly (Part | undefined)[];
  /** Whether an attempt may have reached the orderer without an answer. Until then the batch can be withdrawn. */
  mayBeOrdered: boolean;
  /** Whether the ledger refused its content. */
  refused: boolean;
  /** When its first attempt began, milliseconds since the epoch. */
  readonly openedAt: number;
}

export function hasWaiting(batch: PendingBatch): boolean {
  return batch.parts.some((part) => part?.ticket.isSettled === false);
}

/** What an earlier process left: it may have handed the batch in, so the ledger is read first. */
export function pendingOf(batch: OutboxBatch, now: number): PendingBatch {
  return {
    ...batch,
    parts: batch.requests.map(() => undefined),
    mayBeOrdered: true,
    refused: false,
    openedAt: now,
  };
}
