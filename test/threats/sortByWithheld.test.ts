// SPDX-License-Identifier: Apache-2.0
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../gateway/fhir/fakeFhirServer';
import { bundleOf, type Hospital } from '../gateway/hospital/hospitalFixture';
import { hospitalBefore } from '../gateway/hospital/support/hospitalBefore';

// A source that sorts by what other resources hold: the order of what is given would tell of withheld ones.
let server: FakeFhirServer;
let hospital: Hospital;

beforeEach(async () => {
  server = await startFakeFhirServer();
  server.answers = {
    'Patient/a': patient('a', '111'),
    Observation: (response) => {
      response.end(JSON.stringify(searchset([observation('x', 'a'), observation('y', 'a')])));
    },
  };
  hospital = await hospitalBefore(server);
});
afterEach(() => server.close());

test.each([
  '_sort=Encounter:encounter.date',
  '_sort=-Encounter:encounter.date',
  '_sort=encounter.date',
  '_sort=encounter:Encounter.date',
  '_sort=date,-encounter.date',
  '_sort=date&_sort=encounter.date',
  '_sort=encounter%2Edate',
  '_Sort=encounter.date',
  '_SORT:desc=encounter.date',
  '_sort=--date',
  '_sort=date,',
  '_sort=Encounter',
  '_sort=encounter%20date',
])('%s is refused, and the source is not asked', async (parameter) => {
  const response = await hospital.get(`Observation?patient=a&${parameter}`);
  expect(response.status).toBe(400);
  expect([server.requests, hospital.recorder.requests]).toEqual([[], []]);
});

test.each(['_sort=date', '_sort=-date,code', '_sort=_lastUpdated', '_sort=-code-value-quantity,_id'])(
  'twin: %s is passed on',
  async (parameter) => {
    const response = await hospital.get(`Observation?patient=a&${parameter}`);
    expect(bundleOf(response).entry).toHaveLength(2);
    expect(server.requests.some((one) => decodeURIComponent(one).includes(parameter))).toBe(true);
  },
);
