// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '@api/schemas';

/** How many different resources of one type were released and how many withheld; undefined where there was none. */
export interface KindCount {
  readonly type: string;
  readonly permit?: number;
  readonly deny?: number;
  /** There may be more than these: not every request named all that it asked for. */
  readonly isAtLeast?: true;
}

/** Resources of one type with one fate, over several entries. */
interface Tally {
  readonly ids: Set<string>;
  /** The most that one entry counts: there are at least so many different ones. */
  most: number;
  isNamed: boolean;
}

/** The data of some entries by type, what was asked for twice counted once: the largest first. */
export function countKinds(entries: readonly AccessEntry[]): readonly KindCount[] {
  const tallies = new Map<string, Partial<Record<AccessItem['decision'], Tally>>>();
  for (const entry of entries) {
    const counts = new Map<Tally, number>();
    for (const { type, decision, count, ids } of entry.items) {
      const ofType = tallies.get(type) ?? {};
      tallies.set(type, ofType);
      const tally = (ofType[decision] ??= { ids: new Set(), most: 0, isNamed: true });
      for (const id of ids) tally.ids.add(`${entry.holder} ${id}`);
      if (ids.length < count) tally.isNamed = false;
      const inEntry = (counts.get(tally) ?? 0) + count;
      counts.set(tally, inEntry);
      tally.most = Math.max(tally.most, inEntry);
    }
  }
  const kinds = [...tallies].map(([type, { permit, deny }]): KindCount => {
    const isExact = [permit, deny].every(
      (tally) => tally === undefined || tally.isNamed || entries.length === 1,
    );
    return {
      type,
      ...(permit && { permit: different(permit) }),
      ...(deny && { deny: different(deny) }),
      ...(!isExact && { isAtLeast: true }),
    };
  });
  const size = ({ permit = 0, deny = 0 }: KindCount): number => permit + deny;
  return kinds.sort((a, b) => size(b) - size(a) || a.type.localeCompare(b.type, 'en'));
}

function different({ ids, most }: Tally): number {
  return Math.max(ids.size, most);
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
