// SPDX-License-Identifier: Apache-2.0
import type { AppError } from '../../../gateway/src/errors';
import { createTokenVerifier, type TokenVerifier } from '../../../gateway/src/auth/tokenVerifier';
import { accessToken, type ClientKey, FHIR, ISSUER, makeKey } from '../hospital/hospitalFixture';

const START = 1_790_000_000;
let key: ClientKey;
let now: number;
let verifier: TokenVerifier;

beforeAll(async () => {
  key = await makeKey('ES256', 'gateway-1');
});
beforeEach(() => {
  now = START;
  verifier = createTokenVerifier({
    issuer: ISSUER,
    audience: FHIR,
    keys: { jwks: { keys: [key.publicJwk] } },
    clock: () => now * 1000,
  });
});

const sign = (claims: Record<string, unknown> = {}): Promise<string> =>
  accessToken(key.privateJwk, 'ES256', { claims }, START);

test('says what the token says', async () => {
  expect(await verifier.verify(await sign({ jti: 'one' }))).toMatchObject({
    issuer: ISSUER,
    subject: 'north-ehr',
    clientId: 'north-ehr',
    scope: 'system/*.rs',
    tokenId: 'one',
    issuedAt: START,
    expiresAt: START + 300,
  });
});

test('a token that was accepted before is refused once it has expired', async () => {
  const token = await sign({ exp: START + 30 });
  for (const at of [0, 10, 29]) {
    now = START + at;
    expect((await verifier.verify(token)).tokenId).toBeTruthy();
  }
  now = START + 36;
  await expect(verifier.verify(token)).rejects.toMatchObject({
    code: 'INVALID_TOKEN',
  } satisfies Partial<AppError>);
});

test('a token that only resembles an accepted one is verified for itself', async () => {
  const token = await sign();
  await verifier.verify(token);
  const [header = '', claims = '', signature = ''] = token.split('.');
  const widened = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...widened, client_id: 'other' })).toString('base64url');
  await expect(verifier.verify(`${header}.${forged}.${signature}`)).rejects.toMatchObject({
    code: 'INVALID_TOKEN',
  });
});

test('a refused token is not remembered as accepted', async () => {
  const early = await sign({ nbf: START + 60 });
  await expect(verifier.verify(early)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  await expect(verifier.verify(early)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  now = START + 60;
  expect((await verifier.verify(early)).clientId).toBe('north-ehr');
});
