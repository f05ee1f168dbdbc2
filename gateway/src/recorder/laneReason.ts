// SPDX-License-Identifier: Apache-2.0
import { ledgerFailureOf, LedgerError } from '../ledger/ledgerError';
import { isStorageFailure } from '../sqlite/storageFailure';
import { LaneNotContinuable } from './laneRecovery';

/** Why a lane records nothing at present, and what an operator does about it. */
export interface LaneReason {
  readonly reason: string;
  /** Absent where waiting is all there is to do. */
  readonly remedy?: string | undefined;
}

export const LANE_IS_READ: LaneReason = { reason: 'the lane is being read' };

export const STOPPING: LaneReason = { reason: 'the gateway is stopping' };

export const PEER_LACKED_THE_END: LaneReason = {
  reason: 'The own peer lacked the end of the lane when it was read; the lane is being read anew.',
};

export const STORE_CANNOT_BE_WRITTEN = {
  reason: 'the recorder store cannot be written',
  remedy: 'free the disk or the lock of DATA_DIR; it goes on by itself',
} as const satisfies LaneReason;

export function anotherGatewayIn(lane: string): LaneReason {
  return {
    reason: `Another gateway writes in lane ${lane}. Nothing is released any more.`,
    remedy: 'Give one of the two gateways another GATEWAY_NAME and start it again.',
  };
}

/** A batch that was committed is not on the ledger any more. */
export function committedBatchGone(lane: string, seq: number): LaneReason {
  return {
    reason: `The ledger lacks batch ${String(seq)} of lane ${lane}, which was committed; the lane is being read.`,
  };
}

/** The ledger refuses even entries about nobody. */
export function refusesFillers({ lane, seq }: { readonly lane: string; readonly seq: number }): LaneReason {
  return {
    reason:
      `The ledger refuses even entries about nobody, which place ${String(seq)} of lane ${lane} needs, ` +
      'so it takes nothing at all. It is tried again by itself.',
    remedy:
      'Bring the chaincode of all peers and this gateway to one version; the log has what the peers say.',
  };
}

/** Why a lane could not be read, or not be continued. */
export function notContinued(error: unknown): LaneReason {
  if (error instanceof LaneNotContinuable) {
    return { reason: error.message, remedy: error.remedy };
  }
  if (isStorageFailure(error)) {
    return STORE_CANNOT_BE_WRITTEN;
  }
  if (!(error instanceof LedgerError)) {
    return { reason: 'the ledger could not be read' };
  }
  const { reason, remedy } = ledgerFailureOf(error);
  return { reason: `the ledger could not be read: ${reason}`, remedy };
}
