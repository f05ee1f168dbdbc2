// SPDX-License-Identifier: Apache-2.0
import { MAX_IN_FLIGHT } from '@chartwitness/chaincode/domain';
import type { RecorderLimits } from './limits';

/** What the lane looks like when it is asked whether a further batch may go. */
export interface LaneLoad {
  /** Break-glass parts that wait. */
  readonly emergencies: number;
  /** Entries owed to the ledger that may go now. */
  readonly owed: number;
  /** Ordinary parts that wait. */
  readonly ordinary: number;
  /** Since when the oldest part waits, milliseconds since the epoch. */
  readonly oldestSince: number | undefined;
  /** Batches of this lane whose commit is not known. */
  readonly inFlight: number;
  /** How far the next place is from the lowest one that is not settled. */
  readonly ahead: number;
  /** Whether the last try failed because the ledger was out of reach. */
  readonly isUnreached: boolean;
  /**
   * Whether a batch in flight goes alone, was refused for what is in it, or may find another one in its
   * place.
   */
  readonly isClosed: boolean;
  /** Whether entries that go alone wait, and whether the batch before this one was another. */
  readonly suspects: 'none' | 'wait' | 'turn';
}

export type Opening =
  /** Not before something else happens. */
  | { readonly kind: 'none' }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'open'; readonly takes: 'everything' | 'emergencies' | 'suspects' };

const NONE: Opening = { kind: 'none' };
const EVERYTHING: Opening = { kind: 'open', takes: 'everything' };
const SUSPECTS: Opening = { kind: 'open', takes: 'suspects' };
const EMERGENCIES: Opening = { kind: 'open', takes: 'emergencies' };

/**
 * Whether a batch is opened now. With nothing in flight the first request goes at once; a further batch
 * beside those in flight has to be worth its transaction. Break-glass goes into the next batch and never
 * waits for one to be worth it; it has a place in flight of its own where the lane's window allows, in which
 * a few others go with it. Pure.
 */
export function nextOpening(load: LaneLoad, limits: RecorderLimits, now: number): Opening {
  const waiting = load.emergencies + load.owed + load.ordinary;
  const areSuspectsNext = load.suspects === 'turn' || (load.suspects === 'wait' && waiting === 0);
  if (load.isClosed || (waiting === 0 && !areSuspectsNext)) {
    return NONE;
  }
  if (areSuspectsNext) {
    // Only the lane's last batch can be taken back, so nothing flies beside it.
    return load.inFlight === 0 ? SUSPECTS : NONE;
  }
  if (load.inFlight === 0) {
    return hasPlace(load, limits.maxInFlight) ? EVERYTHING : NONE;
  }
  // While it is unreached the batches in flight find out when the ledger is back; more would only be more to
  // withdraw.
  return load.isUnreached ? NONE : besideOthers(load, waiting, limits, now);
}

/** Whether a batch is opened beside those in flight. */
function besideOthers(load: LaneLoad, waiting: number, limits: RecorderLimits, now: number): Opening {
  if (!hasPlace(load, limits.maxInFlight)) {
    const one = Math.min(limits.maxInFlight + 1, MAX_IN_FLIGHT);
    return load.emergencies > 0 && hasPlace(load, one) ? EMERGENCIES : NONE;
  }
  if (load.emergencies > 0 || waiting >= limits.pipelineAt * load.inFlight) {
    return EVERYTHING;
  }
  if (load.oldestSince === undefined) {
    return NONE;
  }
  const milliseconds = load.oldestSince + limits.pipelineAfterMs - now;
  return milliseconds <= 0 ? EVERYTHING : { kind: 'wait', milliseconds };
}

/** A lane runs no further ahead of its lowest unsettled batch than a restart would look for gaps. */
function hasPlace({ inFlight, ahead }: LaneLoad, places: number): boolean {
  return inFlight < places && ahead < places;
}
