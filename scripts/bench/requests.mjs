// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(64 * 1024);
let used = pool.length;

/** Random text for ids and salts; drawn in large pieces, since the benchmark makes many. */
export function randomText(bytes) {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('base64url', used - bytes, used);
}

const subjects = Array.from({ length: 200 }, () => randomText(32));
let next = 0;

/** An access request as a hospital's ordinary read makes it: two items, four ids; about one of 200 subjects unless one is named. */
export function accessRequest(subject = subjects[next % subjects.length]) {
  next += 1;
  return {
    id: randomText(16),
    salt: randomText(16),
    subject,
    requester: {
      org: 'NorthHospitalMSP',
      clientId: 'bench-client',
      person: { id: 'urn:oid:2.16.840.1.113883.4.6#1000000001', name: 'Dr. Bench Reader', role: 'doctor' },
    },
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
