// SPDX-License-Identifier: Apache-2.0
import type { RequestItem } from '@chartwitness/chaincode/domain';
import { type IncludeRules, keyOf, reachFrom } from '../fhir/includes';
import { type Candidate, type FurtherKind, groupItems, recordedLabels } from '../fhir/itemGroups';
import { type Errand, type RecordDependencies, recordItems } from './recordItems';

/** What an answer would give, and what else is decided with it. */
export interface Proposal {
  readonly matches: readonly Candidate[];
  /** Given only as far as given matches lead to them. */
  readonly besides: readonly Candidate[];
  readonly rules: IncludeRules;
  readonly further: readonly FurtherKind[];
  /** Type of the item that stands for "nothing was there". */
  readonly emptyType: string;
  /**
   * Keys of what the same answer holds already, recorded when it was given: it leads on to others, and is not
   * recorded again.
   */
  readonly held?: ReadonlySet<string>;
}

/** An access as the ledger ends up saying it. */
export interface Recorded {
  /** What may leave, and nothing else; what the answer holds already is among it if it may leave still. */
  readonly permitted: readonly Candidate[];
  readonly items: readonly RequestItem[];
  /** For each item whether it may leave. */
  readonly decisions: readonly boolean[];
  /** Released ahead of the record, because the ledger is away. */
  readonly isLate: boolean;
}

/**
 * Records an access to resources, and says which of them may leave: exactly what the recorder permitted.
 * @throws what `recordItems` throws.
 */
export async function recordAccess(
  proposal: Proposal,
  errand: Errand,
  dependencies: RecordDependencies,
): Promise<Recorded> {
  const { candidates, items, itemOf } = itemsOf(proposal);
  const { decisions, isLate } = await recordItems(items, errand, dependencies);
  const permitted = candidates.filter((_candidate, place) => decisions[itemOf[place] ?? -1] === true);
  return {
    permitted: inOrderOfTheGiven(permitted, proposal.rules),
    items,
    decisions,
    isLate: permitted.length > 0 && isLate,
  };
}

/**
 * What comes beside the matches in an order that the given ones alone make, or it would tell of what is
 * withheld.
 */
function inOrderOfTheGiven(permitted: readonly Candidate[], rules: IncludeRules): readonly Candidate[] {
  const besides = permitted.filter(({ mode }) => mode === 'include');
  if (besides.length === 0) {
    return permitted;
  }
  const matches = permitted.filter(({ mode }) => mode === 'match');
  // In several parts, decided one after the other, an anchor may have led to what no given match leads to.
  return [...new Set([...matches, ...reachFrom(matches, besides, rules).reached, ...besides])];
}

function itemsOf({ matches, besides, rules, further, emptyType, held }: Proposal): {
  candidates: readonly Candidate[];
  items: readonly RequestItem[];
  itemOf: readonly number[];
} {
  const { reached, parents } = reachFrom(matches, besides, rules);
  const candidates = [...matches, ...reached];
  const described = candidates.map(({ resource, facts }, place) => ({
    type: resource.resourceType,
    id: resource.id ?? '',
    labels: recordedLabels(facts),
    isHeld: held?.has(keyOf({ resource })) === true,
    ...(place < matches.length ? {} : { parents: parents[place - matches.length] ?? [] }),
  }));
  return { candidates, ...groupItems(described, further, emptyType) };
}
