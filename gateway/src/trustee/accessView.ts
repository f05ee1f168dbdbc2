// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessItem } from '../api/schemas';
import type { StoredEntry } from '../readmodel/accessStore';

/** A stored entry as the patient API answers it. The event's salt and the request's time stay inside. */
export function toAccessEntry(entry: StoredEntry, nameOf: (mspId: string) => string): AccessEntry {
  const { event } = entry;
  return {
    id: event.id,
    at: event.at,
    holder: event.holder,
    requester: {
      organisation: { mspId: event.requester.org, name: nameOf(event.requester.org) },
      person:
        event.requester.person === null
          ? null
          : {
              id: event.requester.person.id,
              name: event.requester.person.name,
              role: event.requester.person.role,
            },
      clientId: event.requester.clientId,
    },
    purpose: event.purpose,
    action: event.action,
    outcome: event.outcome,
    emergency: event.emergency === null ? null : { reason: event.emergency.reason },
    late: event.late,
    items: event.items.map((item): AccessItem => ({
      type: item.type,
      labels: [...item.labels],
      count: item.count,
      ids: [...item.ids],
      ...(item.further === undefined ? {} : { further: item.further }),
      ...(item.released === undefined ? {} : { released: item.released }),
      decision: item.decision,
      basis: { ...item.basis },
    })),
    ledger: {
      lane: entry.lane,
      seq: entry.seq,
      index: entry.index,
      transactionId: entry.transactionId,
      block: entry.block,
    },
  };
}
