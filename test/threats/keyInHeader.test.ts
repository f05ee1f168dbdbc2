// SPDX-License-Identifier: Apache-2.0
import { accessToken, makeKey } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each([
  ['jwk', (publicJwk: object): unknown => publicJwk],
  ['jku', () => 'http://127.0.0.1:9/jwks'],
  ['x5u', () => 'http://127.0.0.1:9/cert'],
  ['x5c', () => ['MIIB']],
])('a key of the sender’s own in %s, whoever signed', async (member, value) => {
  const attacker = await makeKey('ES256', 'gateway-1');
  const header = { [member]: value(attacker.publicJwk) };
  await target.expectRefused(await accessToken(attacker.privateJwk, 'ES256', { header }));
  await target.expectRefused(await target.sign({ header }));
});
