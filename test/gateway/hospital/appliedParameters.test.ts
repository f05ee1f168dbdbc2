// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { type FakeFhirServer, patient, startFakeFhirServer } from '../fhir/fakeFhirServer';
import { bundleOf, type Hospital, outcomeCode } from './hospitalFixture';
import { hospitalBefore } from './support/hospitalBefore';

const answer = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/fhir/18-self-without-ignored.json'), 'utf8'),
) as FhirResource;

let source: FakeFhirServer;
let hospital: Hospital;
beforeEach(async () => {
  source = await startFakeFhirServer();
  source.answers = { 'Patient/p1': patient('p1', '111'), Observation: answer };
  hospital = await hospitalBefore(source);
});
afterEach(() => source.close());

const selfOf = async (query: string): Promise<string[]> => {
  const { link } = bundleOf(await hospital.get(`Observation?${query}`));
  const url = link.find(({ relation }) => relation === 'self')?.url ?? '';
  return [...new URL(url).searchParams].map(([name, value]) => `${name}=${value}`);
};
const answerWithSelf = (query: string | undefined): void => {
  const link =
    query === undefined ? [] : [{ relation: 'self', url: `${source.baseUrl}/Observation?${query}` }];
  source.answers['Observation'] = { ...answer, link };
};

test('what the source ignored does not look applied', async () => {
  expect(await selfOf('patient=p1&value-quantity=gt5')).toEqual(['patient=p1']);
  answerWithSelf('patient=Patient/p1&code=a');
  expect(await selfOf('patient=p1&code=a&_include=*&category:not=vital-signs&_count=5')).toEqual([
    'patient=p1',
    'code=a',
    '_count=5',
  ]);
});

test('a value in the source’s own spelling is applied, one value fewer is not', async () => {
  answerWithSelf('patient=p1&date=ge2020-01-01T00:00:00Z');
  expect(await selfOf('patient=p1&date=ge2020')).toEqual(['patient=p1', 'date=ge2020']);
  answerWithSelf('patient=p1&date=ge2020');
  expect(await selfOf('patient=p1&date=ge2020&date=le2021')).toEqual(['patient=p1', 'date=ge2020']);
});

test('a source that does not say what it applied has applied nothing', async () => {
  answerWithSelf(undefined);
  expect(await selfOf('patient=p1&code=a')).toEqual(['patient=p1']);
});

test('handling=strict is passed on, and what is not applied all the same is 400 and no access', async () => {
  const strict = { prefer: 'return=minimal, handling=strict' };
  const refused = await hospital.get('Observation?patient=p1&value-quantity=gt5', {}, strict);
  expect([refused.status, outcomeCode(refused)]).toEqual([400, 'BAD_REQUEST']);
  expect(refused.text).toContain('value-quantity');
  expect(hospital.recorder.requests).toEqual([]);
  expect(source.headers.some(({ prefer }) => prefer === 'handling=strict')).toBe(true);

  answerWithSelf('patient=p1&value-quantity=gt5');
  const applied = await hospital.get('Observation?patient=p1&value-quantity=gt5', {}, strict);
  expect(applied.status).toBe(200);
});

test('twin: without strict handling the search is answered, and denied and absent say the same of parameters', async () => {
  const query = 'value-quantity=gt5';
  const { entry, ...empty } = answer;
  expect(entry).toBeDefined();
  source.answers['Observation?patient=p2&value-quantity=gt5&_count=200'] = empty;
  hospital.recorder.denyAll();
  const denied = await hospital.get(`Observation?patient=p1&${query}`);
  const absent = await hospital.get(`Observation?patient=p2&${query}`);
  expect(denied.status).toBe(200);
  expect(absent.text.replaceAll('p2', 'p1')).toBe(denied.text);
  expect(source.headers.every(({ prefer }) => prefer === undefined)).toBe(true);
});
