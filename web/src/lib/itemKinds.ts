// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { hasLeft } from './whatLeft';

/**
 * How many different resources of one type were given out and how many withheld; undefined where there was
 * none.
 */
export interface KindCount {
  readonly type: string;
  readonly given?: number;
  readonly withheld?: number;
  /** How many more were decided on and, though not withheld, not given by this answer. */
  readonly further?: number;
  /** There may be more than these: not every request named all that it asked for. */
  readonly isAtLeast?: true;
}

/** A person's own details are one thing, whatever they hold: one of them is not counted. */
export const ONE_WHOLE = 'Patient';

/** Resources of one type with one fate, over several entries. */
interface Tally {
  readonly ids: Set<string>;
  /** The most that one entry counts: there are at least so many different ones. */
  most: number;
  isNamed: boolean;
}

type Fate = 'given' | 'withheld' | 'further';

/**
 * The data of some entries by type, what was asked for twice counted once: the largest first. What one answer
 * did not give the next may have given: several entries have `further` only where none of the type was given.
 */
export function countKinds(entries: readonly Pick<AccessEntry, 'holder' | 'items'>[]): readonly KindCount[] {
  const tallies = new Map<string, Partial<Record<Fate, Tally>>>();
  for (const entry of entries) {
    const counts = new Map<Tally, number>();
    const add = (type: string, fate: Fate, count: number, ids: readonly string[]): void => {
      const ofType = tallies.get(type) ?? {};
      tallies.set(type, ofType);
      const tally = (ofType[fate] ??= { ids: new Set(), most: 0, isNamed: true });
      for (const id of ids) {
        tally.ids.add(`${entry.holder} ${id}`);
      }
      if (ids.length < count) {
        tally.isNamed = false;
      }
      const inEntry = (counts.get(tally) ?? 0) + count;
      counts.set(tally, inEntry);
      tally.most = Math.max(tally.most, inEntry);
    };
    for (const item of entry.items) {
      const { type, count, ids, further = 0 } = item;
      if (!hasLeft(item)) {
        add(type, 'withheld', count + further, ids);
      } else {
        add(type, 'given', count, ids);
        if (further > 0) {
          add(type, 'further', further, []);
        }
      }
    }
  }
  const kinds = [...tallies].map(([type, { given, withheld, further }]): KindCount => {
    const isExact = [given, withheld].every(
      (tally) => tally === undefined || tally.isNamed || entries.length === 1,
    );
    const isToldFurther = entries.length === 1 || given?.most === 0;
    return {
      type,
      ...(given && { given: different(given) }),
      ...(withheld && { withheld: different(withheld) }),
      ...(further && isToldFurther && { further: further.most }),
      ...(!isExact && { isAtLeast: true }),
    };
  });
  const size = ({ given = 0, withheld = 0 }: KindCount): number => given + withheld;
  return kinds.sort((a, b) => size(b) - size(a) || a.type.localeCompare(b.type, 'en'));
}

function different({ ids, most }: Tally): number {
  return Math.max(ids.size, most);
}

// Words say what a label means to a patient; these say nothing that a patient would recognise as sensitive.
const ORDINARY: ReadonlySet<string> = new Set(['N', 'L', 'M', 'U']);

// Says that something is sensitive, not what: told only where nothing else is.
const GENERAL: ReadonlySet<string> = new Set(['R', 'V']);

/**
 * The labels of an item that mark it as sensitive, the telling ones before and instead of the general ones.
 */
export function sensitiveLabels(labels: readonly string[]): readonly string[] {
  const sensitive = labels.filter((label) => !ORDINARY.has(label));
  const telling = sensitive.filter((label) => !GENERAL.has(label));
  return telling.length > 0 ? telling : sensitive;
}
