// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { AccessRequest } from '@chartwitness/chaincode/domain';

let made = 0;

/** 128 bits that are the same in every run. */
function token(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}

/** A subject pseudonym for tests that need no identifier. */
export function testSubject(name: string): string {
  return createHash('sha256').update(`subject ${name}`).digest('base64url');
}

/** A well-formed treatment read of one Observation; every request has another id. */
export function accessRequest(change: Partial<AccessRequest> = {}): AccessRequest {
  made += 1;
  return {
    id: token(`id ${String(made)}`),
    salt: token(`salt ${String(made)}`),
    subject: testSubject('someone'),
    requester: {
      org: 'NorthHospitalMSP',
      clientId: 'north-ehr',
      person: { id: 'urn:oid:2.16.840.1.113883.4.6#10', name: 'Dr. Mariam Gleason', role: 'doctor' },
    },
    purpose: 'TREAT',
    action: 'read',
    emergency: null,
    items: [{ type: 'Observation', labels: [], count: 1, ids: ['o-1'] }],
    requestedAt: '2026-03-01T08:00:00.000Z',
    late: false,
    ...change,
  };
}
