// SPDX-License-Identifier: Apache-2.0
import { type AccessEvent, type DecidedItem, outcomeOf } from '@chartwitness/chaincode/domain';
import type { AccessEntry, AccessItem, LedgerPlace } from '../../api/schemas';
import type { FoundEntry, ShownEntry, StoredEntry } from '../../readmodel/accessStore';
import { joined } from '../../readmodel/shownEntry';
import { formatEntryId } from './entryId';

type NameOf = (mspId: string) => string;

/** An entry as the patient's list shows it. The event's own id and its salt stay inside. */
export function toAccessEntry(entry: ShownEntry, nameOf: NameOf): AccessEntry {
  const { recorded, event } = entry;
  return {
    ...described(entry, nameOf),
    items: (recorded?.corrected ?? [event]).flatMap(itemsOf),
    ...correctionOf(entry),
    ...partsOf(entry, recorded?.accesses ?? [entry]),
    ...(event.amends === undefined
      ? {}
      : { amends: { id: formatEntryId(event.amends), why: event.amends.why } }),
  };
}

/**
 * What an address answers: the entry that stands there in the list; for an amendment, or a part that is not
 * the first one there, that event alone as it was recorded, with the address of what it belongs to.
 */
export function toAddressedEntry({ entry, shown }: FoundEntry, nameOf: NameOf): AccessEntry {
  if (shown.lane === entry.lane && shown.number === entry.number) {
    return toAccessEntry(shown, nameOf);
  }
  const { part, amends } = entry.event;
  return {
    ...described(entry, nameOf),
    items: itemsOf(entry.event),
    ...(part === undefined || amends !== undefined
      ? {}
      : { partOf: { number: part.number, of: part.of, id: formatEntryId(shown) } }),
    ...(amends === undefined ? {} : { amends: { id: formatEntryId(amends), why: amends.why } }),
  };
}

/** All but the items. */
function described(entry: StoredEntry, nameOf: NameOf): Omit<AccessEntry, 'items'> {
  const { event } = entry;
  const { person, org, clientId } = event.requester;
  const ruled = outcomeOf(event.items.map(({ decision }) => ({ decision })));
  return {
    id: formatEntryId(entry),
    at: event.at,
    ...(event.late ? { requestedAt: event.requestedAt } : {}),
    holder: event.holder,
    requester: {
      organisation: { mspId: org, name: nameOf(org) },
      person: person === null ? null : { id: person.id, name: person.name, role: person.role },
      clientId,
    },
    purpose: event.purpose,
    action: event.action,
    outcome: event.outcome,
    ...(ruled === event.outcome ? {} : { ruled }),
    emergency: event.emergency === null ? null : { reason: event.emergency.reason },
    late: event.late,
    ...(event.lateBasis === undefined ? {} : { lateBasis: event.lateBasis }),
    ledger: placeOf(entry),
  };
}

function placeOf({ lane, number, seq, index, transactionId, block }: StoredEntry): LedgerPlace {
  return { lane, number, seq, index, transactionId, block };
}

function correctionOf({ event, recorded }: ShownEntry): Pick<AccessEntry, 'corrected'> {
  const newest = recorded?.amendments.at(-1);
  const why = newest?.event.amends?.why;
  if (recorded === undefined || newest === undefined || why === undefined) {
    return {};
  }
  const parts = recorded.accesses.map((access) => access.event);
  const before = joined(event, parts);
  return {
    corrected: {
      at: newest.event.at,
      why,
      id: formatEntryId(newest),
      before: {
        outcome: before.outcome,
        late: before.late,
        items: parts.flatMap(itemsOf),
      },
    },
  };
}

function partsOf({ event }: ShownEntry, parts: readonly StoredEntry[]): Pick<AccessEntry, 'parts'> {
  return event.part === undefined || event.amends !== undefined
    ? {}
    : {
        parts: {
          of: event.part.of,
          recorded: parts.map((part) => ({
            number: part.event.part?.number ?? 1,
            id: formatEntryId(part),
            ledger: placeOf(part),
          })),
        },
      };
}

/** The items of one event, each with its part where the request has several. */
function itemsOf({ items, part }: AccessEvent): AccessItem[] {
  return items
    .filter((item, index) => (part?.number ?? 1) === 1 || !isAnchor(item, index, items))
    .map((item) => ({
      type: item.type,
      labels: [...item.labels],
      count: item.count,
      ids: [...item.ids],
      ...(item.further === undefined ? {} : { further: item.further }),
      ...(item.released === undefined ? {} : { released: item.released }),
      decision: item.decision,
      basis: { ...item.basis },
      ...(item.otherwise === undefined ? {} : { otherwise: { ...item.otherwise } }),
      ...(part === undefined ? {} : { part: part.number }),
    }));
}

/**
 * A later part repeats an item of an earlier one, empty, so that its own items can say what they were reached
 * from.
 */
function isAnchor(item: DecidedItem, index: number, items: readonly DecidedItem[]): boolean {
  return (
    item.count === 0 && item.further === undefined && items.some(({ via }) => via?.includes(index) === true)
  );
}
