// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppError } from '../../../../gateway/src/errors';
import {
  createHttpUpstream,
  type HttpUpstreamOptions,
} from '../../../../gateway/src/fhir/sources/httpUpstream';
import {
  createSampleHospital,
  type SampleHospital,
} from '../../../../gateway/src/fhir/sources/sampleHospital';
import { createSampleServer } from '../../../../gateway/src/fhir/sources/sampleServer';
import type { SearchEntry } from '../../../../gateway/src/fhir/resource';
import { PageTooLarge, type SourcePage, type Upstream } from '../../../../gateway/src/fhir/sources/upstream';
import { bundleOf, createHospital, outcomeCode, patientId } from '../../hospital/hospitalFixture';
import { type FakeFhirServer, observation, patient, searchset, startFakeFhirServer } from '../fakeFhirServer';

const signal = new AbortController().signal;
const query = (text: string): URLSearchParams => new URLSearchParams(text);

/** What all pages hold. */
async function gathered(upstream: Upstream, first: SourcePage): Promise<readonly SearchEntry[]> {
  const entries = [...first.entries];
  for (let { next } = first; next !== undefined;) {
    const page = await upstream.page(next, signal);
    entries.push(...page.entries);
    next = page.next;
  }
  return entries;
}

/** All pages of a search by pages of 200. */
async function all(upstream: Upstream, parameters: string): Promise<readonly SearchEntry[]> {
  return gathered(upstream, await upstream.search('Observation', query(`${parameters}&_count=200`), signal));
}

async function everythingOf(
  upstream: Upstream,
  id: string,
  count: number,
): Promise<readonly SearchEntry[] | undefined> {
  const first: SourcePage | undefined = await upstream.everything(
    id,
    query(`_count=${String(count)}`),
    signal,
  );
  return first && gathered(upstream, first);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error as AppError).code,
  );
}

