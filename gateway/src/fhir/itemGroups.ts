// SPDX-License-Identifier: Apache-2.0
import type { RequestItem } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import { isFhirId, type FhirResource, type SearchMode } from './resource';
import type { ResourceFacts } from './resourceFacts';

/** A resource that may be released if the ledger permits its item. */
export interface Candidate {
  readonly resource: FhirResource;
  readonly facts: ResourceFacts;
  readonly mode: Exclude<SearchMode, 'outcome'>;
}

export interface ItemGroups {
  readonly items: readonly RequestItem[];
  /** For each candidate the index of its item. */
  readonly itemOf: readonly number[];
}

const MAX_ITEMS = 100;
const MAX_IDS = 50;
const MAX_LABELS = 20;
const MAX_LABEL_LENGTH = 256;
const UNPRINTABLE = /[\p{Cc}\p{Surrogate}]/u;

/** Whether the ledger can hold what describes this resource. What it cannot hold cannot be recorded truly, so it is not released. */
export function isRecordable(resource: FhirResource, facts: ResourceFacts): boolean {
  return (
    isFhirId(resource.id) &&
    facts.labels.length <= MAX_LABELS &&
    facts.labels.every((label) => label.length <= MAX_LABEL_LENGTH && !UNPRINTABLE.test(label))
  );
}

/**
 * Groups candidates into the items of an access request: one for each type and set of labels, in the order of their first resource.
 * @param emptyType type of the single item of count 0 that stands for "asked, and nothing was there".
 * @throws AppError TOO_COSTLY beyond 100 items.
 */
export function groupItems(candidates: readonly Candidate[], emptyType: string): ItemGroups {
  const groups = new Map<string, { index: number; type: string; labels: readonly string[]; ids: string[] }>();
  const itemOf = candidates.map(({ resource, facts }) => {
    const key = JSON.stringify([resource.resourceType, facts.labels]);
    const group = groups.get(key) ?? {
      index: groups.size,
      type: resource.resourceType,
      labels: facts.labels,
      ids: [],
    };
    group.ids.push(resource.id ?? '');
    groups.set(key, group);
    return group.index;
  });
  if (groups.size > MAX_ITEMS) {
    throw new AppError('TOO_COSTLY', `${String(groups.size)} kinds of data in one request`, {
      expose: `The answer holds more than ${String(MAX_ITEMS)} kinds of data; ask for fewer types.`,
    });
  }
  const items = [...groups.values()].map(({ type, labels, ids }) => ({
    type,
    labels,
    count: ids.length,
    ids: ids.slice(0, MAX_IDS),
  }));
  return { items: items.length === 0 ? [{ type: emptyType, labels: [], count: 0, ids: [] }] : items, itemOf };
}
