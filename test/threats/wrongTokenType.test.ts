// SPDX-License-Identifier: Apache-2.0
import { assertion } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each(['JWT', 'jwt', 'dpop+jwt', 'client-authentication+jwt', 'AT+JWT', 'application/at+jwt', ''])(
  'typ "%s" is no access token',
  async (typ) => {
    await target.expectRefused(await target.sign({ header: { typ } }));
  },
);

test('no typ', async () => {
  await target.expectRefused(await target.sign({ header: { typ: undefined } }));
});

test('a client assertion offered as access token', async () => {
  await target.expectRefused(await assertion(target.hospital.key));
});
