// SPDX-License-Identifier: Apache-2.0
import type { IdentifierSystem } from '@chartwitness/chaincode/domain';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { createSubjects } from '../../../gateway/src/fhir/subject';
import { identifierTable } from '../../../gateway/src/subjects/networkTable';
import { createPseudonyms } from '../../../gateway/src/subjects/pseudonyms';

const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const OID = 'urn:oid:2.16.840.1.113883.4.1';
const SYSTEMS: readonly IdentifierSystem[] = [
  { system: 'urn:first', aliases: [], form: 'text' },
  { system: SSN, aliases: [OID], form: 'us-ssn' },
  { system: 'urn:se', aliases: [], form: 'se-personnummer' },
];
const pseudonyms = createPseudonyms({
  table: identifierTable(SYSTEMS, () => Date.UTC(2027, 0, 1)),
  consortiumKey: Buffer.alloc(32, 5),
});
const malformed: string[] = [];
const subjects = createSubjects({ pseudonyms, onMalformed: (system) => malformed.push(system) });
type Identifier = Readonly<Record<string, unknown>>;
const patient = (...identifier: Identifier[]): FhirResource => ({
  resourceType: 'Patient',
  id: 'p',
  identifier,
});
const of = (...identifiers: Identifier[]): string | undefined => subjects.ofPatient(patient(...identifiers));
const expected = pseudonyms.of({ system: SSN, value: '999613984' });

test('a person is one subject in every spelling of number and system', () => {
  expect(expected).toMatch(/^[\w-]{43}$/);
  for (const value of ['999613984', '999-61-3984', ' 999 61 3984', '９９９-61-3984', '999-61-3984\u200b']) {
    for (const system of [SSN, `${SSN}/`, 'https://hl7.org/fhir/sid/us-ssn', OID, '2.16.840.1.113883.4.1']) {
      expect(of({ system, value })).toBe(expected);
    }
  }
  expect(of({ system: SSN, value: '999-61-3984' }, { system: OID, value: '999613984' })).toBe(expected);
});

test('the first system in the network’s order counts, whatever the record’s', () => {
  const first = pseudonyms.of({ system: 'urn:first', value: 'x' });
  expect(of({ system: SSN, value: '999613984' }, { system: 'urn:first', value: 'x' })).toBe(first);
  expect(first).not.toBe(expected);
});

test.each<[string, Identifier[]]>([
  ['no identifier', []],
  ['one of a system that the network does not have', [{ system: 'urn:mrn', value: '1' }]],
  [
    'two different ones in one system',
    [
      { system: SSN, value: '999613984' },
      { system: OID, value: '999613985' },
    ],
  ],
  ['a former one only', [{ system: SSN, value: '999613984', use: 'old' }]],
  ['one of which nothing is left', [{ system: SSN, value: '-- \u200b' }]],
  ['one that is too long', [{ system: 'urn:first', value: 'x'.repeat(1025) }]],
  ['one without a system', [{ value: '999613984' }]],
  ['one whose value is no text', [{ system: SSN, value: 999613984 }]],
])('%s names nobody', (_name, identifiers) => {
  expect(of(...identifiers)).toBeUndefined();
});

test('a number with a wrong check digit names somebody, and the operator is told once for each record', () => {
  malformed.length = 0;
  const record = patient({ system: OID, value: '99961398' });
  expect(subjects.ofPatient(record)).toBe(pseudonyms.of({ system: SSN, value: '99961398' }));
  expect(subjects.ofPatient(record)).toBeDefined();
  expect(malformed).toEqual([SSN]);
});

test('all by which a record knew its person are those of every system, former ones included', () => {
  const record = patient(
    { system: SSN, value: '999613985', use: 'old' },
    { system: 'urn:se', value: '811218-9876' },
    { system: OID, value: '999-61-3984' },
  );
  expect(subjects.everOfPatient(record)).toEqual([
    pseudonyms.of({ system: SSN, value: '999613985' }),
    expected,
    pseudonyms.of({ system: 'urn:se', value: '811218-9876' }),
  ]);
});

test('the birth date tells the century that a number does not', () => {
  const record = { ...patient({ system: 'urn:se', value: '270615-1236' }), birthDate: '1927-06-15' };
  expect(subjects.ofPatient(record)).toBe(pseudonyms.of({ system: 'urn:se', value: '192706151236' }));
});

test('a local pseudonym is of one holder’s id alone, and of no identifier', () => {
  const local = pseudonyms.ofLocal('NorthHospitalMSP', 'p');
  const others = [
    pseudonyms.ofLocal('SouthClinicMSP', 'p'),
    pseudonyms.ofLocal('NorthHospitalMSP', 'q'),
    pseudonyms.of({ system: 'urn:first', value: 'p' }),
  ];
  expect(local).toMatch(/^[\w-]{43}$/);
  expect(others).not.toContain(local);
  expect(pseudonyms.of({ system: 'urn:chartwitness:local:NorthHospitalMSP', value: 'p' })).toBeUndefined();
});

test('more patients than are remembered still have their own', () => {
  const value = (n: number): string => `p${String(n)}`;
  for (let n = 0; n < 10_050; n += 1) {
    pseudonyms.of({ system: 'urn:first', value: value(n) });
  }
  const fresh = createPseudonyms({
    table: pseudonyms.table,
    consortiumKey: Buffer.alloc(32, 5),
  });
  for (const n of [0, 60, 10_049]) {
    const identifier = { system: 'urn:first', value: value(n) };
    expect(pseudonyms.of(identifier)).toBe(fresh.of(identifier));
  }
});