describe('against the sample hospital over HTTP', () => {
  let sample: SampleHospital;
  let server: Server;
  let upstream: Upstream;
  beforeAll(async () => {
    sample = createSampleHospital({ patients: ['alberto', 'liz', 'ned'] });
    let baseUrl = '';
    server = createServer(createSampleServer(sample.index, () => baseUrl));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    upstream = createHttpUpstream({ baseUrl, labels: 'everywhere' });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('a search is the same as in memory', async () => {
    const id = sample.patients()[0]?.id ?? '';
    for (const parameters of [`patient=${id}`, `patient=${id}&_include=Observation:encounter`]) {
      const overHttp = await all(upstream, parameters);
      expect(overHttp).toEqual(await all(sample, parameters));
      expect(overHttp.length).toBeGreaterThan(30);
    }
    const whole = await everythingOf(upstream, id, 7);
    expect(whole).toEqual(await everythingOf(sample, id, 7));
    expect(whole).toEqual(await everythingOf(sample, id, 1000));
    expect(await everythingOf(upstream, 'nobody', 7)).toBeUndefined();
    expect(await everythingOf(sample, 'nobody', 7)).toBeUndefined();
    expect(await upstream.read('Patient', 'nobody', signal)).toBeUndefined();
    expect(await upstream.isReady()).toEqual({ ready: true });
  });

  test('a gateway before it answers as one with the data inside', async () => {
    const outside = await createHospital({ upstream });
    const inside = await createHospital();
    const path = `Observation?patient=${patientId(inside, 'Conn')}`;
    for (const hospital of [outside, inside]) {
      hospital.recorder.permitWhere(({ labels }) => !labels.includes('ETH'));
    }
    expect(bundleOf(await outside.get(path))).toEqual(bundleOf(await inside.get(path)));
    expect(outside.recorder.requests[0]?.items).toEqual(inside.recorder.requests[0]?.items);
    expect(outside.recorder.requests[0]?.subject).toBe(inside.recorder.requests[0]?.subject);
  });
});

describe('against a server that may do anything', () => {
  let server: FakeFhirServer;
  beforeEach(async () => {
    server = await startFakeFhirServer();
    server.answers = { 'Patient/a': patient('a', '111') };
  });
  afterEach(() => server.close());

  const open = (options: Partial<HttpUpstreamOptions> = {}): Upstream =>
    createHttpUpstream({ baseUrl: server.baseUrl, labels: 'everywhere', ...options });
  const next = (url: string): Record<string, unknown> => ({ link: [{ relation: 'next', url }] });

  test('pages are followed, relative links too, with the token that it asks for', async () => {
    server.answers['Observation'] = searchset(
      [observation('1', 'a')],
      next(`${server.baseUrl}/Observation/page2`),
    );
    server.answers['Observation/page2'] = searchset([observation('2', 'a')], next('page3'));
    server.answers['Observation/page3'] = searchset([observation('3', 'a')]);
    const entries = await all(
      open({ bearerToken: { current: () => 'secret', reread: () => 'secret' } }),
      'patient=a',
    );
    expect(entries.map(({ resource }) => resource.id)).toEqual(['1', '2', '3']);
    expect(server.requests[0]).toBe('GET /fhir/Observation?patient=a&_count=200');
    expect(server.headers.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true);
  });

  test.each([
    'http://127.0.0.1:9/fhir/Observation',
    'https://evil.example.org/fhir',
    '../../secret',
    'file:///etc/passwd',
  ])('a next link to %s is not followed', async (url) => {
    server.answers['Observation'] = searchset([observation('1', 'a')], next(url));
    expect(await codeOf(all(open(), 'patient=a'))).toBe('UPSTREAM_FAILED');
    expect(server.requests).toHaveLength(1);
  });

  test('an answer beyond its bound', async () => {
    server.answers['Observation'] = searchset(
      Array.from({ length: 6 }, (_value, index) => observation(String(index), 'a')),
    );
    await expect(all(open({ maxBytes: 500 }), 'patient=a')).rejects.toBeInstanceOf(PageTooLarge);
    expect(await all(open({ maxBytes: 50_000 }), 'patient=a')).toHaveLength(6);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['500', (response) => response.writeHead(500).end('{}')],
    ['401', (response) => response.writeHead(401).end('{}')],
    ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
    ['no JSON', (response) => response.end('<html>')],
    ['JSON that is no resource', (response) => response.end('[]')],
    ['another resource', (response) => response.end('{"resourceType":"Observation","id":"b"}')],
    ['a broken connection', (response) => response.destroy()],
    [
      'half an answer',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"resourceType"');
        response.destroy();
      },
    ],
    ['silence', () => undefined],
  ])('%s is 502 with OperationOutcome, and no access is recorded', async (_name, answer) => {
    server.answers['Patient/b'] = answer;
    server.answers['Observation'] = answer;
    const hospital = await createHospital({ upstream: open({ timeoutMs: 300 }) });
    for (const path of ['Patient/b', 'Observation?patient=a']) {
      const response = await hospital.get(path);
      expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
    }
    expect(hospital.recorder.requests).toEqual([]);
  });

  test('a source that is not there', async () => {
    const hospital = await createHospital({
      upstream: createHttpUpstream({ baseUrl: 'http://127.0.0.1:9/fhir', labels: 'everywhere' }),
    });
    const response = await hospital.get('Patient/a');
    expect([response.status, outcomeCode(response)]).toEqual([502, 'UPSTREAM_FAILED']);
    expect(hospital.recorder.requests).toEqual([]);
  });

  test('parameters that the source refuses are the caller’s matter; its words are not passed on', async () => {
    server.answers['Observation'] = (response) =>
      response.writeHead(400).end('{"resourceType":"OperationOutcome","issue":[{"diagnostics":"SECRET"}]}');
    const hospital = await createHospital({ upstream: open() });
    const response = await hospital.get('Observation?patient=a&nonsense=1');
    expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
    expect(response.text).not.toContain('SECRET');
  });

  test('paging and subsetting parameters are not passed on: a subset may hide labels', async () => {
    server.answers['Observation'] = searchset([]);
    const hospital = await createHospital({ upstream: open() });
    await hospital.get('Observation?patient=a&_elements=code&_summary=true&_count=3&_total=accurate&code=x');
    expect(server.requests).toContain('GET /fhir/Observation?patient=a&code=x&_count=200');
  });
});
