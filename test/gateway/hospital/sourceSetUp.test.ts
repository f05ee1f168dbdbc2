// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../fhir/fakeFhirServer';
import { bundleOf, type Hospital, outcomeCode } from './hospitalFixture';
import { hospitalBefore } from './support/hospitalBefore';

let source: FakeFhirServer;
let now: number;
beforeEach(async () => {
  now = Date.now();
  source = await startFakeFhirServer();
  source.answers = {
    metadata: { resourceType: 'CapabilityStatement' },
    'Patient/p1': patient('p1', '111'),
    'Patient/p2': patient('p2', '222'),
    'Patient/p3': patient('p3', '333'),
  };
});
afterEach(() => source.close());

const hospitalWith = (aliases: readonly string[] = []): Promise<Hospital> =>
  hospitalBefore(source, { aliases }, { clock: () => now });
const OTHER = 'http://ehr-app-1:8080/fhir';
const at = (base: string, id: string): Record<string, unknown> => ({
  subject: { reference: `${base}/Patient/${id}` },
});
const isReady = async (hospital: Hospital): Promise<unknown> => {
  const response = await request(hospital.operations).get('/readyz');
  return (response.body as { parts: { upstream: unknown } }).parts.upstream;
};

describe('a chart that names the patient under another base', () => {
  const chart = (): FhirResource =>
    searchset([observation('1', 'p1', at(OTHER, 'p1')), observation('2', 'p1', at(OTHER, 'p1'))]);

  test.each(['Observation?patient=p1', 'Observation?subject=Patient/p1', 'Patient/p1/$everything'])(
    '%s is 502, not an empty chart, and readiness says what to do until an answer is whole again',
    async (path) => {
      source.answers[path.split('?')[0] ?? ''] = chart();
      const hospital = await hospitalWith();
      const response = await hospital.get(path);
      expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
      expect(response.text).not.toContain(OTHER);
      expect(hospital.recorder.requests).toEqual([]);
      expect(await isReady(hospital)).toEqual({
        ready: true,
        detail: expect.stringMatching(new RegExp(`${OTHER}.*UPSTREAM_ALIASES`)) as string,
      });

      source.answers[path.split('?')[0] ?? ''] = searchset([observation('1', 'p1')]);
      expect((await hospital.get(path)).status).toBe(200);
      now += 10_000;
      expect(await isReady(hospital)).toEqual({
        ready: true,
        detail: expect.not.stringContaining('UPSTREAM_ALIASES') as string,
      });
    },
  );

  test('not ready after three patients and two types, for five minutes at most: without requests nothing could end it', async () => {
    const hospital = await hospitalWith();
    for (const [path, ready] of [
      ['Observation?patient=p1', true],
      ['Observation?patient=p2', true],
      ['Observation?patient=p3', true],
      ['Condition?patient=p1', false],
    ] as const) {
      source.answers[path.split('?')[0] ?? ''] = chart();
      expect((await hospital.get(path)).status).toBe(502);
      now += 2_000;
      expect([path, await isReady(hospital)]).toMatchObject([path, { ready }]);
    }
    now += 5 * 60_000;
    expect(await isReady(hospital)).toMatchObject({ ready: true });
  });

  test('twin: with the base among UPSTREAM_ALIASES it is the patient’s chart, and no address leaves', async () => {
    source.answers['Observation'] = chart();
    source.answers['Patient/p1/$everything'] = chart();
    const hospital = await hospitalWith([OTHER]);
    for (const path of ['Observation?patient=p1', 'Patient/p1/$everything']) {
      const response = await hospital.get(path);
      expect(bundleOf(response).entry?.map(({ resource }) => resource['subject'])).toEqual([
        { reference: 'Patient/p1' },
        { reference: 'Patient/p1' },
      ]);
      expect(response.text).not.toContain('ehr-app-1');
    }
  });

  test('twin: an alias of another server does not make its patients ours', async () => {
    source.answers['Observation'] = searchset([
      observation('1', 'p1'),
      observation('2', 'p1', at(`${OTHER}2`, 'p1')),
      observation('3', 'p1', at(OTHER, 'p2')),
    ]);
    const hospital = await hospitalWith([OTHER]);
    const { entry } = bundleOf(await hospital.get('Observation?patient=p1'));
    expect(entry?.map(({ resource }) => resource.id)).toEqual(['1']);
  });
});

