// SPDX-License-Identifier: Apache-2.0
import { Writable } from 'node:stream';
import pino from 'pino';
import request from 'supertest';
import { AppError } from '../../../gateway/src/errors';
import { createHttpUpstream } from '../../../gateway/src/fhir/sources/httpUpstream';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createHospital, type Hospital, outcomeCode, patientId } from './hospitalFixture';

let hospital: Hospital;
beforeEach(async () => {
  hospital = await createHospital();
});

test.each(['head', 'put', 'patch', 'delete', 'options'] as const)('%s is not served', async (method) => {
  const token = await hospital.token();
  const path = `/fhir/Patient/${patientId(hospital, 'Conn')}`;
  const agent = request(hospital.app);
  const response = await agent[method](path).set('authorization', `Bearer ${token}`);
  expect([response.status, response.headers['allow']]).toEqual([405, 'GET']);
  expect(hospital.recorder.requests).toEqual([]);
});

test.each(['Patient', 'Patient/x', '', 'Group/x/$everything', 'Patient/$everything'])(
  'POST %s is not served',
  async (path) => {
    const response = await request(hospital.app).post(`/fhir/${path}`).send({});
    expect([response.status, outcomeCode(response)]).toEqual([405, 'METHOD_NOT_ALLOWED']);
  },
);

const UNSUPPORTED = [
  ['Patient/{id}/Condition', 'Condition?patient=[id]'],
  ['Patient/{id}/AdverseEvent?severity=mild', 'AdverseEvent?subject=[id]'],
  ['Patient/{id}/Practitioner', '_include'],
  ['Patient/{id}/*', '$everything'],
  ['Encounter/{id}/Observation', 'Observation?patient=[id]'],
  ['Patient/{id}/_history', 'current version'],
  ['Patient/{id}/_history/1', 'current version'],
  ['Condition/_history', 'current version'],
  ['_history', 'current version'],
  ['', 'one type'],
  ['?_type=Condition,Observation&patient={id}', 'one type'],
  ['_search?patient={id}', 'POST [type]/_search'],
  ['Condition/_search?patient={id}', 'POST [type]/_search'],
  ['Patient/{id}/$summary', '$everything'],
  ['Patient/$match', '$everything'],
  ['Patient/$everything', '$everything'],
  ['Encounter/{id}/$everything', '$everything'],
] as const;

test.each(UNSUPPORTED)('%s is refused by name, whoever is there', async (path, remedy) => {
  const ids = [patientId(hospital, 'Conn'), 'nobody'];
  const answers = await Promise.all(ids.map((id) => hospital.get(path.replace('{id}', id))));
  const [there, absent] = answers.map(({ status, text }) => [status, text]);
  expect(absent).toEqual(there);
  for (const answer of answers) {
    expect([answer.status, outcomeCode(answer)]).toEqual([400, 'NOT_SUPPORTED']);
    expect(JSON.parse(answer.text)).toMatchObject({
      issue: [{ code: 'not-supported', diagnostics: expect.stringContaining(remedy) as string }],
    });
  }
  expect(hospital.recorder.requests).toEqual([]);
});

test('twin: what is offered is not refused by its form', async () => {
  const id = patientId(hospital, 'Conn');
  for (const path of [`Patient/${id}`, `Patient/${id}/$everything`, `Condition?patient=${id}`]) {
    expect([path, (await hospital.get(path)).status]).toEqual([path, 200]);
  }
});

test.each([
  [{ accept: 'application/fhir+xml' }, ''],
  [{ accept: 'text/html' }, ''],
  [{ accept: 'application/fhir+json; fhirVersion=5.0' }, ''],
  [{ accept: 'application/json;q=0' }, ''],
  [{}, '?_format=xml'],
  [{}, '?_format=application/fhir%2Bxml'],
])('another format than JSON is 406 (%j %s)', async (headers, query) => {
  const response = await hospital.get(`Patient/x${query}`, {}, headers);
  expect([response.status, outcomeCode(response)]).toEqual([406, 'NOT_ACCEPTABLE']);
});

