// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import {
  type AccessRequest,
  type ConsentDocument,
  type ConsentRule,
  normaliseLabels,
  type RequestItem,
} from '@chartwitness/chaincode/domain';
import { item, request, subjectOf } from './network';

export const AT = '2026-11-23T09:30:00.000Z';
export const HOLDER_MSP = 'NorthHospitalMSP';

export function consentOf(
  rules: readonly ConsentRule[],
  fallback: 'permit' | 'deny' = 'deny',
): ConsentDocument {
  return { subject: subjectOf('ada'), version: 7, rules, default: fallback };
}

const few = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(few(...values), { minLength: 1, maxLength: 3 });

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
export const SPELLINGS: readonly ((code: string) => string)[] = [
  (code) => code,
  (code) => `${ACT_CODE}|${code}`,
  (code) => `${ACT_CODE}/|${code}`,
  (code) => `${ACT_CODE}|2018-08-12|${code}`,
  (code) => `https://terminology.hl7.org/CodeSystem/v3-ActCode|${code}`,
  (code) => `http://hl7.org/fhir/v3/ActCode|${code}`,
  (code) => `urn:oid:2.16.840.1.113883.5.4|${code}`,
  (code) => `URN:OID:2.16.840.1.113883.5.4|${code.toLowerCase()}`,
  (code) => ` ${ACT_CODE} | ${code} `,
  (code) => `${ACT_CODE}|${code.toLowerCase()}\u200b`,
];
/** Spellings that name no known system: a denial reads them, no permission does. */
export const UNKNOWN_SPELLINGS: readonly ((code: string) => string)[] = [
  (code) => `|${code}`,
  (code) => `https://labels.example.org|${code}`,
  (code) => `urn:oid:1.2.3|${code.toLowerCase()} `,
  (code) => `http://terminology.hl7.org/CodeSystem/v3-Confidentiality|${code}`,
];

/** Sensitivity codes: with groups and hierarchy, without, and one that HL7 does not have. */
export const SENSITIVITIES = ['PSY', 'MH', 'ETH', 'ETHUD', 'SUD', 'SPI', 'HIV', 'SEX', 'STD', 'LOCAL'];
const CONFIDENTIALITIES = ['N', 'R', 'V'];
const USERS = ['dr-7', 'Dr-7', 'nurse-1'];

export const someLabel: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(few(...SENSITIVITIES), few(...SPELLINGS)).map(([code, spell]) => spell(code)),
  fc.tuple(few(...SENSITIVITIES), few(...UNKNOWN_SPELLINGS)).map(([code, spell]) => spell(code)),
  few(...CONFIDENTIALITIES),
  few('http://terminology.hl7.org/CodeSystem/v3-Confidentiality|X', 'DELAU', 'https://labels.example.org|1'),
);

const EMERGENCY_OR_NOT = ['TREAT', 'ETREAT', 'BTG', 'HPAYMT', 'COC'] as const;
const criteria = fc.record(
  {
    effect: few<'permit' | 'deny'>('permit', 'deny'),
    org: few('@holder', HOLDER_MSP, 'SouthClinicMSP'),
    user: few(...USERS),
    role: few('doctor', 'nurse', 'DOCTOR'),
    purposes: some(...EMERGENCY_OR_NOT),
    labels: fc.uniqueArray(someLabel, { minLength: 1, maxLength: 3 }),
    types: some('Observation', 'Condition'),
    actions: some<'read' | 'search'>('read', 'search'),
    period: few({ start: '2026-01-01' }, { end: '2026-11-22' }, { start: '2026-11-23', end: '2026-11-23' }),
    holdsInEmergency: fc.boolean(),
  },
  { requiredKeys: ['effect'] },
) as fc.Arbitrary<Omit<ConsentRule, 'id'>>;

/** Rules as the form admits them; often with few criteria, so that they meet. */
export const someRule: fc.Arbitrary<Omit<ConsentRule, 'id'>> = fc
  .tuple(criteria, fc.nat({ max: 3 }))
  .map(([rule, kept]) => {
    const names = Object.keys(rule).filter((name) => name !== 'effect' && name !== 'holdsInEmergency');
    const thinned = Object.fromEntries(
      Object.entries(rule).filter(([name]) => !names.includes(name) || names.indexOf(name) < kept),
    ) as unknown as Omit<ConsentRule, 'id'>;
    const { holdsInEmergency, ...rest } = thinned;
    const firm = rule.effect === 'deny' && holdsInEmergency === true ? { holdsInEmergency } : {};
    const place = rule.effect === 'permit' && rest.user !== undefined ? { org: HOLDER_MSP } : {};
    return { ...rest, ...place, ...firm };
  });
export const someDenial: fc.Arbitrary<Omit<ConsentRule, 'id'>> = someRule.map((rule) => ({
  ...rule,
  effect: 'deny',
}));
export const somePolicy: fc.Arbitrary<ConsentDocument> = fc
  .record({
    rules: fc.array(someRule, { maxLength: 7 }),
    fallback: few<'permit' | 'deny'>('permit', 'deny'),
  })
  .map(({ rules, fallback }) =>
    consentOf(
      rules.map((rule, i) => ({ ...rule, id: `r${String(i)}` })),
      fallback,
    ),
  );

export const someItem: fc.Arbitrary<RequestItem> = fc
  .record({
    type: few('Observation', 'Condition', 'Patient'),
    labels: fc.array(someLabel, { maxLength: 3 }),
  })
  .map(({ type, labels }) => item({ type, labels: normaliseLabels(labels) }));

export const someRequest: fc.Arbitrary<AccessRequest> = fc
  .record({
    org: few(HOLDER_MSP, 'SouthClinicMSP'),
    person: few(null, ...USERS.map((id) => ({ id, name: 'U', role: 'doctor' })), {
      id: 'other',
      name: 'V',
      role: 'nurse',
    }),
    purpose: few(...EMERGENCY_OR_NOT, 'ERTREAT'),
    action: few<'read' | 'search'>('read', 'search'),
    items: fc.array(someItem, { minLength: 1, maxLength: 4 }),
  })
  .map(({ org, person, purpose, ...rest }) => ({
    ...request('r', { ...rest, purpose, requester: { org, clientId: 'c', person } }),
    emergency: purpose === 'BTG' || purpose === 'ETREAT' ? { reason: 'unconscious on arrival' } : null,
  }));
