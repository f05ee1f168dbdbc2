// SPDX-License-Identifier: Apache-2.0
import { decodeJwt, decodeProtectedHeader, jwtVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import Database from 'libsql';
import request from 'supertest';
import { replayStoreOn } from '../../../gateway/src/auth/replayStore';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import {
  assertion,
  createHospital,
  FHIR,
  type Hospital,
  ISSUER,
  makeKey,
  NORTH_ID,
  requestToken,
  TOKEN_URL,
} from '../hospital/hospitalFixture';

// Making RSA keys takes seconds on a busy machine.
jest.setTimeout(30_000);

let hospital: Hospital;
beforeEach(async () => {
  hospital = await createHospital();
});

interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

test('answers with an RFC 9068 token of 300 s that carries who asks and why', async () => {
  const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key) });
  expect(response.status).toBe(200);
  expect(response.headers['cache-control']).toBe('no-store');
  const body = response.body as TokenAnswer;
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'system/*.rs' });
  expect(body).not.toHaveProperty('refresh_token');
  expect(decodeProtectedHeader(body.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  const claims = decodeJwt(body.access_token);
  expect(claims).toMatchObject({
    iss: ISSUER,
    aud: FHIR,
    sub: 'north-ehr',
    client_id: 'north-ehr',
    scope: 'system/*.rs',
    extensions: {
      'hl7-b2b': {
        version: '1',
        organization_id: NORTH_ID,
        purpose_of_use: ['urn:oid:2.16.840.1.113883.5.8#TREAT'],
        subject_name: 'Dr. Mariam Gleason',
        subject_role: 'doctor',
      },
    },
  });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
  const jwks = await request(hospital.app).get('/oauth/jwks');
  await jwtVerify(body.access_token, createLocalJWKSet(jwks.body as JSONWebKeySet), {
    issuer: ISSUER,
    audience: FHIR,
  });
  expect(jwks.text).not.toContain('"d"');
});

test.each(['ES384', 'RS384', 'ES256'])('takes assertions signed with %s', async (alg) => {
  const key = await makeKey(alg);
  const client = hospital.registry.clients.get('north-ehr');
  if (client === undefined) {
    throw new Error('fixture');
  }
  hospital.registry.clients.set('north-ehr', {
    ...client,
    jwks: { keys: [hospital.key.publicJwk, key.publicJwk] },
  });
  expect((await requestToken(hospital.app, { assertion: await assertion(key) })).status).toBe(200);
});

test.each(['RS256', 'PS384', 'ES512'])('refuses assertions signed with %s', async (alg) => {
  const key = await makeKey(alg);
  const client = hospital.registry.clients.get('north-ehr');
  if (client === undefined) {
    throw new Error('fixture');
  }
  hospital.registry.clients.set('north-ehr', { ...client, jwks: { keys: [key.publicJwk] } });
  const response = await requestToken(hospital.app, { assertion: await assertion(key) });
  expect([response.status, (response.body as { error: string }).error]).toEqual([401, 'invalid_client']);
});

test.each([TOKEN_URL, ISSUER])('takes the audience %s', async (aud) => {
  const signed = await assertion(hospital.key, {}, { claims: { aud } });
  expect((await requestToken(hospital.app, { assertion: signed })).status).toBe(200);
});

test.each([
  ['http://terminology.hl7.org/CodeSystem/v3-ActReason#TREAT'],
  ['http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT'],
  ['urn:oid:2.16.840.1.113883.5.8|TREAT'],
  ['TREAT'],
])('normalises the purpose %s', async (purpose) => {
  const token = await hospital.token({ b2b: { purpose_of_use: [purpose] } });
  expect(decodeJwt(token)).toMatchObject({
    extensions: { 'hl7-b2b': { purpose_of_use: ['urn:oid:2.16.840.1.113883.5.8#TREAT'] } },
  });
});