test('a source that does not apply the patient parameter, for a patient without data', async () => {
  source.answers['Observation'] = searchset([observation('1', 'p2'), observation('2', 'p3')]);
  const hospital = await hospitalWith();
  expect((await hospital.get('Observation?patient=p1')).status).toBe(502);
  expect(await isReady(hospital)).toMatchObject({
    ready: true,
    detail: expect.stringContaining('patient parameter') as string,
  });
  expect(JSON.stringify(await isReady(hospital))).not.toMatch(/p1|p2/);
});

describe('a source that says a patient is not there, and has data of hers', () => {
  const GONE: FakeFhirServer['answers'][string] = (response) =>
    response.writeHead(410).end('{"resourceType":"OperationOutcome"}');

  test.each([
    ['a search', 'Observation?patient=p1', {}],
    ['a read of her data', 'Observation/1', {}],
    ['$everything', 'Patient/p1/$everything', {}],
    ['a search in an emergency', 'Observation?patient=p1', { purpose: 'ETREAT' }],
  ])('%s is 502, not an empty chart', async (_name, path, errand) => {
    source.answers['Patient/p1'] = GONE;
    source.answers['Observation/1'] = observation('1', 'p1');
    source.answers['Observation'] = searchset([observation('1', 'p1')]);
    source.answers['Patient/p1/$everything'] = searchset([observation('1', 'p1')]);
    const hospital = await hospitalWith();
    const headers = 'purpose' in errand ? { 'Break-Glass-Reason': 'found unconscious in the street' } : {};
    const response = await hospital.get(path, errand, headers);
    expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
    expect(hospital.recorder.requests).toEqual([]);
  });

  test('$everything that the source says is not there, of a Patient who is', async () => {
    source.answers['Patient/p1/$everything'] = GONE;
    expect((await (await hospitalWith()).get('Patient/p1/$everything')).status).toBe(502);
  });

  test('twin: without data of hers, or with data of others alone, she is absent', async () => {
    source.answers['Patient/p1'] = GONE;
    source.answers['Patient/p1/$everything'] = GONE;
    source.answers['Observation'] = searchset([]);
    const hospital = await hospitalWith();
    expect(bundleOf(await hospital.get('Observation?patient=p1')).total).toBe(0);
    source.answers['Observation'] = searchset([observation('1', 'p2')]);
    expect(bundleOf(await hospital.get('Observation?patient=p1')).total).toBe(0);
    expect((await hospital.get('Patient/p1/$everything')).status).toBe(404);
    source.answers['Patient/p1/$everything'] = searchset([]);
    expect((await hospital.get('Patient/p1/$everything')).status).toBe(404);
  });
});

test('twin: a chart that is empty, or names the patient by identifier alone, is no fault', async () => {
  source.answers['Observation'] = searchset([]);
  const hospital = await hospitalWith();
  expect((await hospital.get('Observation?patient=p1')).status).toBe(200);
  source.answers['Observation'] = searchset([
    observation('1', 'p1', {
      subject: { identifier: { system: 'http://hl7.org/fhir/sid/us-ssn', value: '111' } },
    }),
  ]);
  expect(bundleOf(await hospital.get('Observation?patient=p1')).entry).toHaveLength(1);
});

