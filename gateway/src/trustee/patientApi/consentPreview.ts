// SPDX-License-Identifier: Apache-2.0
import { type ConsentPolicy, replay } from '@chartwitness/chaincode/domain';
import type { z } from 'zod';
import type { previewChange } from '../../api/schemas';
import type { StoredEntry } from '../../readmodel/accessStore';
import { toAccessEntry } from './accessView';

/**
 * Milliseconds of work between two turns of the event loop, so that other requests are answered meanwhile.
 */
const SLICE_MS = 10;
/** Milliseconds of work for one preview; what remains is behind its cursor. */
const WORK_MS = 500;

export interface ReplayedPage {
  readonly items: readonly PreviewChange[];
  /** Entries that were replayed, from the front; at least one when there is one. */
  readonly considered: number;
}

export interface ReplayPace {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Lets everything else that waits have its turn. */
  readonly breathe: () => Promise<void>;
}

/**
 * Replays entries in slices, and stops when its share of work is done: hundreds of rules and labels must not
 * hold the one thread.
 */
export async function replayPage(
  entries: readonly StoredEntry[],
  replayOne: (entry: StoredEntry) => PreviewChange | undefined,
  { now, breathe }: ReplayPace,
): Promise<ReplayedPage> {
  const items: PreviewChange[] = [];
  let considered = 0;
  let spentMs = 0;
  let sliceAt = now();
  for (const entry of entries) {
    const change = replayOne(entry);
    considered += 1;
    if (change !== undefined) {
      items.push(change);
    }
    const sliceMs = now() - sliceAt;
    if (sliceMs >= SLICE_MS) {
      spentMs += sliceMs;
      if (spentMs >= WORK_MS) {
        break;
      }
      await breathe();
      sliceAt = now();
    }
  }
  return { items, considered };
}

export type PreviewChange = z.infer<typeof previewChange>;

/** The two sets of rules that a preview compares: what holds now, and what would hold. */
export interface Change {
  readonly standing: ConsentPolicy;
  readonly draft: ConsentPolicy;
}

/**
 * What a change of the rules would do to an access like a recorded one: decided twice, by the rule that the
 * ledger uses and at the time of the access, by the consent on file and by the draft. `undefined` when every
 * item ends alike: what already holds is not the draft's doing.
 */
export function replayAccess(
  entry: StoredEntry,
  { standing, draft }: Change,
  nameOf: (mspId: string) => string,
): PreviewChange | undefined {
  const { event } = entry;
  // What left is what it was, whatever the rules say: the question is what the rules say.
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
  const now = replay({ ...event, items }, standing, 1);
  const then = replay({ ...event, items }, draft, 1);
  const changes = event.items.map((item, index) => ({
    type: item.type,
    count: item.count,
    ...(item.further === undefined ? {} : { further: item.further }),
    before: now.items[index]?.decision ?? 'deny',
    after: then.items[index]?.decision ?? 'deny',
  }));
  return changes.every(({ before, after }) => before === after)
    ? undefined
    : {
        access: toAccessEntry(entry, nameOf),
        standing: now.outcome,
        outcome: then.outcome,
        items: changes,
      };
}