test.each([
  'system/Observation.rs',
  'system/Observation.r',
  'system/*.s',
  'system/Patient.read',
  'system/Patient.r system/Condition.s',
  'system/Medication.r',
  'system/Practitioner.r system/PractitionerRole.rs',
  'system/Organization.read system/Location.r system/HealthcareService.s system/Substance.r',
])('grants the narrower scope %s', async (scope) => {
  const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key), scope });
  expect([response.status, (response.body as TokenAnswer).scope]).toEqual([200, scope]);
});

test('never grants more than the client is registered for', async () => {
  const client = hospital.registry.clients.get('north-ehr');
  if (client === undefined) {
    throw new Error('fixture');
  }
  hospital.registry.clients.set('north-ehr', { ...client, scope: 'system/Observation.s' });
  for (const scope of [
    'system/*.rs',
    'system/Observation.rs',
    'system/Condition.s',
    'system/Observation.read',
  ]) {
    const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key), scope });
    expect([response.status, (response.body as { error: string }).error]).toEqual([400, 'invalid_scope']);
  }
  const allowed = await requestToken(hospital.app, {
    assertion: await assertion(hospital.key),
    scope: 'system/Observation.s',
  });
  expect(allowed.status).toBe(200);
});

test.each(['system/*.cruds', 'system/*.write', 'system/*.*', 'patient/*.rs', 'openid', ''])(
  'refuses the scope "%s"',
  async (scope) => {
    const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key), scope });
    expect([response.status, (response.body as { error: string }).error]).toEqual([400, 'invalid_scope']);
  },
);

test.each<[string, Record<string, unknown>]>([
  ['no extension object', { version: undefined, organization_id: undefined, purpose_of_use: undefined }],
  ['an organisation that does not run the client', { organization_id: 'https://south-clinic.example.org' }],
  ['two purposes', { purpose_of_use: ['TREAT', 'HPAYMT'] }],
  ['no purpose', { purpose_of_use: [] }],
  ['a purpose that is no list', { purpose_of_use: 'TREAT' }],
  ['a purpose of another system', { purpose_of_use: ['urn:oid:1.2.3#TREAT'] }],
  ['a person without a name', { subject_name: undefined }],
  ['a name of 301 characters', { subject_name: 'x'.repeat(301) }],
  ['a name with a line break', { subject_name: 'A\nB' }],
])('refuses hl7-b2b with %s, and says what is wrong', async (_name, b2b) => {
  const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key, { b2b }) });
  const body = response.body as { error: string; error_description: string };
  expect([response.status, body.error]).toEqual([400, 'invalid_request']);
  expect(body.error_description).toMatch(/hl7-b2b|purpose_of_use/);
});

test('refuses another grant, another resource, and another kind of assertion with 400', async () => {
  const grant = await requestToken(hospital.app, {
    assertion: await assertion(hospital.key),
    more: { grant_type: 'authorization_code' },
  });
  const resource = await requestToken(hospital.app, {
    assertion: await assertion(hospital.key),
    more: { resource: 'https://other.example.org' },
  });
  const type = await requestToken(hospital.app, {
    assertion: await assertion(hospital.key),
    more: { client_assertion_type: 'urn:other' },
  });
  expect([grant, resource, type].map(({ status }) => status)).toEqual([400, 400, 400]);
  expect((resource.body as { error: string }).error).toBe('invalid_target');
});

test('refuses a client that is unknown or suspended, or whose organisation is', async () => {
  const client = hospital.registry.clients.get('north-ehr');
  const organisation = hospital.registry.organisations.get('NorthHospitalMSP');
  if (client === undefined || organisation === undefined) {
    throw new Error('fixture');
  }
  const expectRefused = async (): Promise<void> => {
    const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key) });
    expect([response.status, (response.body as { error: string }).error]).toEqual([401, 'invalid_client']);
  };
  hospital.registry.clients.set('north-ehr', { ...client, status: 'suspended' });
  await expectRefused();
  hospital.registry.clients.delete('north-ehr');
  await expectRefused();
  hospital.registry.clients.set('north-ehr', client);
  hospital.registry.organisations.set('NorthHospitalMSP', { ...organisation, status: 'suspended' });
  await expectRefused();
  hospital.registry.organisations.set('NorthHospitalMSP', organisation);
  expect((await requestToken(hospital.app, { assertion: await assertion(hospital.key) })).status).toBe(200);
});

