// SPDX-License-Identifier: Apache-2.0
import { type ConsentPolicy, replay } from '@chartwitness/chaincode/domain';
import type { z } from 'zod';
import type { previewChange } from '../api/schemas';
import type { StoredEntry } from '../readmodel/accessStore';
import { toAccessEntry } from './accessView';

export type PreviewChange = z.infer<typeof previewChange>;

/**
 * How a recorded access would have ended under `draft`, decided by the rule that the ledger uses, at the time of the access; `undefined`
 * when every item would have ended as it did.
 */
export function replayAccess(
  entry: StoredEntry,
  draft: ConsentPolicy,
  nameOf: (mspId: string) => string,
): PreviewChange | undefined {
  const { event } = entry;
  // What left is what it was, whatever a draft says: the question is what the rules would have said.
  const items = event.items.map(({ type, labels, count, ids, via, decision, basis }) => ({
    type,
    labels,
    count,
    ids,
    ...(via === undefined ? {} : { via }),
    decision,
    basis,
  }));
  // The version stands in the bases of the result only, which are not shown.
  const replayed = replay({ ...event, items }, draft, 1);
  const changes = event.items.map((item, index) => ({
    type: item.type,
    count: item.count,
    before: item.decision,
    after: replayed.items[index]?.decision ?? 'deny',
  }));
  return changes.every(({ before, after }) => before === after)
    ? undefined
    : { access: toAccessEntry(entry, nameOf), outcome: replayed.outcome, items: changes };
}
