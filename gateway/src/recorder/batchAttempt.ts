// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../ledger/ledgerError';
import { eventsAt, standingIn } from './eventsAt';
import type { PendingBatch, Rival } from './pendingBatch';
import type { RecordingLedger } from './recorder';

/** What stands in a place. */
export interface Decided {
  readonly permitted: readonly (readonly boolean[])[];
  /** Whether each entry there says that the release came first. */
  readonly late: readonly boolean[];
  /** Absent when the ledger was read instead. */
  readonly transactionId?: string;
}

export type AttemptResult =
  /** The batch is on the ledger. */
  | (Decided & { readonly kind: 'committed' })
  /** A batch that had the place before is there after all. */
  | (Decided & { readonly kind: 'rival'; readonly rival: Rival })
  /**
   * Its place was filled before it was ever handed in, and the own peer has lost with its disk what stands
   * there. So no gateway that writes now put it there: this lane had it before peer and store came back from
   * a backup.
   */
  | { readonly kind: 'overtaken'; readonly error: LedgerError }
  /** Its place is taken by somebody else's batch, or one below is. */
  | { readonly kind: 'taken' }
  /** Not known to be on the ledger. */
  | { readonly kind: 'failed'; readonly error: LedgerError };

export interface AttemptHooks {
  /** Called before the transaction is handed in; what it throws ends the try before that. */
  readonly onEndorsed: () => void;
  /** Called at once when another batch has the place, or may have it. */
  readonly onConflict: () => void;
  readonly signal: AbortSignal;
}

/**
 * One try to get the batch committed, or to find that it already is. Sets `batch.mayBeOrdered` when the try
 * ends without an answer.
 * @param rivals batches that may be in its place instead.
 * Two transactions for one place never both commit: each reads that the place is empty.
 */
export async function attemptBatch(
  ledger: RecordingLedger,
  batch: PendingBatch,
  rivals: readonly Rival[],
  hooks: AttemptHooks,
): Promise<AttemptResult> {
  try {
    if (batch.mayBeOrdered || batch.isOrphan) {
      const found = await readOutcome(ledger, batch, rivals);
      if (found !== undefined) {
        return found;
      }
    }
    if (batch.isOrphan || (await isMisplaced(ledger, batch))) {
      return { kind: 'taken' };
    }
    return await submit(ledger, batch, rivals, hooks);
  } catch (error) {
    return { kind: 'failed', error: asLedgerError(error) };
  }
}

/** Reads what stands in the batch's place; `undefined` when nothing does. */
export async function readOutcome(
  ledger: RecordingLedger,
  batch: { readonly lane: string; readonly seq: number; readonly requests: readonly AccessRequest[] },
  rivals: readonly Rival[] = [],
): Promise<AttemptResult | undefined> {
  const record = await ledger.findBatch(batch.lane, batch.seq);
  if (record === undefined) {
    return undefined;
  }
  const { events } = await eventsAt(ledger, batch.lane, batch.seq, record);
  const decided: Decided = {
    permitted: events.map((event) => event.items.map((item) => item.decision === 'permit')),
    late: events.map((event) => event.late),
  };
  if (isSameBatch(events, batch.requests)) {
    return { kind: 'committed', ...decided };
  }
  const rival = rivals.find(({ requests }) => isSameBatch(events, requests));
  return rival === undefined ? { kind: 'taken' } : { kind: 'rival', rival, ...decided };
}

/**
 * Whether the place before holds another batch than the one behind which this one was opened: its numbers
 * would not follow, and the lane be broken for good. What this process opened goes behind no place that may
 * be another's, see `LanePlaces.mayGoBehind`.
 */
async function isMisplaced(
  ledger: RecordingLedger,
  { lane, seq, start, isInherited }: PendingBatch,
): Promise<boolean> {
  if (!isInherited || seq === 0) {
    return false;
  }
  const before = await ledger.findBatch(lane, seq - 1);
  return before !== undefined && before.start + before.count !== start;
}

async function submit(
  ledger: RecordingLedger,
  batch: PendingBatch,
  rivals: readonly Rival[],
  { onEndorsed, onConflict, signal }: AttemptHooks,
): Promise<AttemptResult> {
  const requests = batch.requests;
  try {
    const recorded = await ledger.recordBatch(
      batch.lane,
      batch.seq,
      { start: batch.start, requests },
      { signal, onEndorsed },
    );
    return {
      kind: 'committed',
      permitted: recorded.permitted,
      late: requests.map((request) => request.late),
      transactionId: recorded.transactionId,
    };
  } catch (error) {
    const failure = asLedgerError(error);
    const isTaken = failure.domainCode === 'BATCH_EXISTS';
    if (mayHaveMetAnother(batch, failure)) {
      onConflict();
    }
    const before = isTaken && rivals.length === 0 ? await filledBefore(ledger, batch, failure) : undefined;
    if (before !== undefined) {
      return before;
    }
    if (failure.kind === 'unknown' || isTaken) {
      batch.mayBeOrdered = true;
    }
    // The peer that endorsed has seen the place taken; ours may commit it a moment later, and the next try
    // reads again.
    const found = batch.mayBeOrdered ? await readOutcome(ledger, batch, rivals) : undefined;
    return (
      found ?? {
        kind: 'failed',
        error: isTaken ? new LedgerError('retryable', failure.message, { cause: failure }) : failure,
      }
    );
  }
}

/** The ledger's conflicts are `retryable`, and show only once a batch was handed in. */
function mayHaveMetAnother({ isHandedIn }: PendingBatch, { domainCode, kind }: LedgerError): boolean {
  return domainCode === 'BATCH_EXISTS' || (isHandedIn && kind === 'retryable');
}

/**
 * A place is filled, and its batch is certainly nowhere.
 * @returns `undefined` where the place can be read.
 */
async function filledBefore(
  ledger: RecordingLedger,
  batch: PendingBatch,
  cause: LedgerError,
): Promise<AttemptResult | undefined> {
  if (batch.isHandedIn || batch.mayBeOrdered) {
    return undefined;
  }
  const stands = await standingIn(ledger, batch.lane, batch.seq);
  if (stands === 'readable') {
    return undefined;
  }
  // Where the own peer shows nothing it is behind, and will.
  const error = new LedgerError('retryable', cause.message, { cause });
  return { kind: stands === 'lost' ? 'overtaken' : 'failed', error };
}

/** Ids and salts are random 128-bit values of this gateway: the same in the same order means our batch. */
function isSameBatch(events: readonly AccessEvent[], requests: readonly AccessRequest[]): boolean {
  return (
    events.length === requests.length &&
    events.every((event, index) => {
      const request = requests[index];
      return request !== undefined && event.id === request.id && event.salt === request.salt;
    })
  );
}

function asLedgerError(error: unknown): LedgerError {
  // Anything but a LedgerError says nothing about the outcome, so the place is read before it is used again.
  return error instanceof LedgerError
    ? error
    : new LedgerError('unknown', error instanceof Error ? error.message : String(error), { cause: error });
}
