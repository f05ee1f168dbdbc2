// SPDX-License-Identifier: Apache-2.0
import {
  type FakeFhirServer,
  label,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../gateway/fhir/fakeFhirServer';
import { bundleOf, type Hospital } from '../gateway/hospital/hospitalFixture';
import { hospitalBefore } from '../gateway/hospital/support/hospitalBefore';

const SECRET = 'SECRET-HIV';
let server: FakeFhirServer;
let hospital: Hospital;

beforeEach(async () => {
  server = await startFakeFhirServer();
  server.answers = { 'Patient/a': patient('a', '111') };
  hospital = await hospitalBefore(server);
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('HIV'));
});
afterEach(() => server.close());

const secret = (id: string, more: Record<string, unknown> = {}): ReturnType<typeof observation> =>
  observation(id, 'a', { ...label('HIV'), note: [{ text: SECRET }], ...more });

test.each([
  '_include=Observation:derived-from',
  '_include=*',
  '_revinclude=Observation:has-member',
  '_include:iterate=*',
])('what the decision withholds does not come by %s', async (include) => {
  const match = observation('own', 'a', { derivedFrom: [{ reference: 'Observation/hidden' }] });
  server.answers['Observation'] = searchset([
    match,
    [secret('hidden', { hasMember: [{ reference: 'Observation/own' }] }), 'include'],
  ]);
  const response = await hospital.get(`Observation?patient=a&${include}`);
  expect(bundleOf(response).entry?.map(({ resource }) => resource.id)).toEqual(['own']);
  expect(response.text).not.toContain(SECRET);
  // It was asked for, so the patient sees the refused item.
  expect(hospital.recorder.requests[0]?.items).toContainEqual({
    type: 'Observation',
    labels: ['HIV'],
    count: 1,
    ids: ['hidden'],
    via: [0],
  });
});

test('what the decision withholds does not come inside another resource', async () => {
  const carrier = observation('carrier', 'a', {
    contained: [{ ...secret('inner'), id: 'inner' }],
    hasMember: [{ reference: '#inner' }],
  });
  server.answers['Observation'] = searchset([observation('own', 'a'), carrier]);
  server.answers['Observation/carrier'] = carrier;
  const search = await hospital.get('Observation?patient=a');
  expect(bundleOf(search).entry?.map(({ resource }) => resource.id)).toEqual(['own']);
  const read = await hospital.get('Observation/carrier');
  expect(read.status).toBe(404);
  expect(search.text + read.text).not.toContain(SECRET);
});

test('a withheld resource that is both match and include stays withheld', async () => {
  server.answers['Observation'] = searchset([secret('x'), [secret('x'), 'include'], observation('own', 'a')]);
  const response = await hospital.get('Observation?patient=a&_include=*');
  expect(bundleOf(response).total).toBe(1);
  expect(response.text).not.toContain(SECRET);
});

test('a copy of a withheld resource without its labels does not replace the labelled one', async () => {
  server.answers['Observation'] = searchset([
    secret('x'),
    observation('x', 'a', { note: [{ text: SECRET }] }),
  ]);
  const response = await hospital.get('Observation?patient=a');
  expect(response.text).not.toContain(SECRET);
});
