// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';

/** How many resources of one type with one decision. */
export interface KindCount {
  readonly type: string;
  readonly decision: 'permit' | 'deny';
  readonly count: number;
}

/** The data of some entries by type: the largest first. */
export function countKinds(entries: readonly AccessEntry[]): readonly KindCount[] {
  const counts = new Map<string, { type: string; decision: AccessItem['decision']; count: number }>();
  for (const item of entries.flatMap((entry) => entry.items)) {
    const key = `${item.decision} ${item.type}`;
    const found = counts.get(key);
    if (found === undefined) counts.set(key, { type: item.type, decision: item.decision, count: item.count });
    else found.count += item.count;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.type.localeCompare(b.type, 'en'));
}

// What a label means to a patient is told by words; these say nothing that a patient would recognise as sensitive.
const ORDINARY: ReadonlySet<string> = new Set(['N', 'L', 'M', 'U']);

/** The labels of an item that mark it as sensitive. */
export function sensitiveLabels(labels: readonly string[]): readonly string[] {
  return labels.filter((label) => !ORDINARY.has(label));
}
