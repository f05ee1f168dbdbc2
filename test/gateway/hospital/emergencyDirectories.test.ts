// SPDX-License-Identifier: Apache-2.0
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../fhir/fakeFhirServer';
import { bundleOf, type Hospital } from './hospitalFixture';
import { hospitalBefore } from './support/hospitalBefore';

// A page of $everything lacks the directory resources that stand on other pages. Reading them must not keep
// an emergency waiting.

const DOCTORS = Array.from({ length: 40 }, (_, at) => `d${String(at)}`);
const PATH = 'Patient/p1/$everything?_count=1';
const isDoctor = (request: string): boolean => request.includes('/Practitioner/');

let source: FakeFhirServer;
beforeEach(async () => {
  source = await startFakeFhirServer();
  const performer = DOCTORS.map((id) => ({ reference: `Practitioner/${id}` }));
  const next = `${source.baseUrl}/Patient/p1/$everything?_count=1&page=2`;
  source.answers = {
    'Patient/p1': patient('p1', '111'),
    'Patient/p1/$everything?_count=1&page=2': searchset([observation('b', 'p1')]),
    'Patient/p1/$everything': searchset([observation('a', 'p1', { performer })], {
      link: [{ relation: 'next', url: next }],
    }),
  };
});
afterEach(() => source.close());

const ask = (hospital: Hospital): ReturnType<Hospital['get']> =>
  hospital.get(PATH, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious after a fall' });
const kindsIn = (response: Awaited<ReturnType<Hospital['get']>>): readonly (string | undefined)[] =>
  (bundleOf(response).entry ?? []).map(({ resource }) => resource.resourceType);

test('they are all given where the source answers', async () => {
  for (const id of DOCTORS) {
    source.answers[`Practitioner/${id}`] = { resourceType: 'Practitioner', id };
  }
  const response = await ask(await hospitalBefore(source));
  expect(kindsIn(response).filter((kind) => kind === 'Practitioner')).toHaveLength(DOCTORS.length);
});

test('an emergency is answered without those that are not there in its time', async () => {
  for (const id of DOCTORS) {
    source.answers[`Practitioner/${id}`] = () => undefined;
  }
  const hospital = await hospitalBefore(source, {}, { settings: { limits: { emergencyPageMs: 400 } } });
  const from = performance.now();
  const response = await ask(hospital);
  expect([response.status, kindsIn(response)]).toEqual([200, ['Observation']]);
  expect(performance.now() - from).toBeLessThan(5_000);
  // Only those that were asked for at the same time, none afterwards.
  expect(source.requests.filter(isDoctor).length).toBeLessThanOrEqual(8);
});

test('an emergency is answered without those that the source fails to give', async () => {
  for (const id of DOCTORS) {
    source.answers[`Practitioner/${id}`] = (response) => response.writeHead(500).end();
  }
  const response = await ask(await hospitalBefore(source));
  expect([response.status, kindsIn(response)]).toEqual([200, ['Observation']]);
});

test('twin: an ordinary request fails when the source fails', async () => {
  for (const id of DOCTORS) {
    source.answers[`Practitioner/${id}`] = (response) => response.writeHead(500).end();
  }
  const hospital = await hospitalBefore(source);
  expect((await hospital.get(PATH)).status).toBe(502);
});
