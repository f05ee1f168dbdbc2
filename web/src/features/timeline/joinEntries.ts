// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';

/**
 * Joins readings of one list, each newest first and the newest reading first, by the entries' identity: an
 * entry stands where, and as, it was read last. The list may have grown, or an entry may have been corrected,
 * between two readings.
 */
export function joinEntries(readings: readonly (readonly AccessEntry[])[]): readonly AccessEntry[] {
  const seen = new Set<string>();
  const joined: AccessEntry[] = [];
  for (const reading of readings) {
    for (const entry of reading) {
      if (seen.has(entry.id)) {
        continue;
      }
      seen.add(entry.id);
      joined.push(entry);
    }
  }
  return joined;
}

/**
 * How many entries of a reading come after the newest one that is known: all above the first known one. A
 * position in the list, not a comparison of what two pages hold: a longer page is no news.
 * @returns undefined where none of the reading is known.
 */
export function countAfterKnown(
  reading: readonly AccessEntry[],
  isKnown: (id: string) => boolean,
): number | undefined {
  const end = reading.findIndex(({ id }) => isKnown(id));
  return end === -1 ? undefined : end;
}

/** The highest ledger position that an entry of the list has; 0 for none. */
export function highestBlock(entries: readonly AccessEntry[]): number {
  return entries.reduce((highest, { ledger }) => Math.max(highest, ledger.block), 0);
}
