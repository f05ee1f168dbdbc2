// SPDX-License-Identifier: Apache-2.0
import { type AccessRequest, NOBODYS_CLIENT, parseLane } from '@chartwitness/chaincode/domain';
import type { EntryNames } from './lateMark';
import type { BatchPlace, RefillingBatch } from './outbox';
import { newBatch, type PendingBatch } from './pendingBatch';

export interface Filler {
  readonly batch: PendingBatch;
  readonly refill: RefillingBatch;
}

/**
 * A batch about nobody, for a place that must be filled and whose own batch the ledger refuses. It has as
 * many entries as that one, because later places count on the number.
 * @param now milliseconds since the epoch.
 */
export function fillerFor(
  { lane, seq, start }: BatchPlace & { readonly start: number },
  count: number,
  names: () => EntryNames,
  now: number,
): Filler {
  const requests = Array.from({ length: count }, () => aboutNobody(lane, names, now));
  return {
    batch: newBatch({
      lane,
      seq,
      start,
      requests,
      parts: requests.map(() => undefined),
      group: undefined,
      openedAt: now,
    }),
    refill: { lane, seq, start, requestsJson: JSON.stringify(requests) },
  };
}

/**
 * Whether a batch is one of these, also after a restart. Nobody can register the client in whose name they
 * are.
 */
export function isFiller({ requests }: Pick<PendingBatch, 'requests'>): boolean {
  return requests.every(
    ({ requester, items }) => requester.clientId === NOBODYS_CLIENT && items[0]?.count === 0,
  );
}

function aboutNobody(lane: string, names: () => EntryNames, now: number): AccessRequest {
  const somebody = names();
  const halves = [somebody.id, somebody.salt].map((half) => Buffer.from(half, 'base64url'));
  return {
    ...names(),
    subject: Buffer.concat(halves).toString('base64url'),
    requester: { org: parseLane(lane).mspId, clientId: NOBODYS_CLIENT, person: null },
    purpose: 'TREAT',
    action: 'read',
    emergency: null,
    items: [{ type: 'Basic', labels: [], count: 0, ids: [] }],
    requestedAt: new Date(now).toISOString(),
    late: false,
  };
}
