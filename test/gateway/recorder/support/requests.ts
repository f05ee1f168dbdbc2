// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { AccessRequest } from '@chartwitness/chaincode/domain';

/** A well-formed request; the same number gives the same request. */
export function requestOf(number: number, changes: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: randomText(`id ${String(number)}`, 16),
    salt: randomText(`salt ${String(number)}`, 16),
    subject: randomText('subject', 32),
    requester: {
      org: 'NorthHospitalMSP',
      clientId: 'north-ward',
      person: { id: 'dr-1', name: 'Dr Ada Example', role: '309343006' },
    },
    purpose: 'TREAT',
    action: 'read',
    emergency: null,
    items: [
      { type: 'Observation', labels: [], count: 2, ids: ['a', 'b'] },
      { type: 'Condition', labels: ['PSY'], count: 1, ids: ['c'] },
    ],
    requestedAt: '2026-03-01T08:00:00.000Z',
    late: false,
    ...changes,
  };
}

export function emergencyOf(number: number): AccessRequest {
  return requestOf(number, {
    purpose: 'BTG',
    emergency: { reason: 'unconscious after a fall, no next of kin' },
  });
}

/** One request in parts; their ids follow from `number`. */
export function partsOf(number: number, of: number, like = requestOf(0)): AccessRequest[] {
  const { id: request } = requestOf(number * 1_000);
  return Array.from({ length: of }, (_, at) => {
    const { id, salt } = requestOf(number * 1_000 + at);
    return { ...like, id, salt, part: { request, number: at + 1, of } };
  });
}

function randomText(seed: string, bytes: number): string {
  return createHash('sha256').update(seed).digest().subarray(0, bytes).toString('base64url');
}
