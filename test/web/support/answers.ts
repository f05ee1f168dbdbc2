// SPDX-License-Identifier: Apache-2.0
import type {
  AccessEntry,
  AccessList,
  ConsentDocument,
  ConsentHistory,
  ConsentPreview,
  ConsentRule,
  Me,
  Problem,
} from '@api/schemas';

/** Answers of the patient API as the tests need them. Everybody in them is invented. */
export const NORTH = { mspId: 'NorthHospitalMSP', name: 'North Hospital' } as const;
export const SOUTH = { mspId: 'SouthClinicMSP', name: 'South Clinic' } as const;
export const DOCTOR = { id: 'urn:oid:1.2#10', name: 'Dr Ada Example', role: 'doctor' } as const;

let counter = 0;

export function entry(part: Partial<AccessEntry>): AccessEntry {
  counter += 1;
  return {
    id: `entry-${String(counter)}`,
    at: '2026-05-06T09:15:00.000Z',
    holder: NORTH.mspId,
    requester: { organisation: NORTH, person: DOCTOR, clientId: 'north-ehr' },
    purpose: 'TREAT',
    action: 'search',
    outcome: 'permit',
    emergency: null,
    late: false,
    items: [
      {
        type: 'Observation',
        labels: ['N'],
        count: 12,
        ids: ['o1', 'o2'],
        decision: 'permit',
        basis: { kind: 'rule', version: 1, rule: 'care' },
      },
    ],
    ledger: {
      lane: 'NorthHospitalMSP/main',
      number: 4,
      seq: 4,
      index: 0,
      transactionId: 'a'.repeat(64),
      block: 12,
    },
    ...part,
  };
}

export function accessList(items: AccessEntry[], next: string | null = null): AccessList {
  return { items, next };
}

export function consent(
  rules: ConsentRule[],
  version = 1,
  fallback: 'permit' | 'deny' = 'deny',
): ConsentDocument {
  return { subject: 'subject-1', version, rules, default: fallback };
}

export const CARE: ConsentRule[] = [
  { id: 'care', effect: 'permit', purposes: ['TREAT'] },
  { id: 'running', effect: 'permit', org: '@holder', purposes: ['HPAYMT', 'HOPERAT'] },
];

export function consentHistory(): ConsentHistory {
  const blocked: ConsentRule = {
    id: 'block-psy',
    effect: 'deny',
    labels: ['PSY'],
    holdsInEmergency: true,
    period: { end: '2027-01-31' },
  };
  return {
    items: [
      { at: '2026-05-04T08:00:00.000Z', consent: consent([blocked, ...CARE], 2) },
      { at: '2026-05-03T08:00:00.000Z', consent: consent(CARE, 1) },
    ],
    next: null,
  };
}

/** What a draft would do that closes everything, where the rules that hold open everything. */
export function preview(changed: AccessEntry[]): ConsentPreview {
  return {
    items: changed.map((access) => ({
      access,
      standing: 'permit',
      outcome: 'deny',
      items: access.items.map(({ type, count }) => ({ type, count, before: 'permit', after: 'deny' })),
    })),
    version: 1,
    considered: 20,
    since: '2026-02-06T09:15:00.000Z',
    next: null,
  };
}

export function meAnswer(part: Partial<Me> = {}): Me {
  return {
    subject: 'subject-1',
    name: 'Pat Example',
    username: 'pat',
    csrfToken: 'csrf-1',
    sessionExpiresAt: '2099-01-01T00:00:00.000Z',
    failedSignIns: null,
    organisations: [
      { ...NORTH, role: 'holder' },
      { ...SOUTH, role: 'holder' },
    ],
    list: { block: 41, height: 42, state: 'live', checkedAt: '2026-05-06T10:00:00.000Z' },
    ledger: 'shared',
    ...part,
  };
}

export function problemAnswer(code: string, status: number): Problem {
  return { type: `urn:chartwitness:error:${code}`, title: 'A problem', status, code, requestId: 'request-1' };
}
