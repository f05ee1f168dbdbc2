// SPDX-License-Identifier: Apache-2.0
import { MAX_IN_FLIGHT } from '@chartwitness/chaincode/domain';
import type { RecordingLedger } from './recorder';

/** Where a lane ends on the ledger. */
export interface LaneSurvey {
  /** One more than the highest sequence number on the ledger; 0 for an empty lane. */
  readonly nextSeq: number;
  /** Events up to there. */
  readonly nextStart: number;
  /**
   * Sequence numbers below `nextSeq` that the ledger does not hold: batches overtaken by later ones, and
   * samples of a deeper hole. Ascending.
   */
  readonly missing: readonly number[];
}

/** The places from `from` to before `to`, ascending. */
export function placesFrom(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/**
 * Finds the lane's end with few reads: doubling steps from `hint`, then halving. A lane runs at most {@link
 * MAX_IN_FLIGHT} batches ahead of its lowest missing one. So a run of that many absent places is the end, and
 * gaps should lie only just below it; deeper it takes samples.
 */
export async function surveyLane(
  ledger: Pick<RecordingLedger, 'findBatch'>,
  lane: string,
  hint: number,
): Promise<LaneSurvey> {
  const exists = async (seq: number): Promise<boolean> => (await ledger.findBatch(lane, seq)) !== undefined;
  const nextSeq = await passGaps(exists, await findEdge(exists, hint));
  const last = nextSeq === 0 ? undefined : await ledger.findBatch(lane, nextSeq - 1);
  const missing: number[] = [];
  for (const seq of lookedAt(nextSeq - 1)) {
    if (!(await exists(seq))) {
      missing.push(seq);
    }
  }
  return { nextSeq, nextStart: last === undefined ? 0 : last.start + last.count, missing };
}

/**
 * Places below the last one, ascending: all that a batch may have overtaken, and further down one at each
 * doubling of the distance. No running gateway leaves a hole there; a ledger that came back from a copy under
 * an earlier version did.
 */
function lookedAt(last: number): readonly number[] {
  const places: number[] = [];
  for (let distance = 2 * MAX_IN_FLIGHT; distance <= last; distance *= 2) {
    places.unshift(last - distance);
  }
  for (let seq = Math.max(0, last - MAX_IN_FLIGHT); seq < last; seq += 1) {
    places.push(seq);
  }
  return places;
}

type Exists = (seq: number) => Promise<boolean>;

/** A place that is absent and whose predecessor exists (or 0). */
async function findEdge(exists: Exists, hint: number): Promise<number> {
  let low = -1;
  let high = hint;
  if (await exists(hint)) {
    low = hint;
    for (let step = 1; ; step *= 2) {
      high = hint + step;
      if (!(await exists(high))) {
        break;
      }
      low = high;
    }
  } else {
    for (let step = 1; hint - step >= 0; step *= 2) {
      if (await exists(hint - step)) {
        low = hint - step;
        break;
      }
      high = hint - step;
    }
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await exists(middle)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return high;
}

/** Moves `edge` past batches that overtook a missing one. */
async function passGaps(exists: Exists, edge: number): Promise<number> {
  let end = edge;
  for (let seq = edge + 1; seq <= end + MAX_IN_FLIGHT; seq += 1) {
    if (await exists(seq)) {
      end = seq + 1;
    }
  }
  return end;
}
