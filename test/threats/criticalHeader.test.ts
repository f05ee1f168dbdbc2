// SPDX-License-Identifier: Apache-2.0
import { createTarget, type TokenTarget, withHeader } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each([
  [{ crit: ['exp'], exp: 1 }],
  [{ crit: [] }],
  [{ crit: ['b64'], b64: false }],
  [{ b64: false }],
  [{ zip: 'DEF' }],
  [{ enc: 'A128GCM' }],
])('header members %j', async (members) => {
  await target.expectRefused(
    withHeader(await target.sign(), { alg: 'ES256', typ: 'at+jwt', kid: 'gateway-1', ...members }),
  );
});
