// SPDX-License-Identifier: Apache-2.0
import { createTarget, type TokenTarget, withHeader } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test('control: the claims under the gateway’s own key are accepted', async () => {
  expect((await target.call(await target.sign())).status).toBe(200);
});

test.each(['none', 'None', 'nOnE', 'NONE', ''])('alg "%s", with and without a signature', async (alg) => {
  const token = withHeader(await target.sign(), { alg, typ: 'at+jwt', kid: 'gateway-1' });
  await target.expectRefused(token);
  await target.expectRefused(`${token.split('.').slice(0, 2).join('.')}.`);
});