test.each([
  [{ accept: 'application/fhir+json; fhirVersion=4.0' }, ''],
  [{ accept: '*/*' }, ''],
  [{ accept: 'text/html' }, '?_format=json'],
  [{ accept: 'application/xml' }, '?_format=application/fhir+json'],
])('twin: JSON is served (%j %s)', async (headers, query) => {
  expect((await hospital.get(`Patient/${patientId(hospital, 'Conn')}${query}`, {}, headers)).status).toBe(
    200,
  );
});

test('smart-configuration is JSON whatever is asked for', async () => {
  const response = await request(hospital.app)
    .get('/fhir/.well-known/smart-configuration')
    .set('accept', 'text/html');
  expect(response.status).toBe(200);
  expect(response.headers['content-type']).toContain('application/json');
  expect(response.body).toHaveProperty('token_endpoint');
});

test('metadata needs no token and names what is served', async () => {
  const response = await request(hospital.app).get('/fhir/metadata');
  expect(response.status).toBe(200);
  const statement = JSON.parse(response.text) as {
    fhirVersion: string;
    rest: { resource: { type: string; operation?: unknown }[] }[];
  };
  expect(statement.fhirVersion).toBe('4.0.1');
  const types = statement.rest[0]?.resource.map(({ type }) => type) ?? [];
  expect(types).toContain('Observation');
  expect(types).not.toContain('Group');
});

test('metadata is a valid CapabilityStatement, with the search parameters that R4 has', async () => {
  const response = await request(hospital.app).get('/fhir/metadata');
  const statement = JSON.parse(response.text) as {
    status: string;
    date: string;
    implementation: { description: string };
    format: string[];
    rest: {
      security: Record<string, unknown>;
      resource: { type: string; searchParam: { name: string; type: string }[] }[];
    }[];
  };
  expect(statement).toMatchObject({
    status: 'active',
    kind: 'instance',
    software: { name: 'Chartwitness' },
    implementation: { url: 'https://gateway.north.example.org/fhir' },
  });
  expect(statement.date).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const [rest] = statement.rest;
  // oauth-uris needs an authorization endpoint.
  expect(rest?.security).not.toHaveProperty('extension');
  const resources = rest?.resource ?? [];
  expect(new Set(resources.map(({ type }) => type)).size).toBe(resources.length);
  const namesOf = (type: string): string[] =>
    resources.find((one) => one.type === type)?.searchParam.map(({ name }) => name) ?? [];
  expect(namesOf('Observation')).toEqual(['patient', 'subject']);
  expect(namesOf('AdverseEvent')).toEqual(['subject']);
  expect(namesOf('SupplyRequest')).toEqual(['subject']);
  expect(namesOf('Claim')).toEqual(['patient']);
  expect(namesOf('Patient')).toEqual(['identifier', '_id']);
  expect(resources.filter(({ searchParam }) => searchParam.length === 0)).toEqual([]);
});

test('nothing else is open without a token', async () => {
  for (const path of ['Patient/x', 'Observation?patient=x', 'Patient/x/$everything']) {
    const response = await request(hospital.app).get(`/fhir/${path}`);
    expect([response.status, outcomeCode(response)]).toEqual([401, 'UNAUTHENTICATED']);
    expect(response.headers['www-authenticate']).toBe(
      'Bearer resource_metadata="https://gateway.north.example.org/.well-known/oauth-protected-resource/fhir"',
    );
  }
});

test('answers carry a request id, security headers and no trace of the framework', async () => {
  const response = await request(hospital.app)
    .get('/fhir/metadata')
    .set('x-request-id', '5f0c6b9e-6a1d-4c39-9c52-0d8f6a3b1e77');
  expect(response.headers).toMatchObject({
    'x-request-id': '5f0c6b9e-6a1d-4c39-9c52-0d8f6a3b1e77',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': expect.any(String) as string,
  });
  expect(response.headers).not.toHaveProperty('x-powered-by');
});

