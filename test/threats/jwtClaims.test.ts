// SPDX-License-Identifier: Apache-2.0
import type { JWTPayload } from 'jose';
import request from 'supertest';
import {
  accessToken,
  assertion,
  type AssertionChanges,
  createHospital,
  FHIR,
  type Hospital,
  ISSUER,
  NORTH_ID,
  outcomeCode,
  patientId,
} from '../gateway/hospital/hospitalFixture';

const NOW = 1_790_000_000;
let hospital: Hospital;
let path: string;

beforeEach(async () => {
  hospital = await createHospital({ clock: () => NOW * 1000 });
  path = `/fhir/Patient/${patientId(hospital, 'Conn')}`;
});

function signed(changes: AssertionChanges): Promise<string> {
  return accessToken(hospital.signingKey, 'ES256', changes, NOW);
}

async function call(token: string): Promise<request.Response> {
  return request(hospital.app).get(path).set('authorization', `Bearer ${token}`);
}

async function expectRefused(token: string): Promise<void> {
  const response = await call(token);
  expect([response.status, outcomeCode(response)]).toEqual([401, 'INVALID_TOKEN']);
  expect(response.text).not.toContain('Conn');
  expect(hospital.recorder.requests).toEqual([]);
}

const withoutClaim = (name: string): JWTPayload => ({ [name]: undefined });

test.each(['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti', 'extensions'])(
  'claim %s is missing',
  async (name) => {
    await expectRefused(await signed({ claims: withoutClaim(name) }));
  },
);

test.each<[string, JWTPayload]>([
  ['other issuer', { iss: 'https://evil.example.org' }],
  ['issuer as a prefix', { iss: `${ISSUER}.evil.example.org` }],
  ['issuer with a slash', { iss: `${ISSUER}/` }],
  ['other audience', { aud: 'https://other.example.org/fhir' }],
  ['audience as a prefix', { aud: `${FHIR}/Patient` }],
  ['audience list with this one in it', { aud: [FHIR, 'https://other.example.org'] }],
  ['audience list of this one alone', { aud: [FHIR] }],
  ['sub that is no text', { sub: 7 as unknown as string }],
  ['very long jti', { jti: 'j'.repeat(300) }],
])('%s', async (_name, claims) => {
  await expectRefused(await signed({ claims }));
});

test.each<[string, unknown]>([
  ['text', String(NOW + 60)],
  ['a fraction', NOW + 0.5],
  ['negative', -1],
  ['huge', Number.MAX_VALUE],
  ['null', null],
  ['past', NOW - 6],
  ['before iat', NOW - 1],
  ['more than 300 s after iat', NOW + 301],
])('exp is %s', async (_name, exp) => {
  await expectRefused(await signed({ claims: { exp } as JWTPayload }));
});

test.each<[string, JWTPayload]>([
  ['iat in the future beyond the skew', { iat: NOW + 6, exp: NOW + 200 }],
  ['iat as text', { iat: String(NOW) as unknown as number }],
  ['iat too long ago', { iat: NOW - 306, exp: NOW - 6 }],
  ['nbf in the future beyond the skew', { nbf: NOW + 6 }],
])('%s', async (_name, claims) => {
  await expectRefused(await signed({ claims }));
});

test.each<[string, JWTPayload]>([
  ['iat just inside the skew', { iat: NOW + 5, exp: NOW + 200 }],
  ['nbf just inside the skew', { nbf: NOW + 5 }],
  ['exp just inside the skew', { iat: NOW - 290, exp: NOW - 4 }],
])('twin: %s is accepted', async (_name, claims) => {
  expect((await call(await signed({ claims }))).status).toBe(200);
});

test.each(['JWT', 'jwt', 'dpop+jwt', 'client-authentication+jwt', 'AT+JWT', 'application/at+jwt', ''])(
  'typ "%s" is no access token',
  async (typ) => {
    await expectRefused(await signed({ header: { typ } }));
  },
);

test('a client assertion offered as access token', async () => {
  await expectRefused(await assertion(hospital.key));
});

const b2b = (changes: Record<string, unknown>): AssertionChanges => ({
  claims: {
    extensions: {
      'hl7-b2b': {
        version: '1',
        organization_id: NORTH_ID,
        purpose_of_use: ['urn:oid:2.16.840.1.113883.5.8#TREAT'],
        ...changes,
      },
    },
  },
});

test.each<[string, Record<string, unknown>]>([
  ['another organisation', { organization_id: 'https://south-clinic.example.org' }],
  ['two purposes', { purpose_of_use: ['TREAT', 'BTG'] }],
  ['no purpose', { purpose_of_use: [] }],
  ['a purpose of another code system', { purpose_of_use: ['urn:oid:1.2.3#TREAT'] }],
  ['another version', { version: '2' }],
  ['a person without name', { subject_id: 'x' }],
  ['a person without id', { subject_name: 'x' }],
])('the business extension names %s', async (_name, changes) => {
  await expectRefused(await signed(b2b(changes)));
});

test('twin: a system without a person is accepted', async () => {
  expect((await call(await signed(b2b({})))).status).toBe(200);
  expect(hospital.recorder.requests[0]?.requester.person).toBeNull();
});
