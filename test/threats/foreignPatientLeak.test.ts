// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'supertest';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  SSN,
  startFakeFhirServer,
} from '../gateway/fhir/fakeFhirServer';
import { bundleOf, type Hospital } from '../gateway/hospital/hospitalFixture';
import { hospitalBefore } from '../gateway/hospital/support/hospitalBefore';

let server: FakeFhirServer;
let hospital: Hospital;

beforeEach(async () => {
  server = await startFakeFhirServer();
  server.answers = { 'Patient/a': patient('a', '111'), 'Patient/b': patient('b', '222') };
  hospital = await hospitalBefore(server);
});
afterEach(() => server.close());

const SECRET = 'SECRET-OF-B';
const own = observation('own', 'a');

function expectOnlyOwn(response: Response): void {
  expect(response.status).toBe(200);
  const bundle = bundleOf(response);
  expect(bundle.entry?.map(({ resource }) => resource.id)).toEqual(['own']);
  expect(bundle.total).toBe(1);
  expect(response.text).not.toContain(SECRET);
  expect(response.text).not.toContain('Patient/b');
  expect(hospital.recorder.requests).toHaveLength(1);
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'Observation', labels: [], count: 1, ids: ['own'] },
  ]);
}

const foreign: [string, FhirResource][] = [
  ['of another patient', observation('x', 'b', { note: [{ text: SECRET }] })],
  [
    'of this patient that also names another',
    observation('x', 'a', { focus: [{ reference: 'Patient/b' }], note: [{ text: SECRET }] }),
  ],
  [
    'that names another in an extension',
    observation('x', 'a', {
      extension: [{ url: 'x', valueReference: { reference: 'Patient/b', display: SECRET } }],
    }),
  ],
  [
    'of a patient at another server',
    observation('x', 'a', {
      subject: { reference: 'https://elsewhere.example.org/fhir/Patient/a' },
      note: [{ text: SECRET }],
    }),
  ],
  [
    'of another version of another patient',
    observation('x', 'b', { subject: { reference: 'Patient/b/_history/2' }, note: [{ text: SECRET }] }),
  ],
  [
    'that names another by national identifier',
    observation('x', 'a', { performer: [{ identifier: { system: SSN, value: '222' }, display: SECRET }] }),
  ],
  [
    'that names another by an identifier that cannot be told',
    observation('x', 'a', {
      focus: [{ type: 'Patient', identifier: { system: 'urn:mrn', value: '2' }, display: SECRET }],
    }),
  ],
  [
    'that names another by a search',
    observation('x', 'a', { focus: [{ reference: 'Patient?identifier=222', display: SECRET }] }),
  ],
  [
    'that contains another patient',
    observation('x', 'a', { contained: [patient('inner', '222', { name: [{ text: SECRET }] })] }),
  ],
  [
    'that contains a patient without identifier',
    observation('x', 'a', {
      subject: { reference: '#p' },
      contained: [{ resourceType: 'Patient', id: 'p', name: [{ text: SECRET }] }],
    }),
  ],
  ['without any patient', { ...observation('x', 'a', { note: [{ text: SECRET }] }), subject: undefined }],
  [
    'nested too deeply to be read',
    observation('x', 'a', {
      extension: [nest(80, { valueReference: { reference: 'Patient/b', display: SECRET } })],
    }),
  ],
];

function nest(depth: number, inner: Record<string, unknown>): Record<string, unknown> {
  return depth === 0 ? { url: 'x', ...inner } : { url: 'x', extension: [nest(depth - 1, inner)] };
}

test.each(foreign)('a search answer with a resource %s', async (_name, resource) => {
  server.answers['Observation'] = searchset([own, resource]);
  expectOnlyOwn(await hospital.get('Observation?patient=a'));
});

test.each(foreign)('an _include of a resource %s', async (_name, resource) => {
  server.answers['Observation'] = searchset([own, [resource, 'include']]);
  expectOnlyOwn(await hospital.get('Observation?patient=a&_include=*'));
});

test.each(foreign)('$everything with a resource %s', async (_name, resource) => {
  server.answers['Patient/a/$everything'] = searchset([own, resource]);
  expectOnlyOwn(await hospital.get('Patient/a/$everything'));
});