test('outside /fhir errors are RFC 9457 problems', async () => {
  const response = await request(hospital.app).get('/nothing');
  expect(response.status).toBe(404);
  expect(response.headers['content-type']).toContain('application/problem+json');
});

test('health and readiness', async () => {
  expect((await request(hospital.app).get('/healthz')).status).toBe(200);
  expect((await request(hospital.app).get('/readyz')).body).toEqual({ status: 'ready' });
  expect((await request(hospital.app).get('/metrics')).status).toBe(404);
  expect((await request(hospital.operations).get('/readyz')).body).toMatchObject({
    status: 'ready',
    parts: { upstream: { ready: true } },
  });
  const broken = await createHospital({
    upstream: createHttpUpstream({ baseUrl: 'http://127.0.0.1:9/fhir', labels: 'everywhere' }),
  });
  expect((await request(broken.app).get('/readyz')).status).toBe(503);
});

test('a rate limit answers as OperationOutcome under /fhir', async () => {
  const limited = await createHospital({ settings: { requestLimits: { anonymous: 2, caller: 2 } } });
  const get = (): request.Test => request(limited.app).get('/fhir/metadata');
  expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
  const refused = await get();
  expect([refused.status, outcomeCode(refused), refused.headers['retry-after']]).toEqual([
    429,
    'TOO_MANY_REQUESTS',
    '60',
  ]);
});

test.each(['OVERLOADED', 'LANE_FENCED', 'LEDGER_UNAVAILABLE', 'FORBIDDEN'] as const)(
  'when the recorder says %s, nothing is released',
  async (code) => {
    hospital.recorder.decide = () => {
      throw new AppError(code, 'test', { retryAfterSeconds: 1 });
    };
    const response = await hospital.get(`Patient/${patientId(hospital, 'Conn')}`);
    expect(outcomeCode(response)).toBe(code);
    expect(response.text).not.toContain('Conn');
  },
);

test('a recorder that answers for other items than asked is a fault, and nothing is released', async () => {
  hospital.recorder.decide = () => ({ permitted: [true, true, true], late: false });
  const response = await hospital.get(`Patient/${patientId(hospital, 'Conn')}`);
  expect([response.status, outcomeCode(response)]).toEqual([500, 'INTERNAL']);
  expect(response.text).not.toContain('Conn');
});

test('while the registry cannot be read, no token is accepted', async () => {
  const token = await hospital.token();
  hospital.registry.failure = new LedgerError('unavailable', 'no peer');
  const response = await request(hospital.app).get('/fhir/Patient/x').set('authorization', `Bearer ${token}`);
  expect([response.status, outcomeCode(response)]).toEqual([503, 'LEDGER_UNAVAILABLE']);
  expect(hospital.recorder.requests).toEqual([]);
});

test('a patient whom the network cannot name looks absent', async () => {
  const odd = await createHospital({
    settings: { identifierSystems: [{ system: 'urn:other', aliases: [], form: 'text' }] },
  });
  const response = await odd.get(`Patient/${patientId(odd, 'Conn')}`);
  expect([response.status, outcomeCode(response)]).toEqual([404, 'NOT_FOUND']);
  expect(odd.recorder.requests).toEqual([]);
});

test('the log names nobody', async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const logged = await createHospital({ log: pino({ level: 'trace' }, sink) });
  const liz = patientId(logged, 'Conn');
  await logged.get(`Patient/${liz}`);
  await logged.get(`Observation?patient=${liz}&code=8302-2`);
  await logged.get(`Observation?patient=${liz}&_has:x:y=${liz}`);
  await logged.get(`Patient/${liz}`, { purpose: 'BTG' }, { 'break-glass-reason': '404 / 505' });
  logged.recorder.denyAll();
  await logged.get(`Patient/${liz}/$everything`);
  const text = lines.join('');
  expect(text).toContain('EMERGENCY_INCOMPLETE');
  for (const secret of [liz, 'Conn', '999-34-1238', '8302-2', 'Gleason', 'eyJ', '404 / 505']) {
    expect(text).not.toContain(secret);
  }
});
