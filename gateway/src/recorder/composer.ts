// SPDX-License-Identifier: Apache-2.0
import type { OpeningBatch, Outbox } from './outbox';
import type { PendingBatch } from './pendingBatch';
import { bytesOf, type Queue, type Room } from './queue';

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
  readonly place: { readonly lane: string; readonly seq: number; readonly start: number };
  readonly now: number;
}

/** Break-glass first, then what is owed (at most half of the batch where others wait), then the rest. */
export function composeBatch({
  outbox,
  queue,
  whole,
  takes,
  mayTakeOwed,
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
        );
  room = roomAfter(room, owed);
  const rest = isAlone ? [] : queue.take(false, room, whole);
  const entries = [...emergencies, ...owed, ...rest];
  return {
    opening: {
      ...place,
      count: entries.length,
      requestsJson: `[${entries.map((one) => one.json).join(',')}]`,
      positions: owed.map((entry) => entry.position),
    },
    batch: {
      ...place,
      requests: entries.map((one) => one.request),
      parts: [...emergencies, ...owed.map(() => undefined), ...rest],
      mayBeOrdered: false,
      refused: false,
      openedAt: now,
    },
  };
}

function roomAfter(room: Room, taken: readonly { readonly bytes: number }[]): Room {
  return { events: room.events - taken.length, bytes: room.bytes - bytesOf(taken) };
}