describe('absent is what the source itself says is absent', () => {
  const PATHS = ['Patient/x', 'Observation/x', 'Patient/x/$everything', 'Observation?patient=x'];

  test.each([
    ['404 of a web server', 404, '<html>not found</html>'],
    ['404 without a body', 404, ''],
    ['404 with JSON that is not FHIR', 404, '{"error":"no route"}'],
    ['410 of a proxy', 410, 'gone'],
  ])('%s is 502', async (_name, status, body) => {
    for (const path of PATHS) {
      source.answers[path] = (response) => response.writeHead(status).end(body);
      source.answers[path.split('?')[0] ?? ''] = source.answers[path];
    }
    const hospital = await hospitalWith();
    for (const path of PATHS) {
      const response = await hospital.get(path);
      expect([path, response.status, outcomeCode(response)]).toEqual([path, 502, 'UPSTREAM_FAILED']);
    }
  });

  test('twin: 404 and 410 with an OperationOutcome are absent', async () => {
    const outcome = JSON.stringify({ resourceType: 'OperationOutcome', issue: [] });
    for (const status of [404, 410]) {
      source.answers['Patient/x'] = (response) => response.writeHead(status).end(outcome);
      expect((await (await hospitalWith()).get('Patient/x')).status).toBe(404);
    }
  });

  test('a later page that is gone is 502', async () => {
    const next = { link: [{ relation: 'next', url: `${source.baseUrl}/Observation/page2` }] };
    source.answers['Observation'] = searchset([observation('1', 'p1')], next);
    source.answers['Patient/p1/$everything'] = source.answers['Observation'];
    const hospital = await hospitalWith();
    for (const status of [404, 410]) {
      source.answers['Observation/page2'] = (response) =>
        response.writeHead(status).end(JSON.stringify({ resourceType: 'OperationOutcome', issue: [] }));
      for (const path of ['Patient/p1/$everything?_count=2', 'Observation?patient=p1&_count=2']) {
        expect([path, (await hospital.get(path)).status]).toEqual([path, 502]);
      }
    }
    expect(hospital.recorder.requests).toEqual([]);
  });

  test('a wrong base path is not ready', async () => {
    source.answers['metadata'] = (response) => response.writeHead(200).end('{"resourceType":"Patient"}');
    expect(await isReady(await hospitalWith())).toMatchObject({ ready: false });
  });
});

test('behind a TLS proxy the source writes https links; page 2 comes from the configured base', async () => {
  source.answers['Observation'] = (response, { url }) => {
    const page = JSON.parse(
      readFileSync(join(__dirname, '../../vectors/fhir/17-https-next-link.json'), 'utf8'),
    ) as FhirResource;
    const second = searchset([observation('second', 'p1')]);
    response.end(JSON.stringify(url?.includes('page=2') === true ? second : page));
  };
  const refused = await (await hospitalWith()).get('Observation?patient=p1');
  expect(refused.status).toBe(502);
  const hospital = await hospitalWith(['https://ehr.test/fhir']);
  const { entry } = bundleOf(await hospital.get('Observation?patient=p1'));
  expect(entry?.map(({ resource }) => resource.id)).toEqual(['day', 'second']);
  expect(source.requests.at(-1)).toBe('GET /fhir/Observation?patient=p1&page=2');
});

describe('what the source refuses or fails by itself is not the caller’s fault, and not an empty chart', () => {
  const refuse: FakeFhirServer['answers'][string] = (response) =>
    response.writeHead(400).end('{"resourceType":"OperationOutcome"}');
  const issue = (severity: string): FhirResource => ({
    resourceType: 'OperationOutcome',
    id: 'o',
    issue: [{ severity, code: 'timeout' }],
  });

  test('400 to its own next link is 502', async () => {
    const next = { link: [{ relation: 'next', url: `${source.baseUrl}/Observation/page2` }] };
    source.answers['Observation'] = searchset([observation('1', 'p1')], next);
    source.answers['Observation/page2'] = refuse;
    expect((await (await hospitalWith()).get('Observation?patient=p1&_count=2')).status).toBe(502);
  });

  test('400 to $everything is 502, and 400 where the caller gave parameters', async () => {
    source.answers['Patient/p1/$everything'] = refuse;
    const hospital = await hospitalWith();
    expect((await hospital.get('Patient/p1/$everything')).status).toBe(502);
    expect((await hospital.get('Patient/p1/$everything?_since=2020-01-01')).status).toBe(400);
  });

  test.each([
    ['fatal', 502],
    ['error', 502],
    ['warning', 200],
    ['information', 200],
  ])('an outcome of severity %s beside the matches: %d', async (severity, status) => {
    source.answers['Observation'] = searchset([[issue(severity), 'outcome']]);
    expect((await (await hospitalWith()).get('Observation?patient=p1')).status).toBe(status);
  });
});
