// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type BatchRecord, batchRecordOf, type PrivateBatch } from '@chartwitness/chaincode/domain';
import { lacksPrivateData, LedgerError } from '../ledger/ledgerError';
import type { RecordingLedger } from './recorder';

/**
 * What a place holds that is on the ledger: as the own peer has it, or where that came back from a backup
 * without its private data, as the trustee has it. The trustee's word counts only if it has the root that is
 * on record.
 * @throws LedgerError `EVENTS_LOST_HERE` when neither gives them; what the ledger throws while it is away.
 */
export async function eventsAt(
  ledger: Pick<RecordingLedger, 'getEvents' | 'getTrusteeCopy'>,
  lane: string,
  seq: number,
  record: BatchRecord,
): Promise<PrivateBatch> {
  try {
    return await ledger.getEvents(lane, seq);
  } catch (error) {
    if (!isMissing(error)) {
      throw error;
    }
  }
  const copy = await trusteeCopy(ledger, lane, seq);
  const { start, count, batchRoot } = batchRecordOf(copy, sha256);
  if (start !== record.start || count !== record.count || batchRoot !== record.batchRoot) {
    throw lost(lane, seq, 'the trustee’s copy does not have the root that is on record');
  }
  return copy;
}

/** Whether nobody gives the events of a place that is on the ledger. */
export function areEventsLost(error: unknown): boolean {
  return error instanceof LedgerError && error.reason === 'EVENTS_LOST_HERE';
}

/**
 * What the own peer has of a place: nothing yet, what it can read, or that it is filled by what it lost with
 * its disk.
 */
export async function standingIn(
  ledger: Pick<RecordingLedger, 'findBatch' | 'getEvents'>,
  lane: string,
  seq: number,
): Promise<'nothing' | 'readable' | 'lost'> {
  if ((await ledger.findBatch(lane, seq)) === undefined) {
    return 'nothing';
  }
  try {
    await ledger.getEvents(lane, seq);
    return 'readable';
  } catch (error) {
    if (isMissing(error)) {
      return 'lost';
    }
    throw error;
  }
}

async function trusteeCopy(
  ledger: Pick<RecordingLedger, 'getTrusteeCopy'>,
  lane: string,
  seq: number,
): Promise<PrivateBatch> {
  try {
    return await ledger.getTrusteeCopy(lane, seq);
  } catch (error) {
    // While the trustee's peer does not answer nothing is recorded either; one that answers and does not give
    // them may never do so.
    const isAnswer = error instanceof LedgerError && error.kind === 'rejected' && error.reason === undefined;
    throw isAnswer || isMissing(error)
      ? lost(lane, seq, 'the trustee’s peer does not give its copy', error)
      : new LedgerError('unavailable', 'the trustee’s peer does not say what the own one has lost', {
          reason: 'TRUSTEE_AWAY',
          cause: error,
        });
  }
}

function isMissing(error: unknown): boolean {
  return lacksPrivateData(error) || (error instanceof LedgerError && error.domainCode === 'NOT_FOUND');
}

function lost(lane: string, seq: number, why: string, cause?: unknown): LedgerError {
  return new LedgerError(
    'unavailable',
    `the own peer lacks the private data of batch ${String(seq)} of lane ${lane}, and ${why}`,
    { reason: 'EVENTS_LOST_HERE', cause },
  );
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}
