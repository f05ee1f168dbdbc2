// SPDX-License-Identifier: Apache-2.0
import { parseLane } from '@chartwitness/chaincode/domain';
import { LedgerError } from '../ledger/ledgerError';
import { type LaneSurvey, surveyLane } from './laneSurvey';
import type { RecordingLedger } from './recorder';

type TrusteesWord = Pick<RecordingLedger, 'mspId' | 'trusteeLanes' | 'findTrusteeBatch'>;

/**
 * All lanes of the own organisation that the ledger has. The trustee's peer is asked: the own one may have
 * come back from the same copy as the store, and still be fetching blocks.
 * @throws LedgerError `TRUSTEE_AWAY` while it does not answer; nothing is recorded without it anyway.
 */
export async function ownLanes(ledger: TrusteesWord): Promise<readonly string[]> {
  const lanes = await byTrustee(() => ledger.trusteeLanes());
  return lanes.filter((lane) => parseLane(lane).mspId === ledger.mspId);
}

/** Where a lane ends, by the same word. @throws as {@link ownLanes}. */
export function surveyAtTrustee(ledger: TrusteesWord, lane: string, hint: number): Promise<LaneSurvey> {
  const findBatch: RecordingLedger['findBatch'] = (one, seq) =>
    byTrustee(() => ledger.findTrusteeBatch(one, seq));
  return surveyLane({ findBatch }, lane, hint);
}

/**
 * The own peer has no such place.
 * @throws LedgerError `PEER_BEHIND` when the trustee's has; else as {@link ownLanes}.
 */
export async function assertNotBehind(ledger: TrusteesWord, lane: string, seq: number): Promise<void> {
  if ((await byTrustee(() => ledger.findTrusteeBatch(lane, seq))) !== undefined) {
    throw new LedgerError('unavailable', `the own peer lacks batch ${String(seq)} of lane ${lane}`, {
      reason: 'PEER_BEHIND',
    });
  }
}

async function byTrustee<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const isAnswer = error instanceof LedgerError && error.kind === 'rejected';
    throw isAnswer
      ? error
      : new LedgerError('unavailable', 'the trustee’s peer does not say which lanes there are', {
          reason: 'TRUSTEE_AWAY',
          cause: error,
        });
  }
}
