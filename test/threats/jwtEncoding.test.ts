// SPDX-License-Identifier: Apache-2.0
import { sign } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import request from 'supertest';
import {
  accessToken,
  createHospital,
  type Hospital,
  outcomeCode,
  patientId,
  validClaims,
} from '../gateway/hospital/hospitalFixture';

let hospital: Hospital;
let path: string;

beforeEach(async () => {
  hospital = await createHospital();
  path = `/fhir/Patient/${patientId(hospital, 'Conn')}`;
});

/** Signs any text as claims with the gateway's true key, as a broken or subverted issuer might. */
function signText(header: string, claims: string): string {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`;
  const key = createPrivateKey({
    key: hospital.signingKey as import('node:crypto').JsonWebKey,
    format: 'jwk',
  });
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"gateway-1"}';
const claims = (): string => JSON.stringify(validClaims(Math.floor(Date.now() / 1000)));

async function expectRefused(token: string): Promise<void> {
  const response = await request(hospital.app).get(path).set('authorization', `Bearer ${token}`);
  expect([response.status, outcomeCode(response)]).toEqual([401, 'INVALID_TOKEN']);
  expect(response.text).not.toContain('Conn');
  expect(hospital.recorder.requests).toEqual([]);
}

test('control: signed text is accepted as such', async () => {
  const response = await request(hospital.app)
    .get(path)
    .set('authorization', `Bearer ${signText(HEADER, claims())}`);
  expect(response.status).toBe(200);
});

test('a claim that is repeated, also when spelled with an escape or nested', async () => {
  await expectRefused(signText(HEADER, claims().replace('{', '{"client_id":"other",')));
  await expectRefused(signText(HEADER, claims().replace('{', '{"client\\u005fid":"other",')));
  await expectRefused(signText(HEADER, claims().replace('"version":"1"', '"version":"2","version":"1"')));
});

test('a header member that is repeated', async () => {
  await expectRefused(signText(HEADER.replace('{', '{"alg":"none",'), claims()));
});

test('claims that are no JSON object, or not UTF-8', async () => {
  for (const text of ['[]', 'null', '"x"', `${claims()} x`, '']) {
    await expectRefused(signText(HEADER, text));
  }
});

test('padding, foreign alphabets, white space and trailing bytes', async () => {
  const token = await accessToken(hospital.signingKey, 'ES256');
  const [header = '', payload = '', signature = ''] = token.split('.');
  const variants = [
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}.${signature}==`,
    `${token}.`,
    `${token}.AAAA`,
    `.${token}`,
    `${header}.${payload}`,
    `${header}..${signature}`,
    `${header}.${payload}.${signature}A`,
    `${header}.${payload}.${signature.slice(0, -1)}`,
  ];
  for (const variant of variants) {
    await expectRefused(variant);
  }
});

test('unused bits at the end of a part', async () => {
  const token = await accessToken(hospital.signingKey, 'ES256');
  // A 64-byte signature ends in a character with four unused bits; another one decodes to the same bytes.
  const last = token.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = alphabet.charAt(alphabet.indexOf(last) + 1);
  expect(Buffer.from(`AAA${last}`.slice(-2), 'base64url')).toEqual(Buffer.from(`A${twin}`, 'base64url'));
  await expectRefused(token.slice(0, -1) + twin);
});

test('an encrypted token, and one of five parts', async () => {
  await expectRefused(
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  );
});

test('a token above the size limit, though its signature is good', async () => {
  const big = await accessToken(hospital.signingKey, 'ES256', { claims: { filler: 'x'.repeat(7000) } });
  expect(big.length).toBeGreaterThan(8192);
  await expectRefused(big);
});

test('a token anywhere but in the Authorization header', async () => {
  const token = await accessToken(hospital.signingKey, 'ES256');
  const inQuery = await request(hospital.app).get(`${path}?access_token=${token}`);
  const inCookie = await request(hospital.app).get(path).set('cookie', `access_token=${token}`);
  const otherScheme = await request(hospital.app).get(path).set('authorization', `DPoP ${token}`);
  expect([inQuery, inCookie, otherScheme].map(outcomeCode)).toEqual([
    'UNAUTHENTICATED',
    'UNAUTHENTICATED',
    'INVALID_TOKEN',
  ]);
  expect(inQuery.headers['www-authenticate']).not.toContain('error=');
  expect(hospital.recorder.requests).toEqual([]);
});
