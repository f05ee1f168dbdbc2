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

// Says that something is sensitive, not what: told only where nothing else is.
const GENERAL: ReadonlySet<string> = new Set(['R', 'V']);

/** The labels of an item that mark it as sensitive, the telling ones before and instead of the general ones. */
export function sensitiveLabels(labels: readonly string[]): readonly string[] {
  const sensitive = labels.filter((label) => !ORDINARY.has(label));
  const telling = sensitive.filter((label) => !GENERAL.has(label));
  return telling.length > 0 ? telling : sensitive;
}
