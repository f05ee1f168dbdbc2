// SPDX-License-Identifier: Apache-2.0
import { createFactsReader } from '../../../gateway/src/fhir/resourceFacts';
import { createSubjects, ownershipOf } from '../../../gateway/src/fhir/subject';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { identifierTable } from '../../../gateway/src/subjects/networkTable';
import { createPseudonyms } from '../../../gateway/src/subjects/pseudonyms';
import { label, observation, patient, SSN } from './fakeFhirServer';

const table = identifierTable(
  [
    { system: SSN, aliases: [], form: 'text' },
    { system: 'urn:nid', aliases: [], form: 'text' },
  ],
  Date.now,
);
const facts = createFactsReader({ upstreamBaseUrl: 'https://ehr.example.org/fhir', identifiers: table });
const subjects = createSubjects({
  pseudonyms: createPseudonyms({ table, consortiumKey: new Uint8Array(32).fill(1) }),
});
const subjectOf = (resource: FhirResource): string | undefined => subjects.ofPatient(resource);

const INLINE = 'http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label';
const coding = (code: string): Record<string, string> => ({
  system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  code,
});

describe('labels', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['its own', label('HIV'), ['HIV']],
    [
      'several, sorted and once each',
      { meta: { security: [coding('PSY'), coding('ETH'), coding('PSY')] } },
      ['ETH', 'PSY'],
    ],
    ['of another system', { meta: { security: [{ system: 'urn:x', code: 'a' }] } }, ['urn:x|a']],
    ['without a system', { meta: { security: [{ code: 'HIV' }] } }, ['|HIV']],
    [
      'by its OID',
      { meta: { security: [{ system: 'urn:oid:2.16.840.1.113883.5.4', code: 'HIV' }] } },
      ['HIV'],
    ],
    ['in other letters', { meta: { security: [coding('hiv ')] } }, ['HIV']],
    ['without a code', { meta: { security: [coding('HIV'), { display: 'Psychiatry' }] } }, ['*']],
    ['that is a number', { meta: { security: [{ code: 7 }] } }, ['*']],
    ['that is no Coding', { meta: { security: ['PSY'] } }, ['*']],
    ['alone, without a list', { meta: { security: coding('PSY') } }, ['PSY']],
    ['where meta is a text', { meta: 'PSY' }, ['*']],
    [
      'of a number that cannot be recorded',
      { meta: { security: Array.from({ length: 21 }, (_, i) => coding(`L${String(i)}`)) } },
      ['*'],
    ],
    ['inline, without its Coding', { note: [{ text: 'x', extension: [{ url: INLINE }] }] }, ['*']],
    [
      'of a contained resource',
      { contained: [{ resourceType: 'Specimen', id: 's', ...label('HIV') }] },
      ['HIV'],
    ],
    [
      'of one element',
      { note: [{ text: 'x', extension: [{ url: INLINE, valueCoding: coding('SDV') }] }] },
      ['SDV'],
    ],
    ['none', {}, []],
  ])('%s', (_name, members, expected) => {
    expect(facts(observation('o', 'a', members)).labels).toEqual(expected);
  });
});

describe('ownership', () => {
  const bound = { subject: subjectOf(patient('a', '111')) ?? '', ids: new Set(['a']) };
  test.each<[string, FhirResource, string]>([
    ['by reference', observation('o', 'a'), 'own'],
    [
      'by a reference to its own server',
      observation('o', 'a', { subject: { reference: 'https://ehr.example.org/fhir/Patient/a' } }),
      'own',
    ],
    [
      'by national identifier',
      observation('o', 'a', { subject: { identifier: { system: SSN, value: '111' } } }),
      'own',
    ],
    [
      'by a contained patient with her identifier',
      observation('o', 'a', { subject: { reference: '#p' }, contained: [patient('p', '111')] }),
      'own',
    ],
    [
      'by a former identifier',
      observation('o', 'a', {
        subject: { type: 'Patient', identifier: { system: SSN, value: '111', use: 'old' } },
      }),
      'foreign',
    ],
    ['another’s', observation('o', 'b'), 'foreign'],
    [
      'of a server whose URL begins alike',
      observation('o', 'a', { subject: { reference: 'https://ehr.example.org/fhir2/Patient/a' } }),
      'foreign',
    ],
    ['of nobody', { resourceType: 'Organization', id: 'o' }, 'nobody'],
    [
      'of nobody, with an identifier that is no patient’s',
      { resourceType: 'Practitioner', id: 'p', identifier: [{ system: 'urn:npi', value: '1' }] },
      'nobody',
    ],
  ])('%s', (_name, resource, expected) => {
    expect(ownershipOf(facts(resource), bound, subjects)).toBe(expected);
  });
});

describe('subjects', () => {
  test('one person has one pseudonym at every hospital, and two have two', () => {
    expect(subjectOf(patient('x', '111'))).toBe(subjectOf(patient('y', ' 111 ')));
    expect(subjectOf(patient('x', '111'))).not.toBe(subjectOf(patient('x', '112')));
    expect(subjectOf(patient('x', '111'))).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('the first configured system counts', () => {
    const both = [
      { system: 'urn:nid', value: '9' },
      { system: SSN, value: '111' },
    ];
    expect(subjectOf(patient('x', '', { identifier: both }))).toBe(subjectOf(patient('x', '111')));
    expect(subjectOf(patient('x', '', { identifier: [both[0]] }))).toBe(
      subjects.ofIdentifier({ system: 'urn:nid', value: '9' }),
    );
  });

  test.each([
    ['none', []],
    ['of another system', [{ system: 'urn:mrn', value: '1' }]],
    [
      'two that differ',
      [
        { system: SSN, value: '1' },
        { system: SSN, value: '2' },
      ],
    ],
    ['an unprintable one', [{ system: SSN, value: 'a\ud800b' }]],
    ['a former one', [{ system: SSN, value: '1', use: 'old' }]],
  ])('%s: the patient cannot be named', (_name, identifier) => {
    expect(subjectOf(patient('x', '', { identifier }))).toBeUndefined();
  });
});
