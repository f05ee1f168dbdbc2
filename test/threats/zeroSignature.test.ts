// SPDX-License-Identifier: Apache-2.0
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

test.each([
  ['r = s = 0', Buffer.alloc(64)],
  [
    'r = s = the group order',
    Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'.repeat(2), 'hex'),
  ],
  ['all ones', Buffer.alloc(64, 255)],
  ['one byte', Buffer.alloc(1)],
])('a signature of %s', async (_name, signature) => {
  const [header = '', claims = ''] = (await target.sign()).split('.');
  await target.expectRefused(`${header}.${claims}.${signature.toString('base64url')}`);
});
