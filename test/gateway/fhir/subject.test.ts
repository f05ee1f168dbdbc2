// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { subjectPseudonym } from '@chartwitness/chaincode/domain';
import { createSubjects } from '../../../gateway/src/fhir/subject';

const KEY = Buffer.alloc(32, 5);
const SYSTEM = 'http://hl7.org/fhir/sid/us-ssn';
const expected = (system: string, value: string): string =>
  subjectPseudonym((key, data) => createHmac('sha256', key).update(data).digest(), KEY, system, value);
const subjects = () => createSubjects({ identifierSystems: [SYSTEM], consortiumKey: KEY });

test('a pseudonym is the ledger’s, the first time and when it is remembered', () => {
  const { ofIdentifier } = subjects();
  for (const value of ['123', '124', '123', ' 123 ']) {
    expect(ofIdentifier({ system: SYSTEM, value })).toBe(expected(SYSTEM, value.trim()));
  }
});

test('one that is remembered is not given for other parts that join to the same text', () => {
  const { ofIdentifier } = subjects();
  expect(ofIdentifier({ system: 'urn:a', value: 'b|c' })).toBe(expected('urn:a', 'b|c'));
  expect(ofIdentifier({ system: 'urn:a|b', value: 'c' })).toBeUndefined();
  expect(ofIdentifier({ system: 'urn:a\nb', value: 'c' })).toBeUndefined();
  expect(ofIdentifier({ system: 'urn:a', value: 'b\nc' })).toBeUndefined();
});

test('more patients than are remembered still have their own', () => {
  const { ofIdentifier } = subjects();
  for (let n = 0; n < 10_050; n += 1) ofIdentifier({ system: SYSTEM, value: String(n) });
  for (const value of ['0', '60', '10049']) {
    expect(ofIdentifier({ system: SYSTEM, value })).toBe(expected(SYSTEM, value));
  }
});
