// SPDX-License-Identifier: Apache-2.0
import request from 'supertest';
import { outcomeCode } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test('padding, missing and additional parts, trailing bytes', async () => {
  const token = await target.sign();
  const [header = '', claims = '', signature = ''] = token.split('.');
  const variants = [
    `${header}=.${claims}.${signature}`,
    `${header}.${claims}.${signature}==`,
    `${token}.`,
    `${token}.AAAA`,
    `.${token}`,
    `${header}.${claims}`,
    `${header}..${signature}`,
    `${header}.${claims}.${signature}A`,
    `${header}.${claims}.${signature.slice(0, -1)}`,
    `${header}.${claims}.${Buffer.from(signature, 'base64url').toString('base64')}`,
  ];
  for (const variant of variants) {
    await target.expectRefused(variant);
  }
});

test('unused bits at the end of a part, which would give one token two spellings', async () => {
  const token = await target.sign();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1);
  const bytes = (text: string): Buffer => Buffer.from(text.split('.')[2] ?? '', 'base64url');
  expect(bytes(twin)).toEqual(bytes(token));
  await target.expectRefused(twin);
});

test('an encrypted token', async () => {
  await target.expectRefused(
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  );
});

test('a token above the size limit, though its signature is good', async () => {
  const big = await target.sign({ claims: { filler: 'x'.repeat(7000) } });
  expect(big.length).toBeGreaterThan(8192);
  await target.expectRefused(big);
});

test('a token anywhere but in the Authorization header', async () => {
  const { app, recorder } = target.hospital;
  const token = await target.sign();
  const inQuery = await request(app).get(`/fhir/Patient/x?access_token=${token}`);
  const inCookie = await request(app).get('/fhir/Patient/x').set('cookie', `access_token=${token}`);
  const otherScheme = await request(app).get('/fhir/Patient/x').set('authorization', `DPoP ${token}`);
  expect([inQuery, inCookie, otherScheme].map(outcomeCode)).toEqual([
    'UNAUTHENTICATED',
    'UNAUTHENTICATED',
    'INVALID_TOKEN',
  ]);
  expect(inQuery.headers['www-authenticate']).not.toContain('error=');
  expect(recorder.requests).toEqual([]);
});
