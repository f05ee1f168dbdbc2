// SPDX-License-Identifier: Apache-2.0
import type { BatchPlace, OpeningBatch, Outbox, StoredEntry } from './outbox';
import { newBatch, type PendingBatch } from './pendingBatch';
import { bytesOf, type Queue, type Room } from './queue';
import type { SuspectGroup } from './suspects';
import type { Part } from './ticket';

/** A batch that is composed and has no place yet on the disk. */
export interface Composed {
  readonly batch: PendingBatch;
  readonly opening: OpeningBatch;
}

export interface Composition {
  readonly outbox: Pick<Outbox, 'peekOwed'>;
  /** What is taken leaves it. */
  readonly queue: Queue;
  /** Room of an empty batch. */
  readonly whole: Room;
  readonly takes: 'everything' | 'emergencies';
  readonly mayTakeOwed: boolean;
  /** Ids of owed entries that go by themselves. */
  readonly except: ReadonlySet<string>;
  readonly place: Place;
  readonly now: number;
}

type Place = BatchPlace & { readonly start: number };

interface Entries {
  /** Parts come before `owed`, and `rest` after it. */
  readonly first: readonly Part[];
  readonly owed: readonly StoredEntry[];
  readonly rest: readonly Part[];
}

/**
 * Break-glass first, then what is owed (at most half of the batch where others wait), then the rest. Where
 * only break-glass has a place, no more of the rest goes with it than there are emergencies: without any,
 * break-glass that never pauses would keep all others out.
 */
export function composeBatch({
  outbox,
  queue,
  whole,
  takes,
  mayTakeOwed,
  except,
  place,
  now,
}: Composition): Composed {
  const emergencies = queue.take(true, whole, whole);
  const isAlone = takes === 'emergencies';
  let room = roomAfter(whole, emergencies);
  const share = queue.sizeOf(false).parts > 0 ? 2 : 1;
  const owed =
    isAlone || !mayTakeOwed
      ? []
      : outbox.peekOwed(
          Math.min(room.events, Math.ceil(whole.events / share)),
          Math.min(room.bytes, Math.ceil(whole.bytes / share)),
          emergencies.length === 0 ? 1 : 0,
          except,
        );
  room = roomAfter(room, owed);
  const rest = queue.take(
    false,
    isAlone ? { ...room, events: Math.min(room.events, emergencies.length) } : room,
    whole,
  );
  return composed({ first: emergencies, owed, rest }, place, now, undefined);
}

/**
 * A batch of one group alone. What was given up meanwhile is left out, what was released late meanwhile is
 * taken from the disk.
 * @returns `undefined` when all of it was given up.
 */
export function composeGroup(
  group: SuspectGroup,
  outbox: Pick<Outbox, 'findOwed'>,
  place: Place,
  now: number,
): Composed | undefined {
  const first: Part[] = [];
  const owed: StoredEntry[] = [];
  for (const { id, part } of group.entries) {
    if (part?.ticket.isSettled === false) {
      first.push(part);
    } else {
      owed.push(...[outbox.findOwed(id)].filter((entry) => entry !== undefined));
    }
  }
  return first.length + owed.length === 0
    ? undefined
    : composed({ first, owed, rest: [] }, place, now, group);
}

function composed(
  { first, owed, rest }: Entries,
  place: Place,
  now: number,
  group: SuspectGroup | undefined,
): Composed {
  const entries = [...first, ...owed, ...rest];
  return {
    opening: {
      ...place,
      count: entries.length,
      requestsJson: `[${entries.map((one) => one.json).join(',')}]`,
      takesOver: owed.map(({ request }) => request.id),
    },
    batch: newBatch({
      ...place,
      requests: entries.map((one) => one.request),
      parts: [...first, ...owed.map(() => undefined), ...rest],
      group,
      openedAt: now,
    }),
  };
}

function roomAfter(room: Room, taken: readonly { readonly bytes: number }[]): Room {
  return { events: room.events - taken.length, bytes: room.bytes - bytesOf(taken) };
}