// The first and the fifth are reads of B's own data, recorded as such.
const misattributed = foreign.filter(([name]) => !name.startsWith('of another'));
test.each(misattributed)('a read of a resource %s', async (_name, resource) => {
  server.answers['Observation/x'] = resource;
  const response = await hospital.get('Observation/x');
  expect(response.status).toBe(404);
  expect(response.text).not.toContain(SECRET);
  expect(hospital.recorder.requests).toEqual([]);
});

test('a source that ignores the patient parameter', async () => {
  server.answers['Observation'] = searchset([observation('x', 'b', { note: [{ text: SECRET }] }), own]);
  expectOnlyOwn(await hospital.get('Observation?subject=Patient/a'));
});

test('a read that the source answers with another resource', async () => {
  server.answers['Observation/own'] = observation('x', 'b', { note: [{ text: SECRET }] });
  const response = await hospital.get('Observation/own');
  expect(response.status).toBe(502);
  expect(response.text).not.toContain(SECRET);
  expect(hospital.recorder.requests).toEqual([]);
});

const outcome: FhirResource = { resourceType: 'OperationOutcome', id: 'o', issue: [{ diagnostics: SECRET }] };
const practitioner: FhirResource = { resourceType: 'Practitioner', id: 'pr', name: [{ text: SECRET }] };

test('types that gather several patients, and outcomes of the source', async () => {
  const others: FhirResource[] = [
    { resourceType: 'Group', id: 'g', name: SECRET, member: [{ entity: { reference: 'Patient/a' } }] },
    { resourceType: 'List', id: 'l', title: SECRET, subject: { reference: 'Patient/a' } },
    { resourceType: 'Binary', id: 'bin', data: SECRET },
    { resourceType: 'Provenance', id: 'p', target: [{ reference: 'Patient/a' }], reason: [{ text: SECRET }] },
  ];
  // Even a directory resource is let through only as an include, never as a match of another type's search.
  server.answers['Observation'] = searchset([own, ...others, outcome, [outcome, 'outcome'], practitioner]);
  const response = await hospital.get('Observation?patient=a');
  expect(bundleOf(response).entry?.map(({ resource }) => resource.id)).toEqual(['own']);
  expect(response.text).not.toContain(SECRET);
});

test('the patient’s links to other patients, and the source’s own address', async () => {
  server.answers['Patient/a'] = patient('a', '111', {
    link: [{ other: { reference: 'Patient/b' }, type: 'seealso' }],
    photo: [{ url: `${server.baseUrl}/Binary/1` }],
    managingOrganization: { reference: `${server.baseUrl}/Organization/o` },
  });
  const response = await hospital.get('Patient/a');
  expect(response.status).toBe(200);
  expect(response.text).not.toContain('Patient/b');
  expect(response.text).not.toContain(server.baseUrl);
  expect(JSON.parse(response.text)).toMatchObject({ managingOrganization: { reference: 'Organization/o' } });
});

test('an identifier search whose matches are several persons, or another one', async () => {
  server.answers['Patient'] = searchset([
    patient('a', '111'),
    patient('c', '333', {
      identifier: [
        { system: 'urn:mrn', value: '1' },
        { system: SSN, value: '333' },
      ],
    }),
  ]);
  const other = await hospital.get(`Patient?identifier=${SSN}|444`);
  expect(bundleOf(other).entry).toBeUndefined();
  expect(hospital.recorder.requests).toEqual([]);

  const twin = {
    identifier: [
      { system: 'urn:mrn', value: '1' },
      { system: SSN, value: '999' },
    ],
  };
  server.answers['Patient'] = searchset([
    patient('c', '', twin),
    patient('d', '', {
      identifier: [
        { system: 'urn:mrn', value: '1' },
        { system: SSN, value: '333' },
      ],
    }),
  ]);
  const several = await hospital.get('Patient?identifier=urn:mrn|1');
  expect([several.status, bundleOf(several).entry]).toEqual([200, undefined]);
  const emergency = await hospital.get(
    'Patient?identifier=urn:mrn|1',
    { purpose: 'BTG' },
    { 'break-glass-reason': 'unconscious after a fall' },
  );
  expect(emergency.status).toBe(400);
  expect(emergency.text).not.toContain('Name-');
  expect(hospital.recorder.requests).toEqual([]);
});
