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

/** The same woman at one source, registered five times by five clerks. */
const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const RECORDS: readonly (readonly [string, string, string])[] = [
  ['dashes', SSN, '999-61-3984'],
  ['plain', SSN, '999613984'],
  ['wide', SSN, '９９９-６１-３９８４'],
  ['unseen', SSN, '999\u200b613984'],
  ['oid', 'urn:oid:2.16.840.1.113883.4.1', '999613984'],
  ['https', 'https://hl7.org/fhir/sid/us-ssn/', '999 61 3984'],
];
let server: FakeFhirServer;
let hospital: Hospital;

beforeEach(async () => {
  server = await startFakeFhirServer();
  server.answers = Object.fromEntries(
    RECORDS.flatMap(([id, system, value]) => [
      [`Patient/${id}`, patient(id, '', { identifier: [{ system, value }] })],
      [`Observation/of-${id}`, observation(`of-${id}`, id)],
    ]),
  );
  hospital = await hospitalBefore(server);
});
afterEach(() => server.close());

test('whoever wrote her number, one person’s consent decides and one person’s list has the entry', async () => {
  for (const [id] of RECORDS) {
    expect((await hospital.get(`Observation/of-${id}`)).status).toBe(200);
  }
  const { requests } = hospital.recorder;
  expect(requests).toHaveLength(RECORDS.length);
  expect(new Set(requests.map(({ subject }) => subject)).size).toBe(1);
});

test('what her consent withholds is withheld under every spelling', async () => {
  hospital.recorder.denyAll();
  for (const [id] of RECORDS) {
    expect((await hospital.get(`Observation/of-${id}`)).status).toBe(404);
  }
});

test.each(RECORDS)(
  'a search finds her as %s, however the caller writes her number',
  async (id, system, value) => {
    server.answers['Patient'] = searchset([patient(id, '', { identifier: [{ system, value }] })]);
    for (const wanted of ['999-61-3984', '999613984']) {
      const response = await hospital.get(`Patient?identifier=${encodeURIComponent(`${SSN}|${wanted}`)}`);
      expect(bundleOf(response).entry?.map(({ resource }) => resource.id)).toEqual([id]);
    }
    for (const asked of server.requests.filter((line) => line.startsWith('GET /fhir/Patient?'))) {
      const list = new URL(asked.slice(4), 'http://x').searchParams.get('identifier')?.split(',');
      expect(list).toEqual(expect.arrayContaining([`${SSN}|999-61-3984`, `${SSN}|999613984`]));
    }
  },
);

test('another person’s number is still another person’s', async () => {
  server.answers['Patient'] = searchset([patient('plain', '999613985')]);
  const response = await hospital.get(`Patient?identifier=${encodeURIComponent(`${SSN}|999613984`)}`);
  expect(bundleOf(response).entry).toBeUndefined();
  expect(hospital.recorder.requests).toEqual([]);
});
