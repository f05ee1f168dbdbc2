// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from 'node:crypto';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { NORTH } from './network';
import { PRACTITIONER } from './load';

const pool = Buffer.alloc(64 * 1024);
let used = pool.length;

/** Random text for ids and salts; drawn in large pieces, since the benchmark makes many. */
export function randomText(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('base64url', used - bytes, used);
}

const SUBJECTS = 200;
const subjects = Array.from({ length: SUBJECTS }, () => randomText(32));
let next = 0;

/**
 * An access request as a hospital's ordinary read makes it: two items, four ids; about one of 200 subjects
 * unless one is named.
 */
export function accessRequest(subject = subjects[next % SUBJECTS] ?? ''): AccessRequest {
  next += 1;
  return {
    id: randomText(16),
    salt: randomText(16),
    subject,
    requester: { org: NORTH, clientId: 'bench-client', person: PRACTITIONER },
    purpose: 'TREAT',
    action: 'search',
    emergency: null,
    items: [
      { type: 'Condition', labels: ['N'], count: 1, ids: [`c-${String(next)}`] },
      {
        type: 'Observation',
        labels: ['N'],
        count: 3,
        ids: ['a', 'b', 'c'].map((id) => `o-${id}-${String(next)}`),
      },
    ],
    requestedAt: new Date().toISOString(),
    late: false,
  };
}
