// SPDX-License-Identifier: Apache-2.0
import { Gate } from './gate';
import { isOwed } from './lateMark';
import type { OutboxBatch, OutboxRival } from './outbox';
import type { Suspect, SuspectGroup } from './suspects';
import type { BatchOfPart, Part, Ticket } from './ticket';

/** A batch that has its place in the lane (and its row in the outbox) and is not settled. */
export interface PendingBatch extends BatchOfPart {
  /** Events that the lane holds before it. */
  readonly start: number;
  /** The part that `requests[i]` is; none after a restart, and for what is owed. */
  readonly parts: readonly (Part | undefined)[];
  /** The entries that go by themselves, when it is made of such. */
  readonly group: SuspectGroup | undefined;
  /**
   * Opens when the peers have endorsed it once, or it is found on the ledger: only then the next place is
   * proposed, in a lane that is this process's own.
   */
  readonly admitted: Gate;
  /** Opens when it is known what stands in its place: in any other lane the next one waits for that. */
  readonly committed: Gate;
  /** Whether the disk says that it may have been handed in. */
  isHandedIn: boolean;
  /** Whether a try is under way. */
  isTrying: boolean;
  /**
   * Whether an attempt may have reached the orderer without an answer. Until then the batch can be taken
   * back.
   */
  mayBeOrdered: boolean;
  /** Whether the ledger refused it. */
  refused: boolean;
  /** Whether its last try failed because of what is in it. Nothing goes behind it then. */
  isBlamed: boolean;
  /** Whether the ledger refuses it though it is about nobody, and its place needs it: the lane stands. */
  isStuck: boolean;
  /** How often in a row the peers answered differently. */
  differences: number;
  /** Whether its place was given back: it is tried no more. */
  isTakenBack: boolean;
  /** Whether a place below is another gateway's: it is on the ledger already, or goes there no more. */
  isOrphan: boolean;
  /** Whether an earlier process opened it; then the ledger may have gone another way meanwhile. */
  readonly isInherited: boolean;
  /** When its first attempt began, milliseconds since the epoch. */
  readonly openedAt: number;
}

/**
 * A batch that was handed in without an answer, then refused, and whose place was given to another batch.
 * Each of the two transactions reads that the place is empty, so one of them at most is valid. Its entries go
 * on elsewhere meanwhile; if it is the one after all, they stand there.
 */
export interface Rival extends OutboxRival {
  /** The part that `requests[i]` is; none after a restart, and for what is owed. */
  readonly parts: readonly (Part | undefined)[];
}

/** A batch that was just composed: no try of it has been made. */
export function newBatch(
  given: Pick<PendingBatch, 'lane' | 'seq' | 'start' | 'requests' | 'parts' | 'group' | 'openedAt'>,
): PendingBatch {
  return {
    ...given,
    admitted: new Gate(),
    committed: new Gate(),
    isHandedIn: false,
    isTrying: false,
    mayBeOrdered: false,
    refused: false,
    isBlamed: false,
    isStuck: false,
    differences: 0,
    isTakenBack: false,
    isOrphan: false,
    isInherited: false,
  };
}

/** What an earlier process left: if it may have handed the batch in, the ledger is read first. */
export function pendingOf(
  { lane, seq, start, requests, isHandedIn }: OutboxBatch,
  now: number,
): PendingBatch {
  const parts = requests.map(() => undefined);
  const batch = newBatch({ lane, seq, start, requests, parts, group: undefined, openedAt: now });
  return { ...batch, isHandedIn, mayBeOrdered: isHandedIn, isInherited: true };
}

export function hasWaiting(batch: PendingBatch): boolean {
  return batch.parts.some((part) => part?.ticket.isSettled === false);
}

/** Those who wait for one of the parts. */
export function ticketsOf(parts: readonly (Part | undefined)[]): Set<Ticket> {
  return new Set(parts.flatMap((part) => (part?.ticket.isSettled === false ? [part.ticket] : [])));
}

/** What must not be dropped when the batch is taken back: what is owed, and what somebody waits for. */
export function liveEntriesOf(batch: PendingBatch): Suspect[] {
  return batch.requests.flatMap((request, index) => {
    const part = batch.parts[index];
    return isOwed(request) || part?.ticket.isSettled === false ? [{ id: request.id, part }] : [];
  });
}
