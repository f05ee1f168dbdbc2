// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest, Amends, LateBasis } from '@chartwitness/chaincode/domain';

const MARK: Pick<AccessRequest, 'late' | 'lateBasis'> = { late: true, lateBasis: 'deployment' };
const MARK_BYTES = Buffer.byteLength(JSON.stringify(MARK));
const ITEM_MARK_BYTES = Buffer.byteLength(',"released":false');
/** `amends` with the longest lane, number and reason, beside the mark. */
const AMENDMENT_BYTES = 512;

/** The request as released before its record: what left, and by whose word. */
export function markedLate(
  request: AccessRequest,
  permitted: readonly boolean[],
  lateBasis: LateBasis,
): AccessRequest {
  return { ...request, late: true, lateBasis, items: withReleased(request, permitted) };
}

/** Where an entry stands. */
export type EntryAddress = Pick<Amends, 'lane' | 'number'>;

/** What an amendment is called: random, like every id and salt. */
export interface EntryNames {
  readonly id: string;
  readonly salt: string;
}

/** The entry of `late`, a request that was released before its record, does not say so: this one does. */
export function releasedLateAmendment(
  late: AccessRequest,
  address: EntryAddress,
  names: EntryNames,
): AccessRequest {
  return { ...late, ...names, late: false, amends: { ...address, id: late.id, why: 'releasedLate' } };
}

/** The entry of `request` permits a release that did not take place. */
export function nothingGivenAmendment(
  request: AccessRequest,
  address: EntryAddress,
  names: EntryNames,
): AccessRequest {
  const items = withReleased(request, []);
  return { ...request, ...names, items, amends: { ...address, id: request.id, why: 'nothingGiven' } };
}

/** Released already, or a correction: nothing that a full queue, a withdrawal or a restart may drop. */
export function isOwed(request: AccessRequest): boolean {
  return request.late || request.amends !== undefined;
}

/** By how many bytes at most the request's JSON grows when it is marked late. */
export function lateMarkBytes(request: AccessRequest): number {
  return MARK_BYTES + ITEM_MARK_BYTES * request.items.length;
}

/** By how many bytes at most an amendment's JSON is larger than that of the request that it corrects. */
export function amendmentBytes(request: AccessRequest): number {
  return AMENDMENT_BYTES + lateMarkBytes(request);
}

function withReleased(request: AccessRequest, permitted: readonly boolean[]): AccessRequest['items'] {
  return request.items.map((item, index) => ({ ...item, released: permitted[index] === true }));
}
