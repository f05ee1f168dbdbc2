// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { validClaims } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

/** Signs any text as claims with the gateway's true key, as a broken or subverted issuer might. */
function signText(header: string, claims: string): string {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`;
  const key = createPrivateKey({ key: target.hospital.signingKey as JsonWebKey, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"gateway-1"}';
const claims = (): string => JSON.stringify(validClaims(Math.floor(Date.now() / 1000)));

test('control: signed text is accepted as such', async () => {
  expect((await target.call(signText(HEADER, claims()))).status).toBe(200);
});

test('a claim that is repeated, also when spelled with an escape or nested', async () => {
  await target.expectRefused(signText(HEADER, claims().replace('{', '{"client_id":"other",')));
  await target.expectRefused(signText(HEADER, claims().replace('{', '{"client\\u005fid":"other",')));
  await target.expectRefused(
    signText(HEADER, claims().replace('"version":"1"', '"version":"2","version":"1"')),
  );
});

test('a header member that is repeated', async () => {
  await target.expectRefused(signText(HEADER.replace('{', '{"alg":"none",'), claims()));
});

test('claims that are no JSON object', async () => {
  for (const text of ['[]', 'null', '"x"', `${claims()} x`, '']) {
    await target.expectRefused(signText(HEADER, text));
  }
});
