// SPDX-License-Identifier: Apache-2.0
import { type ConsentRule, decide } from '@chartwitness/chaincode/domain';
import { item, request } from '../support/network';
import { AT, consentOf, HOLDER_MSP } from '../support/policies';

const NPI = 'urn:oid:2.16.840.1.113883.4.6#10';

function isOpen(rule: ConsentRule, id: string, purpose = 'TREAT'): boolean {
  const policy = consentOf([rule], rule.effect === 'deny' ? 'permit' : 'deny');
  const requester = {
    org: 'NorthHospitalMSP',
    clientId: 'north-ehr',
    person: { id, name: 'Dr. Ada Gray', role: 'doctor' },
  };
  const asked = request('a', { requester, purpose, items: [item()] });
  return decide(policy, policy, asked, HOLDER_MSP, AT)[0]?.decision === 'permit';
}
const denial: ConsentRule = { id: 'r', effect: 'deny', user: NPI, holdsInEmergency: true };
const permission: ConsentRule = { id: 'r', effect: 'permit', user: NPI, org: 'NorthHospitalMSP' };

test.each([
  NPI,
  'URN:OID:2.16.840.1.113883.4.6#10',
  'urn:oid:2.16.840.1.113883.4.6|10',
  '2.16.840.1.113883.4.6#10',
  'http://hl7.org/fhir/sid/us-npi#10',
  'https://hl7.org/fhir/sid/us-npi/|10',
  '10',
  'urn:oid:2.16.840.1.113883.4.6#010',
  'urn:oid:2.16.840.1.113883.4.6# 10',
  'urn:oid:2.16.840.1.113883.4.6#10.',
  'urn:oid:2.16.840.1.113883.4.6#１０',
])('a denial of a person also denies %s', (id) => {
  expect(isOpen(denial, id)).toBe(false);
  expect(isOpen({ ...denial, user: id }, NPI)).toBe(false);
});

test.each(['urn:oid:2.16.840.1.113883.4.6#11', 'urn:oid:1.2.3#10', 'urn:oid:2.16.840.1.113883.4.6#100'])(
  'and nobody else: %s',
  (id) => {
    expect(isOpen(denial, id)).toBe(true);
  },
);

test('a permission is for the whole id alone', () => {
  expect(isOpen(permission, NPI)).toBe(true);
  for (const id of ['2.16.840.1.113883.4.6#10', '10', 'http://hl7.org/fhir/sid/us-npi#10']) {
    expect(isOpen(permission, id)).toBe(false);
  }
});

describe('a purpose that HL7 does not publish', () => {
  const research: ConsentRule = { id: 'r', effect: 'deny', purposes: ['HRESCH'] };
  test.each(['RESEARCH', 'HRESCHX', 'MARKETING1'])('%s meets every denial by purpose', (purpose) => {
    expect(isOpen(research, NPI, purpose)).toBe(false);
    expect(isOpen({ ...research, effect: 'permit' }, NPI, purpose)).toBe(false);
  });
  test('one that it does meets those that cover it', () => {
    expect(isOpen(research, NPI, 'TREAT')).toBe(true);
    expect(isOpen(research, NPI, 'CLINTRCH')).toBe(false);
    expect(isOpen(research, NPI, 'HMARKT')).toBe(true);
  });
});
