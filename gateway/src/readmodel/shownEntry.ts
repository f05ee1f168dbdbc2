// SPDX-License-Identifier: Apache-2.0
import { type AccessEvent, type DecidedItem, outcomeOf } from '@chartwitness/chaincode/domain';
import type { ShownEntry, StoredEntry, VerifiedBatch } from './accessStore';
import { corrects } from './entryGroups';
import { type IndexedFields, indexedFields } from './indexedFields';

/** A batch's events with their places. */
export function entriesOf(batch: VerifiedBatch): readonly StoredEntry[] {
  const { lane, seq, start, block, transactionId, firstPosition } = batch;
  return batch.events.map((event, index) => ({
    position: firstPosition + index,
    lane,
    number: start + index,
    seq,
    index,
    block,
    transactionId,
    event,
  }));
}

/** How a store lists a group: one row, at `position`, found by what the entry shows. */
export interface Listing {
  /**
   * The smallest position of its accesses, so that it never moves when further parts and amendments arrive.
   */
  readonly position: number;
  /** Positions of the whole group, rising. */
  readonly members: readonly number[];
  readonly fields: IndexedFields;
}

/** @param group one of `EntryGroups.groups`. */
export function listingOf(group: readonly StoredEntry[]): Listing {
  const shown = shownEntry(group);
  return {
    position: shown.position,
    members: group.map(({ position }) => position),
    fields: indexedFields(shown.event),
  };
}

/**
 * A group as it is shown: the parts of a request as one, each as its decisive amendment corrects it. An entry
 * alone is shown as it is.
 *
 * An amendment says what left: its items, whether that was late and by what it was decided. Who asked, when
 * and for what is the access's own, so that no amendment makes another access of it.
 * @param group one of `EntryGroups.groups`; at least one entry.
 */
export function shownEntry(group: readonly StoredEntry[]): ShownEntry {
  const [only] = group;
  if (only === undefined) {
    throw new Error('a group has at least one entry');
  }
  if (group.length === 1) {
    return only;
  }
  const accesses = group.filter(({ event }) => event.amends === undefined).sort(byPart);
  const [first = only] = accesses;
  const parts = accesses.map((access) => correctedBy(access.event, decisiveOf(group, access)));
  return {
    ...first,
    position: Math.min(...accesses.map(({ position }) => position)),
    event: joined(first.event, parts),
    recorded: {
      accesses,
      corrected: parts,
      amendments: group.filter(({ event }) => event.amends !== undefined),
    },
  };
}

function byPart(one: StoredEntry, other: StoredEntry): number {
  return (one.event.part?.number ?? 0) - (other.event.part?.number ?? 0) || one.position - other.position;
}

/**
 * The amendment that counts: the newest, but none that says that nothing was given beside one that says that
 * data left. Both cannot be true, and the one that hides a release is not believed.
 */
function decisiveOf(group: readonly StoredEntry[], access: StoredEntry): AccessEvent | undefined {
  const fitting = group.filter((entry) => corrects(entry, access)).map(({ event }) => event);
  return fitting.filter(({ amends }) => amends?.why === 'releasedLate').at(-1) ?? fitting.at(-1);
}

function correctedBy(access: AccessEvent, amendment: AccessEvent | undefined): AccessEvent {
  if (amendment === undefined) {
    return access;
  }
  const { items, outcome, lateBasis } = amendment;
  return {
    ...access,
    items,
    outcome,
    late: access.late || amendment.amends?.why === 'releasedLate',
    ...(lateBasis === undefined ? {} : { lateBasis }),
  };
}

/** `first` with the items of all parts; `via` names items of its own part, so it is moved with them. */
export function joined(first: AccessEvent, parts: readonly AccessEvent[]): AccessEvent {
  const items: DecidedItem[] = [];
  for (const part of parts) {
    const offset = items.length;
    items.push(
      ...part.items.map((item) =>
        item.via === undefined ? item : { ...item, via: item.via.map((index) => index + offset) },
      ),
    );
  }
  const lateBasis = parts.map((part) => part.lateBasis).find((basis) => basis !== undefined);
  return {
    ...first,
    items,
    outcome: outcomeOf(items),
    late: parts.some(({ late }) => late),
    ...(lateBasis === undefined ? {} : { lateBasis }),
  };
}
