// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';

type Item = Pick<AccessItem, 'decision' | 'released'>;

/**
 * Whether an item's data left: as the record states it, else as decided. The ledger's own rule in few bytes;
 * a test compares the two.
 */
export function hasLeft({ decision, released }: Item): boolean {
  return released ?? decision === 'permit';
}

/** Whether an item's data left although the rules, asked when it was recorded, refuse them. */
export function isAgainstRules(item: Item): boolean {
  return item.decision === 'deny' && hasLeft(item);
}

/** The same of anything in an entry. */
export function leftAgainstRules({ items }: Pick<AccessEntry, 'items'>): boolean {
  return items.some(isAgainstRules);
}

/** Whether what left is what the rules say, item by item: two wrongs do not make an entry right. */
export function leftByRules({ items }: Pick<AccessEntry, 'items'>): boolean {
  return items.every((item) => hasLeft(item) === (item.decision === 'permit'));
}

/** What a reader must know about how an entry came about; each has its word in the family `note`. */
export type Note = 'against' | 'late' | 'lateRefusal' | 'corrected' | 'incomplete' | 'amendment';

/** The gravest first; none for an ordinary entry. */
export function notesOf(entry: AccessEntry): readonly Note[] {
  const notes: readonly (Note | false)[] = [
    leftAgainstRules(entry) && 'against',
    entry.late && (entry.outcome === 'deny' ? 'lateRefusal' : 'late'),
    entry.corrected !== undefined && 'corrected',
    isIncomplete(entry) && 'incomplete',
    entry.amends !== undefined && 'amendment',
  ];
  return notes.filter((note) => note !== false);
}

/** Whether parts of the request have not been recorded. */
export function isIncomplete({ parts }: Pick<AccessEntry, 'parts'>): boolean {
  return parts !== undefined && parts.recorded.length < parts.of;
}
