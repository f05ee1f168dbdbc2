// SPDX-License-Identifier: Apache-2.0
import { normaliseLabels, type RequestItem } from '@chartwitness/chaincode/domain';
import { isFhirId, type FhirResource, type SearchMode } from './resource';
import type { ResourceFacts } from './resourceFacts';

/** A resource that may be released if the ledger permits its item. */
export interface Candidate {
  readonly resource: FhirResource;
  readonly facts: ResourceFacts;
  readonly mode: Exclude<SearchMode, 'outcome'>;
  /** Of a Patient: logical ids under which the source holds this person, which its links may name. */
  readonly ownIds?: ReadonlySet<string>;
}

/** What the ledger is told of one resource. */
export interface Described {
  readonly type: string;
  readonly id: string;
  readonly labels: readonly string[];
  /** Places in the same list of the resources that lead to it; absent: asked for by itself. */
  readonly parents?: readonly number[];
}

/** Resources of one kind that are decided on but not given by this answer. */
export interface FurtherKind {
  readonly type: string;
  readonly labels: readonly string[];
  readonly count: number;
}

export interface ItemGroups {
  /** In any number; `via` refers to places in this list. */
  readonly items: readonly RequestItem[];
  /** For each described resource the place of its item. */
  readonly itemOf: readonly number[];
}

/** Ids that an item names; more are only counted. */
const MAX_IDS = 50;

/** Whether the ledger can hold what names this resource. What it cannot hold cannot be recorded truly, so it is not released. */
export function isRecordable(resource: FhirResource): boolean {
  return isFhirId(resource.id);
}

/** The labels as the ledger holds them; those that cannot be told or held, or are too many, count as every label, which then stands alone. */
export function recordedLabels({ labels }: Pick<ResourceFacts, 'labels'>): readonly string[] {
  return normaliseLabels(labels);
}

/** The same text for the same type and labels. */
export function kindOf({ type, labels }: Pick<RequestItem, 'type' | 'labels'>): string {
  return JSON.stringify([type, labels]);
}

/**
 * Groups resources into the items of an access request, so that all resources of an item share their fate whatever the rules say: they
 * have one type, the same labels, and are led to by the same items. Items come in the order of their first resource.
 * @param further joins the item of its kind that is asked for by itself.
 * @param emptyType type of the single item of count 0 that stands for "asked, and nothing was there".
 */
export function groupItems(
  described: readonly Described[],
  further: readonly FurtherKind[],
  emptyType: string,
): ItemGroups {
  const itemOf = refined(described);
  const groups: Group[] = [];
  described.forEach(({ type, labels, id, parents }, place) => {
    const index = itemOf[place] ?? 0;
    const group = (groups[index] ??= { type, labels, ids: [], further: 0, via: parents && new Set() });
    group.ids.push(id);
    parents?.forEach((parent) => group.via?.add(itemOf[parent] ?? index));
  });
  addFurther(groups, further);
  const items = groups.map(itemFrom);
  return { items: items.length === 0 ? [{ type: emptyType, labels: [], count: 0, ids: [] }] : items, itemOf };
}

interface Group {
  readonly type: string;
  readonly labels: readonly string[];
  readonly ids: string[];
  readonly via: Set<number> | undefined;
  further: number;
}

function addFurther(groups: Group[], further: readonly FurtherKind[]): void {
  const roots = new Map(groups.filter(({ via }) => via === undefined).map((group) => [kindOf(group), group]));
  for (const { type, labels, count } of further) {
    const known = roots.get(kindOf({ type, labels }));
    if (known === undefined) {
      const group: Group = { type, labels, ids: [], further: count, via: undefined };
      groups.push(group);
      roots.set(kindOf(group), group);
    } else {
      known.further += count;
    }
  }
}

function itemFrom({ type, labels, ids, further, via }: Group, index: number): RequestItem {
  // A group that leads to itself is reached no sooner for it.
  via?.delete(index);
  return {
    type,
    labels,
    count: ids.length,
    ids: ids.slice(0, MAX_IDS),
    ...(further === 0 ? {} : { further }),
    ...(via === undefined ? {} : { via: [...via].sort((a, b) => a - b) }),
  };
}

/** The coarsest grouping in which all members of a group are led to by members of the same groups. */
function refined(described: readonly Described[]): readonly number[] {
  let [groupOf, count] = numbered(
    described.map(({ type, labels, parents }) => `${kindOf({ type, labels })}${parents ? '<' : ''}`),
  );
  for (;;) {
    const before = groupOf;
    const [finer, more] = numbered(
      described.map(({ parents }, place) => `${String(before[place])}<${leadsOf(parents, before)}`),
    );
    if (more === count) {
      return groupOf;
    }
    [groupOf, count] = [finer, more];
  }
}

function leadsOf(parents: readonly number[] | undefined, groupOf: readonly number[]): string {
  return [...new Set(parents?.map((parent) => groupOf[parent] ?? -1))].sort((a, b) => a - b).join();
}

/** Numbers equal texts alike, from 0 in the order of their first appearance. */
function numbered(texts: readonly string[]): [readonly number[], number] {
  const numbers = new Map<string, number>();
  const all = texts.map((text) => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
  return [all, numbers.size];
}
