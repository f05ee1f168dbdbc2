// SPDX-License-Identifier: Apache-2.0
import { createTarget, type TokenTarget, withHeader } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each([
  ['a path', '../../../../dev/null'],
  ['SQL', "' OR 1=1 --"],
  ['unknown', 'nobody'],
  ['empty', ''],
  ['very long', 'k'.repeat(300)],
])('kid is %s', async (_name, kid) => {
  await target.expectRefused(await target.sign({ header: { kid } }));
});

test.each([[7], [null], [['gateway-1']], [{ toString: 'gateway-1' }]])('kid is %j', async (kid) => {
  await target.expectRefused(withHeader(await target.sign(), { alg: 'ES256', typ: 'at+jwt', kid }));
});
