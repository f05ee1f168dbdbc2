// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { exportSPKI, importJWK, type JWK, SignJWT } from 'jose';
import request from 'supertest';
import {
  accessToken,
  createHospital,
  type Hospital,
  makeKey,
  outcomeCode,
  patientId,
  validClaims,
} from '../gateway/hospital/hospitalFixture';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = (): number => Math.floor(Date.now() / 1000);

let hospital: Hospital;
let path: string;

beforeEach(async () => {
  hospital = await createHospital();
  path = `/fhir/Patient/${patientId(hospital, 'Conn')}`;
});

/** The token is refused with the one code, and neither data nor a record of an access came of it. */
async function expectRefused(token: string): Promise<void> {
  const response = await request(hospital.app).get(path).set('authorization', `Bearer ${token}`);
  expect([response.status, outcomeCode(response)]).toEqual([401, 'INVALID_TOKEN']);
  expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
  expect(response.text).not.toContain('Conn');
  expect(hospital.recorder.requests).toEqual([]);
}

function forge(header: object, claims: object = validClaims(now()), signature = ''): string {
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

test('control: the same claims under the gateway’s own key are accepted', async () => {
  const token = await accessToken(hospital.signingKey, 'ES256');
  const response = await request(hospital.app).get(path).set('authorization', `Bearer ${token}`);
  expect(response.status).toBe(200);
});

test.each(['none', 'None', 'nOnE', 'NONE', ''])('alg "%s" with and without signature', async (alg) => {
  await expectRefused(forge({ alg, typ: 'at+jwt' }, undefined, 'AAAA'));
  const response = await request(hospital.app)
    .get(path)
    .set('authorization', `Bearer ${forge({ alg, typ: 'at+jwt' })}`);
  expect([response.status, outcomeCode(response)]).toEqual([401, 'INVALID_TOKEN']);
  expect(hospital.recorder.requests).toEqual([]);
});

test('HS256 with the public key as the secret', async () => {
  const { d: _private, ...publicJwk } = hospital.signingKey;
  const spki = await exportSPKI(
    (await importJWK({ ...publicJwk, key_ops: ['verify'] }, 'ES256', { extractable: true })) as CryptoKey,
  );
  for (const secret of [Buffer.from(spki), Buffer.from(JSON.stringify(publicJwk))]) {
    const token = await new SignJWT(validClaims(now()))
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'gateway-1' })
      .sign(createHash('sha256').update(secret).digest());
    await expectRefused(token);
  }
});

test('another key under the right kid', async () => {
  const stranger = await makeKey('ES256', 'gateway-1');
  await expectRefused(await accessToken(stranger.privateJwk, 'ES256'));
});

test('a key of another type, and an algorithm that does not fit the key', async () => {
  const rsa = await makeKey('RS256', 'gateway-1');
  await expectRefused(await accessToken(rsa.privateJwk, 'RS256'));
  const signed = await accessToken(hospital.signingKey, 'ES256');
  const [, claims, signature] = signed.split('.');
  await expectRefused(
    `${encode({ alg: 'RS256', typ: 'at+jwt', kid: 'gateway-1' })}.${claims ?? ''}.${signature ?? ''}`,
  );
});

test('the all-zero signature', async () => {
  await expectRefused(
    forge(
      { alg: 'ES256', typ: 'at+jwt', kid: 'gateway-1' },
      undefined,
      Buffer.alloc(64).toString('base64url'),
    ),
  );
});

test.each([
  ['jwk', (key: JWK) => ({ ...key, d: undefined })],
  ['jku', () => 'http://127.0.0.1:9/jwks'],
  ['x5u', () => 'http://127.0.0.1:9/cert'],
  ['x5c', () => ['MIIB']],
])('a key of the attacker’s own in header member %s', async (member, value) => {
  const attacker = await makeKey('ES256', 'attacker');
  await expectRefused(
    await accessToken(attacker.privateJwk, 'ES256', { header: { [member]: value(attacker.publicJwk) } }),
  );
  // Refused even where the signature is good: the member itself is the attack.
  await expectRefused(
    await accessToken(hospital.signingKey, 'ES256', { header: { [member]: value(attacker.publicJwk) } }),
  );
});

test.each([
  ['a path', '../../../../dev/null'],
  ['SQL', "' OR 1=1 --"],
  ['unknown', 'nobody'],
  ['very long', 'k'.repeat(300)],
])('kid is %s', async (_name, kid) => {
  await expectRefused(await accessToken(hospital.signingKey, 'ES256', { header: { kid } }));
});

test('kid is not a string', async () => {
  const good = await accessToken(hospital.signingKey, 'ES256');
  const [, claims, signature] = good.split('.');
  await expectRefused(
    `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 7 })}.${claims ?? ''}.${signature ?? ''}`,
  );
});

test('crit and b64', async () => {
  const [, claims, signature] = (await accessToken(hospital.signingKey, 'ES256')).split('.');
  for (const members of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: false }, { b64: false }]) {
    await expectRefused(
      `${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'gateway-1', ...members })}.${claims ?? ''}.${signature ?? ''}`,
    );
  }
});
