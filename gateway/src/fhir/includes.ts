// SPDX-License-Identifier: Apache-2.0
import type { Candidate } from './itemGroups';

/** Which references a search follows beyond its matches. */
export interface IncludeRules {
  /** Types whose references are followed from a resource that was itself included (`_include:iterate`); `*` for all. */
  readonly onward: ReadonlySet<string>;
  /** Types that are included because they refer to a match (`_revinclude`). */
  readonly reverse: ReadonlySet<string>;
  /** … or to a resource that was itself included (`_revinclude:iterate`). */
  readonly reverseOnward: ReadonlySet<string>;
}

export interface Reach {
  /** In an order that depends on the roots alone. */
  readonly reached: readonly Candidate[];
  /** For each reached one the places, in roots followed by reached, of all that lead to it; sorted. */
  readonly parents: readonly (readonly number[])[];
}

/** Whatever refers, leads; nothing comes because it refers to something: how directory resources come beside `$everything`. */
export const BY_REFERENCE: IncludeRules = {
  onward: new Set(['*']),
  reverse: new Set(),
  reverseOnward: new Set(),
};

const ITERATE = /^_(rev)?include(:iterate|:recurse)?$/i;

/** Reads `_include` and `_revinclude` with their modifiers. What a match itself refers to may always come; the source says what does. */
export function includeRules(parameters: URLSearchParams): IncludeRules {
  const onward = new Set<string>();
  const reverse = new Set<string>();
  const reverseOnward = new Set<string>();
  for (const [name, value] of parameters) {
    const [, isReverse, iterates] = ITERATE.exec(name) ?? [];
    const type = value.split(':')[0] ?? '';
    if (isReverse !== undefined) {
      reverse.add(type);
    }
    if (iterates !== undefined) {
      (isReverse === undefined ? onward : reverseOnward).add(type);
    }
  }
  return { onward, reverse, reverseOnward };
}

export function keyOf({ resource }: Pick<Candidate, 'resource'>): string {
  return `${resource.resourceType}/${resource.id ?? ''}`;
}

/**
 * What of `pool` is reached from `roots`, over any number of steps, and by what. Both hold each resource once.
 * What nothing leads to is left out: the source may have given it for the sake of data that are not here.
 */
export function reachFrom(
  roots: readonly Candidate[],
  pool: readonly Candidate[],
  rules: IncludeRules,
): Reach {
  const isRoot = new Set(roots.map(keyOf));
  const waiting = new Map(pool.filter((one) => !isRoot.has(keyOf(one))).map((one) => [keyOf(one), one]));
  const all = [...roots];
  const placeOf = new Map(roots.map((root, place) => [keyOf(root), place]));
  const leads = new Map<number, Set<number>>();
  const referring =
    rules.reverse.size + rules.reverseOnward.size === 0
      ? new Map<string, readonly Candidate[]>()
      : referrersIn(pool);
  const note = (key: string, from: number): void => {
    const candidate = waiting.get(key);
    if (candidate === undefined) {
      return;
    }
    const place = placeOf.get(key) ?? all.push(candidate) - 1;
    placeOf.set(key, place);
    leads.set(place, (leads.get(place) ?? new Set()).add(from));
  };
  for (let place = 0; place < all.length; place += 1) {
    const from = all[place];
    if (from === undefined) {
      break;
    }
    const isOnward = place >= roots.length;
    if (!isOnward || names(rules.onward, from.resource.resourceType)) {
      from.facts.references.forEach((key) => {
        note(key, place);
      });
    }
    for (const candidate of referring.get(keyOf(from)) ?? []) {
      if (names(isOnward ? rules.reverseOnward : rules.reverse, candidate.resource.resourceType)) {
        note(keyOf(candidate), place);
      }
    }
  }
  const reached = all.slice(roots.length);
  const parents = reached.map((_one, index) =>
    [...(leads.get(roots.length + index) ?? [])]
      .filter((from) => from !== roots.length + index)
      .sort((a, b) => a - b),
  );
  return { reached, parents };
}

function names(types: ReadonlySet<string>, type: string): boolean {
  return types.has('*') || types.has(type);
}

function referrersIn(pool: readonly Candidate[]): ReadonlyMap<string, readonly Candidate[]> {
  const referring = new Map<string, Candidate[]>();
  for (const candidate of pool) {
    for (const key of candidate.facts.references) {
      const known = referring.get(key);
      if (known === undefined) {
        referring.set(key, [candidate]);
      } else {
        known.push(candidate);
      }
    }
  }
  return referring;
}
