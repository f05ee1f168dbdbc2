// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';

/** How many resources of one type were released and how many withheld; undefined where there was no such decision. */
export interface KindCount {
  readonly type: string;
  readonly permit?: number;
  readonly deny?: number;
}

/** The data of some entries by type: the largest first. */
export function countKinds(entries: readonly AccessEntry[]): readonly KindCount[] {
  const counts = new Map<string, { type: string } & Partial<Record<AccessItem['decision'], number>>>();
  for (const { type, decision, count } of entries.flatMap((entry) => entry.items)) {
    const kind = counts.get(type) ?? { type };
    counts.set(type, kind);
    kind[decision] = (kind[decision] ?? 0) + count;
  }
  const size = ({ permit = 0, deny = 0 }: KindCount): number => permit + deny;
  return [...counts.values()].sort((a, b) => size(b) - size(a) || a.type.localeCompare(b.type, 'en'));
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
