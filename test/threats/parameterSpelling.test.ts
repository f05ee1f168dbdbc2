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

// A source that does not look at the case of parameters: asked for a subset it leaves out `meta`, and with it
// the labels.
let server: FakeFhirServer;
let hospital: Hospital;
const SUBSET = /[?&]_(elements|summary)=/i;

beforeEach(async () => {
  server = await startFakeFhirServer();
  const labelled = observation('x', 'a', { ...label('PSY'), valueString: 'SECRET' });
  server.answers = {
    'Patient/a': patient('a', '111'),
    Observation: (response, request) => {
      const { meta, ...subset } = labelled;
      const found = SUBSET.test(request.url ?? '') ? subset : { ...subset, meta };
      response.end(JSON.stringify(searchset([found])));
    },
  };
  hospital = await hospitalBefore(server);
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('PSY'));
});
afterEach(() => server.close());

test.each([
  '_elements=valueString',
  '_Elements=valueString',
  '_ELEMENTS=x',
  '_Summary=data',
  '_elements:x=code',
])('%s does not take the labels off', async (parameter) => {
  const response = await hospital.get(`Observation?patient=a&${parameter}`);
  expect(response.text).not.toContain('SECRET');
  expect(server.requests.filter((request) => SUBSET.test(request) || /_elements:/i.test(request))).toEqual(
    [],
  );
});

test.each(['_elementS2=x', '_fields=valueString', '_Getpages=1'])('%s is refused', async (parameter) => {
  const response = await hospital.get(`Observation?patient=a&${parameter}`);
  expect(response.status).toBe(400);
  expect(server.requests).toEqual([]);
});

test('twin: what the gateway knows is passed on in FHIR’s spelling', async () => {
  hospital.recorder.permitWhere(() => true);
  const response = await hospital.get('Observation?patient=a&_Sort=-date&_INCLUDE:iterate=*');
  expect(bundleOf(response).entry).toHaveLength(1);
  expect(server.requests.some((one) => one.includes('_sort=-date&_include%3Aiterate=*'))).toBe(true);
});
