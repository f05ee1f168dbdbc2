// SPDX-License-Identifier: Apache-2.0
import type { Candidate } from './itemGroups';

/** Which references a search follows beyond its matches. */
export interface IncludeRules {
  /**
   * Types whose references are followed from a resource that was itself included (`_include:iterate`); `*`
   * for all.
   */
  readonly onward: ReadonlySet<string>;
  /** Types that are included because they refer to a match (`_revinclude`). */
  readonly reverse: ReadonlySet<string>;
  /** … or to a resource that was itself included (`_revinclude:iterate`). */
  readonly reverseOnward: ReadonlySet<string>;
  /**
   * For resources of the type that is searched for. Where its pages end decides whether the source gives them
   * as matches or beside them. So they come by the elements that the parameters name, and by no other
   * reference.
   */
  readonly own?: OwnRules;
}

export interface OwnRules {
  readonly type: string;
  /**
   * For each parameter: who refers by which element (`*`: any), which way, and whether from what was itself
   * included.
   */
  readonly elements: readonly {
    readonly referrer: string;
    readonly element: string;
    readonly isReverse: boolean;
    readonly iterates: boolean;
  }[];
}

export interface Reach {
  /** In an order that depends on the roots alone. */
  readonly reached: readonly Candidate[];
  /** For each reached one the places, in roots followed by reached, of all that lead to it; sorted. */
  readonly parents: readonly (readonly number[])[];
}

const NOTHING_REACHED: Reach = { reached: [], parents: [] };

/**
 * Whatever refers, leads; nothing comes because it refers to something: how directory resources come beside
 * `$everything`.
 */
export const BY_REFERENCE: IncludeRules = {
  onward: new Set(['*']),
  reverse: new Set(),
  reverseOnward: new Set(),
};

const ITERATE = /^_(rev)?include(:iterate|:recurse)?$/i;

/**
 * Reads `_include` and `_revinclude` with their modifiers. What a match itself refers to may always come; the
 * source says what does.
 * @param type that is searched for.
 */
export function includeRules(type: string, parameters: URLSearchParams): IncludeRules {
  const elements: OwnRules['elements'][number][] = [];
  const onward = new Set<string>();
  const reverse = new Set<string>();
  const reverseOnward = new Set<string>();
  for (const [name, value] of parameters) {
    const match = ITERATE.exec(name);
    if (match === null) {
      continue;
    }
    const [, isReverse, iterates] = match;
    const [referrer = '', parameter = '*'] = value.split(':');
    if (isReverse !== undefined) {
      reverse.add(referrer);
    }
    if (iterates !== undefined) {
      (isReverse === undefined ? onward : reverseOnward).add(referrer);
    }
    const element = parameter.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    elements.push({
      referrer,
      element,
      isReverse: isReverse !== undefined,
      iterates: iterates !== undefined,
    });
  }
  return { onward, reverse, reverseOnward, own: { type, elements } };
}

export function keyOf({ resource }: Pick<Candidate, 'resource'>): string {
  return `${resource.resourceType}/${resource.id ?? ''}`;
}

/**
 * What of `pool` is reached from `roots`, over any number of steps, and by what. Both hold each resource
 * once. What nothing leads to is left out: the source may have given it for the sake of data that are not
 * here.
 */
export function reachFrom(
  roots: readonly Candidate[],
  pool: readonly Candidate[],
  rules: IncludeRules,
): Reach {
  if (pool.length === 0) {
    return NOTHING_REACHED;
  }
  const isRoot = new Set(roots.map(keyOf));
  const waiting = new Map(pool.filter((one) => !isRoot.has(keyOf(one))).map((one) => [keyOf(one), one]));
  const all = [...roots];
  const placeOf = new Map(roots.map((root, place) => [keyOf(root), place]));
  const leads = new Map<number, Set<number>>();
  const referring =
    rules.reverse.size + rules.reverseOnward.size === 0
      ? new Map<string, readonly Candidate[]>()
      : referrersIn(pool);
  const note = (key: string, from: number, isReverse: boolean): void => {
    const candidate = waiting.get(key);
    const leader = all[from];
    if (
      candidate === undefined ||
      leader === undefined ||
      !isByRule(leader, candidate, from >= roots.length, isReverse, rules.own)
    ) {
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
        note(key, place, false);
      });
    }
    for (const candidate of referring.get(keyOf(from)) ?? []) {
      if (names(isOnward ? rules.reverseOnward : rules.reverse, candidate.resource.resourceType)) {
        note(keyOf(candidate), place, true);
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

/**
 * Resources of the type that is searched for come by a named element only; all others as the source gives
 * them.
 */
function isByRule(
  leader: Candidate,
  candidate: Candidate,
  isOnward: boolean,
  isReverse: boolean,
  own: OwnRules | undefined,
): boolean {
  if (own === undefined || candidate.resource.resourceType !== own.type) {
    return true;
  }
  const [referrer, target] = isReverse ? [candidate, leader] : [leader, candidate];
  return own.elements.some(
    (rule) =>
      rule.isReverse === isReverse &&
      (!isOnward || rule.iterates) &&
      (rule.referrer === '*' || rule.referrer === referrer.resource.resourceType) &&
      (rule.element === '*' || refersBy(referrer, rule.element, keyOf(target))),
  );
}

/**
 * Whether the reference stands in the element, in whatever form that counts as one of the resource's
 * references.
 */
function refersBy({ resource, facts }: Candidate, element: string, key: string): boolean {
  return facts.references.has(key) && holdsReference(resource[element], key);
}

function holdsReference(value: unknown, key: string): boolean {
  if (typeof value === 'string') {
    return value === key || value.endsWith(`/${key}`) || value.includes(`${key}/_history/`);
  }
  return typeof value === 'object' && value !== null
    ? Object.values(value).some((member) => holdsReference(member, key))
    : false;
}

function names(types: ReadonlySet<string>, type: string): boolean {
  return types.has('*') || types.has(type);
}

function referrersIn(pool: readonly Candidate[]): ReadonlyMap<string, readonly Candidate[]> {
  const referring = new Map<string, Candidate[]>();
  // The source's order depends on where its pages end.
  const ordered = [...pool].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const candidate of ordered) {
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