test('a key that the client no longer has is refused at once, a new one is taken', async () => {
  const next = await makeKey('ES384', 'north-2');
  const client = hospital.registry.clients.get('north-ehr');
  if (client === undefined) {
    throw new Error('fixture');
  }
  await hospital.token();
  hospital.registry.clients.set('north-ehr', { ...client, jwks: { keys: [next.publicJwk] } });
  expect((await requestToken(hospital.app, { assertion: await assertion(hospital.key) })).status).toBe(401);
  expect((await requestToken(hospital.app, { assertion: await assertion(next) })).status).toBe(200);
});

test('answers 503 while the registry cannot be read: that is no judgement of the client', async () => {
  hospital.registry.failure = new LedgerError('unavailable', 'no peer');
  const response = await requestToken(hospital.app, { assertion: await assertion(hospital.key) });
  expect([response.status, (response.body as { error: string }).error]).toEqual([
    503,
    'temporarily_unavailable',
  ]);
  expect(response.headers['retry-after']).toBe('5');
  expect(response.text).not.toContain('access_token');
});

test('gives no token while it cannot remember that the assertion was used, and takes the same one later', async () => {
  const database = new Database(':memory:');
  hospital = await createHospital({ replays: replayStoreOn(database, Date.now) });
  const used = await assertion(hospital.key);
  database.pragma('query_only = ON');
  const refused = await requestToken(hospital.app, { assertion: used });
  expect([refused.status, (refused.body as { error: string }).error]).toEqual([
    503,
    'temporarily_unavailable',
  ]);
  expect(refused.headers['retry-after']).toBe('5');
  expect(refused.text).not.toContain('access_token');
  database.pragma('query_only = OFF');
  expect((await requestToken(hospital.app, { assertion: used })).status).toBe(200);
  expect((await requestToken(hospital.app, { assertion: used })).status).toBe(401);
});

test('serves nothing else of the authorization server', async () => {
  for (const path of [
    '/oauth/auth',
    '/oauth/me',
    '/oauth/.well-known/openid-configuration',
    '/oauth/session/end',
    '/oauth',
  ]) {
    const response = await request(hospital.app).get(path);
    expect([path, response.status]).toEqual([path, 404]);
    expect(response.headers['content-type']).toContain('application/problem+json');
  }
  const wrongMethod = await request(hospital.app).get('/oauth/token');
  expect([wrongMethod.status, wrongMethod.headers['allow']]).toEqual([405, 'POST']);
});

test('discovery names what a SMART Backend Services client needs', async () => {
  const smart = await request(hospital.app).get('/fhir/.well-known/smart-configuration');
  expect(smart.headers['content-type']).toContain('application/json');
  expect(smart.body).toMatchObject({
    token_endpoint: TOKEN_URL,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES384', 'RS384', 'ES256'],
    code_challenge_methods_supported: ['S256'],
    capabilities: expect.arrayContaining(['client-confidential-asymmetric', 'permission-v2']) as unknown,
  });
  for (const path of [
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/oauth',
  ]) {
    expect((await request(hospital.app).get(path)).body).toMatchObject({
      issuer: ISSUER,
      token_endpoint: TOKEN_URL,
      jwks_uri: `${ISSUER}/jwks`,
    });
  }
  const resource = await request(hospital.app).get('/.well-known/oauth-protected-resource/fhir');
  expect(resource.body).toMatchObject({ resource: FHIR, authorization_servers: [ISSUER] });
});
