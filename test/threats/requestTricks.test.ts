// SPDX-License-Identifier: Apache-2.0
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type FakeFhirServer,
  observation,
  patient,
  searchset,
  startFakeFhirServer,
} from '../gateway/fhir/fakeFhirServer';
import { type Hospital, outcomeCode } from '../gateway/hospital/hospitalFixture';
import { hospitalBefore } from '../gateway/hospital/support/hospitalBefore';

let source: FakeFhirServer;
let hospital: Hospital;
beforeEach(async () => {
  source = await startFakeFhirServer();
  source.answers = {
    'Patient/a': patient('a', '111'),
    'Observation/x': observation('x', 'a'),
    Observation: searchset([observation('x', 'a')]),
    Patient: searchset([patient('a', '111')]),
  };
  hospital = await hospitalBefore(source);
});
afterEach(() => source.close());

describe('conditional requests', () => {
  test.each([
    ['if-none-match', '*'],
    ['if-none-match', 'W/"1"'],
    ['if-modified-since', 'Fri, 01 Jan 2999 00:00:00 GMT'],
    ['if-match', '"2"'],
    ['if-unmodified-since', 'Mon, 01 Jan 1990 00:00:00 GMT'],
    ['range', 'bytes=0-1'],
  ])('%s: %s changes nothing: what is recorded as released is released', async (name, value) => {
    for (const path of ['Observation/x', 'Observation?patient=a']) {
      const plain = await hospital.get(path);
      const conditional = await hospital.get(path, {}, { [name]: value });
      expect([conditional.status, conditional.text]).toEqual([200, plain.text]);
    }
    expect(source.headers.every((headers) => !(name in headers))).toBe(true);
  });
});

describe('ids that are steps of a path', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer(hospital.app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** As it stands, without what clients do to a URL. */
  const rawStatus = async (path: string, token: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  test.each([
    '/fhir/Patient/.',
    '/fhir/Patient/..',
    '/fhir/Patient/%2e%2e',
    '/fhir/Observation/%2E',
    '/fhir/Patient/../$everything',
    '/fhir/Patient/%2e%2e/$everything',
  ])('%s is absent, and the source is not asked', async (path) => {
    expect(await rawStatus(path, await hospital.token())).toBe(404);
    expect(source.requests).toEqual([]);
  });

  test('a reference to one is read as a patient who cannot be told', async () => {
    source.answers['Observation/x'] = observation('x', '..');
    const response = await hospital.get('Observation/x');
    expect([response.status, outcomeCode(response)]).toEqual([404, 'NOT_FOUND']);
    expect(source.requests).toEqual(['GET /fhir/Observation/x']);
  });
});

test.each(['link=Patient/b', 'link:Patient=b', 'Link=Patient/b', 'link:missing=true'])(
  'Patient?_id=a&%s asks about links that are cut',
  async (parameter) => {
    const response = await hospital.get(`Patient?_id=a&${parameter}`);
    expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
    expect(source.requests).toEqual([]);
  },
);
