// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { createSourceAddress } from '../../../../gateway/src/fhir/sources/sourceAddress';

const BASE = 'http://ehr:8080/fhir';
const ALIASES = ['https://ehr.example/fhir', 'http://10.0.0.1/fhir', 'http://10.0.0.1/fhir/r4'];
const address = createSourceAddress(BASE, ALIASES);
const resolve = (link: unknown): string | undefined => address.resolve(link, `${BASE}/Observation?a=b`);

test.each([
  ['http://ehr:8080/fhir?page=2', `${BASE}?page=2`],
  ['http://ehr:8080/fhir/Observation?page=2', `${BASE}/Observation?page=2`],
  ['https://ehr.example/fhir?page=2', `${BASE}?page=2`],
  ['https://EHR.example:443/fhir/x/../Observation', `${BASE}/Observation`],
  ['http://10.0.0.1/fhir/Observation', `${BASE}/Observation`],
  ['?page=2', `${BASE}/Observation?page=2`],
  ['Observation?page=2', `${BASE}/Observation?page=2`],
])('a link to %s is asked at the base', (link, url) => {
  expect(resolve(link)).toBe(url);
});

test.each([
  'https://ehr.example/fhir2/Observation',
  'https://ehr.example/Observation',
  'https://ehr.example/fhir/../admin',
  'https://ehr.example/fhir/%2e%2e/admin',
  'https://ehr.example@evil.example/fhir/x',
  'https://user:secret@ehr.example/fhir/x',
  'https://ehr.example.evil.example/fhir/x',
  'ehr.example/../../../x',
  '../../metadata',
  '//evil.example/fhir',
  'file:///fhir',
  'http://',
  undefined,
  7,
])('a link to %s leads out', (link) => {
  expect(resolve(link)).toBeUndefined();
});

test('whatever is resolved is under the base', () => {
  const part = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '@',
    ':',
    '//',
    'fhir',
    'ehr',
    '?',
    '#',
    '\\',
    'https://',
  );
  const start = fc.constantFrom('', BASE, ...ALIASES);
  fc.assert(
    fc.property(start, fc.array(part, { maxLength: 8 }), (begin, parts) => {
      const url = resolve(begin + parts.join(''));
      const isUnder = url === undefined || new RegExp(`^${BASE}($|[/?#])`).test(url);
      expect(isUnder && (url === undefined || new URL(url).host === 'ehr:8080')).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('aliases in texts become the base, whole ones only, however deep; the rest is the same object', () => {
  const other = { reference: 'https://ehr.example/fhir2/Patient/a', value: 1, nothing: null };
  const value = {
    subject: { reference: 'https://ehr.example/fhir/Patient/a' },
    text: ['see https://ehr.example/fhir, or "http://10.0.0.1/fhir/r4/Binary/1"', 'https://ehr.example/fhir'],
    other,
  };
  const local = address.localise(value) as typeof value;
  expect(local).toEqual({
    subject: { reference: `${BASE}/Patient/a` },
    text: [`see ${BASE}, or "${BASE}/Binary/1"`, BASE],
    other,
  });
  expect(local.other).toBe(other);
  expect(address.localise(other)).toBe(other);
});
