// SPDX-License-Identifier: Apache-2.0
import type { LedgerEvent } from '../ledger/provenanceLedger';
import type { Begun } from './readAhead';

/**
 * Enough that the disk is waited for seldom, few enough that a write is over in a few hundredths of a second.
 */
const EVENTS_PER_WRITE = 250;

/** Groups of at least {@link EVENTS_PER_WRITE} access events, as far as there are so many. */
export function* portions<T extends Begun<LedgerEvent, unknown>>(
  loaded: readonly T[],
): Generator<readonly T[], void, undefined> {
  let portion: T[] = [];
  let events = 0;
  for (const entry of loaded) {
    portion.push(entry);
    events += entry.item.name === 'AccessRecorded' ? entry.item.payload.count : 0;
    if (events >= EVENTS_PER_WRITE) {
      yield portion;
      portion = [];
      events = 0;
    }
  }
  if (portion.length > 0) {
    yield portion;
  }
}
