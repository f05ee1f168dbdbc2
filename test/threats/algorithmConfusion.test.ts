// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { accessToken, makeKey, validClaims } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget, withHeader } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test('HS256 with the public key as the secret, as PEM, DER and JWK', async () => {
  const { kty, crv, x, y } = target.hospital.signingKey;
  const publicKey = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: 'jwk' });
  const secrets = [
    Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })),
    publicKey.export({ type: 'spki', format: 'der' }),
    Buffer.from(JSON.stringify({ kty, crv, x, y })),
  ];
  for (const secret of secrets) {
    const token = await new SignJWT(validClaims(Math.floor(Date.now() / 1000)))
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'gateway-1' })
      .sign(secret);
    await target.expectRefused(token);
  }
});

test('an algorithm that does not fit the key', async () => {
  for (const alg of ['RS256', 'ES384', 'EdDSA']) {
    await target.expectRefused(withHeader(await target.sign(), { alg, typ: 'at+jwt', kid: 'gateway-1' }));
  }
});

test('another key, of the same or another type, under the right kid', async () => {
  for (const alg of ['ES256', 'RS256']) {
    const stranger = await makeKey(alg, 'gateway-1');
    await target.expectRefused(await accessToken(stranger.privateJwk, alg));
  }
});
