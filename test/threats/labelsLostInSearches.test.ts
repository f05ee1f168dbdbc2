// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVERY_LABEL } from '@chartwitness/chaincode/domain';
import request from 'supertest';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import type { LabelTrust } from '../../gateway/src/fhir/sources/upstream';
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

const { readAnswer, searchAnswer } = JSON.parse(
  readFileSync(join(__dirname, '../vectors/fhir/19-search-drops-labels.json'), 'utf8'),
) as { readAnswer: FhirResource; searchAnswer: FhirResource };

let source: FakeFhirServer;
beforeEach(async () => {
  source = await startFakeFhirServer();
  source.answers = {
    metadata: { resourceType: 'CapabilityStatement' },
    'Patient/p1': patient('p1', '111'),
    'Observation/strip': readAnswer,
    Observation: searchAnswer,
    'Patient/p1/$everything': searchAnswer,
  };
});
afterEach(() => source.close());

async function hospitalWith(labels: LabelTrust): Promise<Hospital> {
  const hospital = await hospitalBefore(source, { labels });
  hospital.recorder.permitWhere((item) => !item.labels.includes('PSY') && !item.labels.includes(EVERY_LABEL));
  return hospital;
}

const readinessOf = async (hospital: Hospital): Promise<{ ready: boolean; detail?: string }> => {
  const body = (await request(hospital.operations).get('/readyz')).body as {
    parts: { upstream: { ready: boolean; detail?: string } };
  };
  return body.parts.upstream;
};

test.each<LabelTrust>(['reads', 'nowhere'])(
  'labels trusted in %s: what a read withholds no search gives, nor $everything',
  async (labels) => {
    const hospital = await hospitalWith(labels);
    expect((await hospital.get('Observation/strip')).status).toBe(404);
    expect(bundleOf(await hospital.get('Observation?patient=p1')).entry).toBeUndefined();
    expect((await hospital.get('Patient/p1/$everything')).status).toBe(404);
    const [, search] = hospital.recorder.requests;
    expect(search?.items.map((item) => item.labels)).toEqual([[labels === 'reads' ? 'PSY' : EVERY_LABEL]]);
  },
);

test('readiness finds that searches leave labels out, and refuses a setting that trusts them', async () => {
  expect(await readinessOf(await hospitalWith('everywhere'))).toEqual({
    ready: false,
    detail: expect.stringContaining('UPSTREAM_LABELS must be reads') as string,
  });
  expect(await readinessOf(await hospitalWith('reads'))).toEqual({
    ready: true,
    detail: expect.stringContaining('1 of 1 labelled resources') as string,
  });
  source.answers['Observation'] = searchset([readAnswer]);
  expect(await readinessOf(await hospitalWith('everywhere'))).toEqual({
    ready: true,
    detail: 'reads and searches agree about 1 labelled resources',
  });
  source.answers['Observation/strip'] = observation('strip', 'p1');
  expect(await readinessOf(await hospitalWith('reads'))).toEqual({
    ready: false,
    detail: expect.stringContaining('UPSTREAM_LABELS must be nowhere') as string,
  });
});

test('readiness says when there is nothing to compare, and says nothing of the data', async () => {
  source.answers['Observation'] = searchset([]);
  expect(await readinessOf(await hospitalWith('everywhere'))).toEqual({
    ready: true,
    detail: expect.stringContaining('no labelled resource was found') as string,
  });
  source.answers['Observation'] = (response) => response.writeHead(400).end('{}');
  const said = await readinessOf(await hospitalWith('everywhere'));
  expect(said.ready).toBe(true);
  expect(JSON.stringify(said)).not.toMatch(/strip|p1/);
});

test('the comparison is made once in ten minutes', async () => {
  let now = Date.now();
  const hospital = await hospitalBefore(source, { labels: 'reads' }, { clock: () => now });
  const searches = (): number => source.requests.filter((one) => one.includes('Observation?')).length;
  await Promise.all([readinessOf(hospital), readinessOf(hospital)]);
  const once = searches();
  await readinessOf(hospital);
  expect(searches()).toBe(once);
  now += 10 * 60_000;
  await readinessOf(hospital);
  expect(searches()).toBe(2 * once);
});

test('read again: each once, a deleted one is left out, a failing read fails the page', async () => {
  const found = [observation('1', 'p1'), observation('2', 'p1'), observation('1', 'p1')];
  source.answers['Observation'] = searchset(found);
  source.answers['Observation/1'] = observation('1', 'p1', label('ETH'));
  const hospital = await hospitalWith('reads');
  const response = await hospital.get('Observation?patient=p1');
  expect(bundleOf(response).entry?.map(({ resource }) => resource.id)).toEqual(['1']);
  expect(hospital.recorder.requests[0]?.items).toMatchObject([{ labels: ['ETH'], count: 1 }]);
  expect(source.requests.filter((one) => one.endsWith('Observation/1'))).toHaveLength(1);

  source.answers['Observation/2'] = (response) => response.writeHead(503).end();
  expect((await hospital.get('Observation?patient=p1')).status).toBe(502);
  expect(hospital.recorder.requests).toHaveLength(1);
});

test('a subset counts as carrying every label, whatever the source is trusted with', async () => {
  const tag = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: ' subsetted' }];
  source.answers['Observation'] = searchset([
    observation('1', 'p1', { meta: { tag, security: [] } }),
    observation('2', 'p1', { contained: [{ resourceType: 'Specimen', id: 's', meta: { tag } }] }),
    observation('3', 'p1'),
  ]);
  const hospital = await hospitalWith('everywhere');
  const { entry } = bundleOf(await hospital.get('Observation?patient=p1'));
  expect(entry?.map(({ resource }) => resource.id)).toEqual(['3']);
  expect(hospital.recorder.requests[0]?.items).toMatchObject([
    { labels: [EVERY_LABEL], count: 2 },
    { labels: [], count: 1 },
  ]);
});

test('labels trusted nowhere: a confidentiality or a handling code alone says nothing of what data are about', async () => {
  const normal = {
    meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }] },
  };
  source.answers['Observation'] = searchset([
    observation('1', 'p1', normal),
    observation('2', 'p1', label('ETH')),
    observation('3', 'p1', label('NOREUSE')),
  ]);
  const hospital = await hospitalWith('nowhere');
  const { entry } = bundleOf(await hospital.get('Observation?patient=p1'));
  expect(entry?.map(({ resource }) => resource.id)).toEqual(['2']);
});
