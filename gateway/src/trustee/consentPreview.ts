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
  // The version stands in the bases of the result only, which are not shown.
  const replayed = replay(event, draft, 1);
  const items = event.items.map((item, index) => ({
    type: item.type,
    count: item.count,
    before: item.decision,
    after: replayed.items[index]?.decision ?? 'deny',
  }));
  return items.every(({ before, after }) => before === after)
    ? undefined
    : { access: toAccessEntry(entry, nameOf), outcome: replayed.outcome, items };
}
