// SPDX-License-Identifier: Apache-2.0
import { MAX_ITEM_IDS, normaliseLabels, type RequestItem } from '@chartwitness/chaincode/domain';
import { isFhirId, type FhirResource, type ResourceFacts, type SearchMode } from './resource';

/** A resource that may be released if the ledger permits its item. */
export interface Candidate {
  readonly resource: FhirResource;
  readonly facts: ResourceFacts;
  readonly mode: Exclude<SearchMode, 'outcome'>;
  /** Of a Patient: logical ids under which the source holds this person, which its links may name. */
  readonly ownIds?: ReadonlySet<string>;
  /**
   * Decided on, and never given: only its name is known, and mostly no label; then it counts as carrying
   * every label.
   */
  readonly isUnreadable?: boolean;
  /** Of what is unreadable: it may be given later, when there is room in memory. */
  readonly lacksRoom?: boolean;
  /** Of what is unreadable: nobody read how it is labelled. */
  readonly isUntold?: boolean;
}

/** What an access request says about one resource. */
export interface Described {
  readonly type: string;
  readonly id: string;
  readonly labels: readonly string[];
  /** Places in the same list of the resources that lead to it; absent: asked for by itself. */
  readonly parents?: readonly number[];
  /** Recorded before for the same answer: it leads on to others, but its item does not count it. */
  readonly isHeld?: boolean;
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

/**
 * Whether the ledger can hold what names this resource. What it cannot hold cannot be recorded truly, so it
 * is not released.
 */
export function isRecordable(resource: FhirResource): boolean {
  return isFhirId(resource.id);
}

/**
 * The labels as the ledger holds them; those that cannot be told or held, or are too many, count as every
 * label, which then stands alone.
 */
export function recordedLabels({ labels }: Pick<ResourceFacts, 'labels'>): readonly string[] {
  return normaliseLabels(labels);
}

/** The same text for the same type and labels. */
export function kindOf({ type, labels }: Pick<RequestItem, 'type' | 'labels'>): string {
  return JSON.stringify([type, labels]);
}

/**
 * Groups resources into the items of an access request, so that all resources of an item share their fate
 * whatever the rules say: they have one type, the same labels, and are led to by the same items. A larger
 * group than an item can name becomes several items alike, so that every resource is named; what they lead to
 * names all of them. Items come in the order of their group's first resource.
 * @param further joins the first item of its kind that is asked for by itself.
 * @param emptyType type of the single item of count 0 that stands for "asked, and nothing was there".
 * @param maxIds ids of one item, at least 1.
 */
export function groupItems(
  described: readonly Described[],
  further: readonly FurtherKind[],
  emptyType: string,
  maxIds = MAX_ITEM_IDS,
): ItemGroups {
  const groupOf = refined(described);
  const groups: Group[] = [];
  const placeInGroup = described.map(({ type, labels, id, parents, isHeld = false }, place) => {
    const index = groupOf[place] ?? 0;
    const group = (groups[index] ??= { type, labels, ids: [], further: 0, via: parents && new Set() });
    parents?.forEach((parent) => group.via?.add(groupOf[parent] ?? index));
    return isHeld ? 0 : group.ids.push(id) - 1;
  });
  addFurther(groups, further);
  if (groups.length === 0) {
    return { items: [{ type: emptyType, labels: [], count: 0, ids: [] }], itemOf: [] };
  }
  const itemsOfGroup = placesOf(groups, maxIds);
  return {
    items: groups.flatMap((group, index) => itemsFrom(group, index, itemsOfGroup, maxIds)),
    itemOf: placeInGroup.map(
      (place, index) => itemsOfGroup[groupOf[index] ?? 0]?.[Math.floor(place / maxIds)] ?? 0,
    ),
  };
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

/** For each group the places of its items, one after the other. */
function placesOf(groups: readonly Group[], maxIds: number): readonly (readonly number[])[] {
  let next = 0;
  return groups.map(({ ids }) =>
    Array.from({ length: Math.max(1, Math.ceil(ids.length / maxIds)) }, () => next++),
  );
}

function itemsFrom(
  { type, labels, ids, further, via }: Group,
  index: number,
  itemsOfGroup: readonly (readonly number[])[],
  maxIds: number,
): readonly RequestItem[] {
  // A group that leads to itself is reached no sooner for it.
  via?.delete(index);
  const leads = via && [...via].flatMap((lead) => itemsOfGroup[lead] ?? []).sort((a, b) => a - b);
  return (itemsOfGroup[index] ?? []).map((_place, piece) => {
    const own = ids.slice(piece * maxIds, (piece + 1) * maxIds);
    return {
      type,
      labels,
      count: own.length,
      ids: own,
      ...(further === 0 || piece > 0 ? {} : { further }),
      ...(leads === undefined ? {} : { via: leads }),
    };
  });
}

/** The coarsest grouping in which all members of a group are led to by members of the same groups. */
function refined(described: readonly Described[]): readonly number[] {
  let [groupOf, count] = numbered(
    described.map(({ type, labels, parents }) => `${kindOf({ type, labels })}${parents ? '<' : ''}`),
  );
  // Nothing is led to.
  if (!described.some(({ parents }) => parents !== undefined)) {
    return groupOf;
  }
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
