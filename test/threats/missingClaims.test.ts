// SPDX-License-Identifier: Apache-2.0
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each(['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti', 'extensions'])('no %s', async (name) => {
  await target.expectRefused(await target.sign({ claims: { [name]: undefined } }));
});

test.each<[string, Record<string, unknown>]>([
  ['sub that is no text', { sub: 7 }],
  ['a client_id that is no text', { client_id: ['north-ehr'] }],
  ['an unknown client_id', { client_id: 'nobody' }],
  ['an empty jti', { jti: '' }],
  ['a very long jti', { jti: 'j'.repeat(300) }],
])('%s', async (_name, claims) => {
  await target.expectRefused(await target.sign({ claims }));
});
