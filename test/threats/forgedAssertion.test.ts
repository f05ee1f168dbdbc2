// SPDX-License-Identifier: Apache-2.0
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import {
  accessToken,
  assertion,
  type AssertionChanges,
  createHospital,
  FHIR,
  type Hospital,
  ISSUER,
  makeKey,
  requestToken,
  TOKEN_URL,
} from '../gateway/hospital/hospitalFixture';

let hospital: Hospital;
beforeEach(async () => {
  hospital = await createHospital();
});

function expectRefused(response: Response): void {
  expect([400, 401]).toContain(response.status);
  expect((response.body as { error: string }).error).toMatch(/^invalid_(client|request)$/);
  expect(response.text).not.toContain('access_token');
}

async function ask(changes: AssertionChanges): Promise<Response> {
  return requestToken(hospital.app, { assertion: await assertion(hospital.key, {}, changes) });
}

const now = (): number => Math.floor(Date.now() / 1000);

test.each<[string, () => AssertionChanges]>([
  ['another audience', () => ({ claims: { aud: 'https://evil.example.org/token' } })],
  ['a list of audiences', () => ({ claims: { aud: [TOKEN_URL, 'https://evil.example.org'] } })],
  ['a list of this audience alone', () => ({ claims: { aud: [TOKEN_URL] } })],
  ['the audience with a slash', () => ({ claims: { aud: `${ISSUER}/` } })],
  ['the FHIR base as audience', () => ({ claims: { aud: FHIR } })],
  ['no audience', () => ({ claims: { aud: undefined } })],
  ['iss that is not sub', () => ({ claims: { iss: 'other' } })],
  ['no iss', () => ({ claims: { iss: undefined } })],
  ['no sub', () => ({ claims: { sub: undefined } })],
  ['no jti', () => ({ claims: { jti: undefined } })],
  ['a very long jti', () => ({ claims: { jti: 'j'.repeat(257) } })],
  ['no exp', () => ({ claims: { exp: undefined } })],
  ['exp in the past', () => ({ claims: { iat: now() - 100, exp: now() - 6 } })],
  ['exp more than five minutes ahead', () => ({ claims: { iat: undefined, exp: now() + 310 } })],
  ['a lifetime of more than five minutes', () => ({ claims: { iat: now() - 200, exp: now() + 200 } })],
  ['exp as text', () => ({ claims: { exp: String(now() + 60) } })],
  ['exp beyond every number', () => ({ claims: { exp: Number.MAX_VALUE } })],
  ['iat as text', () => ({ claims: { iat: String(now()) } })],
  ['a fraction of a second past the skew', () => ({ claims: { iat: now() - 100.5, exp: now() - 5.5 } })],
  ['iat in the future', () => ({ claims: { iat: now() + 60, exp: now() + 120 } })],
  ['nbf in the future', () => ({ claims: { nbf: now() + 60 } })],
  ['typ at+jwt', () => ({ header: { typ: 'at+jwt' } })],
  ['typ dpop+jwt', () => ({ header: { typ: 'dpop+jwt' } })],
  ['an unknown kid', () => ({ header: { kid: 'nobody' } })],
  ['a kid that is a path', () => ({ header: { kid: '../../key' } })],
  ['jku', () => ({ header: { jku: 'http://127.0.0.1:9/jwks' } })],
  ['x5u', () => ({ header: { x5u: 'http://127.0.0.1:9/cert' } })],
  ['its own jwk', () => ({ header: { jwk: hospital.key.publicJwk } })],
])('an assertion with %s gets no token', async (_name, changes) => {
  expectRefused(await ask(changes()));
});

test.each<[string, () => AssertionChanges]>([
  ['nothing but the required claims', () => ({ claims: { iat: undefined } })],
  ['times with fractions (RFC 7519 §2)', () => ({ claims: { iat: now() - 0.75, exp: now() + 60.25 } })],
  [
    'exp five minutes ahead of a clock that is 4 s ahead',
    () => ({ claims: { iat: now(), exp: now() + 304 } }),
  ],
  ['exp five minutes ahead and no iat', () => ({ claims: { iat: undefined, exp: now() + 300 } })],
])('twin: an assertion with %s gets one', async (_name, changes) => {
  expect((await ask(changes())).status).toBe(200);
});

test('an assertion with fractional times is good for one token as well', async () => {
  const signed = await assertion(hospital.key, {}, { claims: { exp: now() + 60.123 } });
  expect((await requestToken(hospital.app, { assertion: signed })).status).toBe(200);
  expectRefused(await requestToken(hospital.app, { assertion: signed }));
});

test('an assertion signed by another key under the right kid', async () => {
  const stranger = await makeKey('ES384', 'north-1');
  expectRefused(await requestToken(hospital.app, { assertion: await assertion(stranger) }));
});

test('a kid that two registered keys share', async () => {
  const twin = await makeKey('ES384', 'north-1');
  const client = hospital.registry.clients.get('north-ehr');
  if (client === undefined) {
    throw new Error('fixture');
  }
  hospital.registry.clients.set('north-ehr', {
    ...client,
    jwks: { keys: [hospital.key.publicJwk, twin.publicJwk] },
  });
  expectRefused(await ask({}));
});

test('an access token offered as assertion', async () => {
  expectRefused(
    await requestToken(hospital.app, { assertion: await accessToken(hospital.signingKey, 'ES256') }),
  );
});

test('one client with the assertion of another', async () => {
  const signed = await assertion(hospital.key);
  expectRefused(await requestToken(hospital.app, { assertion: signed, more: { client_id: 'south-ehr' } }));
});

test('an audience that the Host header was made to fit', async () => {
  const signed = await assertion(
    hospital.key,
    {},
    { claims: { aud: 'http://evil.example.org/oauth/token' } },
  );
  const response = await withHost(hospital.app, 'evil.example.org', signed);
  expectRefused(response);
});

function withHost(app: Express, host: string, signed: string): request.Test {
  return request(app).post('/oauth/token').set('host', host).set('x-forwarded-host', host).type('form').send({
    grant_type: 'client_credentials',
    scope: 'system/*.rs',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: signed,
  });
}

test('a secret instead of an assertion, and no authentication at all', async () => {
  const base = { grant_type: 'client_credentials', scope: 'system/*.rs' };
  const post = (): request.Test => request(hospital.app).post('/oauth/token').type('form');
  expectRefused(await post().send(base));
  expectRefused(await post().send({ ...base, client_id: 'north-ehr' }));
  expectRefused(await post().send({ ...base, client_id: 'north-ehr', client_secret: 'x' }));
  expectRefused(await post().auth('north-ehr', 'x').send(base));
});

test('two assertions in one request', async () => {
  const [one, two] = [await assertion(hospital.key), await assertion(hospital.key)];
  const response = await request(hospital.app)
    .post('/oauth/token')
    .type('form')
    .send(
      `grant_type=client_credentials&scope=system/*.rs&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=${one}&client_assertion=${two}`,
    );
  expectRefused(response);
});
