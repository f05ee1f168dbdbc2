// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { reasonKey } from '../../lib/accessKinds';
import { leftAgainstRules } from '../../lib/whatLeft';

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** How often it occurs in the entries that were counted; 0 when it is only chosen. */
  readonly count: number;
}

/** People, reasons and kinds of data that occur in some entries, with how often: what the filters offer. */
export interface FilterChoices {
  readonly organisations: ReadonlyMap<string, number>;
  /** Identifier → newest name and count. */
  readonly people: ReadonlyMap<string, { readonly name: string; readonly count: number }>;
  /** By purpose code; the two of break-glass together as `emergency`. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly kinds: ReadonlyMap<string, number>;
  /**
   * With `refused` for those that were refused wholly or in part, and `against` where something left against
   * the rules.
   */
  readonly outcomes: ReadonlyMap<string, number>;
}

export function countChoices(entries: readonly AccessEntry[]): FilterChoices {
  const organisations = new Map<string, number>();
  const people = new Map<string, { name: string; count: number }>();
  const reasons = new Map<string, number>();
  const kinds = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const count = (counts: Map<string, number>, key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const entry of entries) {
    const { requester, outcome, items } = entry;
    count(organisations, requester.organisation.mspId);
    count(reasons, reasonKey(entry));
    count(outcomes, outcome);
    if (outcome !== 'permit') {
      count(outcomes, 'refused');
    }
    if (leftAgainstRules(entry)) {
      count(outcomes, 'against');
    }
    for (const type of new Set(items.map((item) => item.type))) {
      count(kinds, type);
    }
    if (requester.person === null) {
      continue;
    }
    const known = people.get(requester.person.id);
    if (known === undefined) {
      people.set(requester.person.id, { name: requester.person.name, count: 1 });
    } else {
      known.count += 1;
    }
  }
  return { organisations, people, reasons, kinds, outcomes };
}

/**
 * Choices from counts; the chosen one is among them even if nothing was counted for it. Sorted by label as
 * `language` sorts.
 */
export function toChoices(
  language: string,
  counts: ReadonlyMap<string, number>,
  labelOf: (value: string) => string,
  chosen: string | undefined,
): readonly Choice[] {
  const values = new Set([...counts.keys(), ...(chosen === undefined ? [] : [chosen])]);
  return [...values]
    .map((value) => ({ value, label: labelOf(value), count: counts.get(value) ?? 0 }))
    .sort((a, b) => a.label.localeCompare(b.label, language));
}
