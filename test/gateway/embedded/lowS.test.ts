// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign } from 'node:crypto';
import { signLowS, verifyLowS } from '../../../gateway/src/embedded/identity/lowS';

const data = Buffer.from('what is signed');
const halfOrder = BigInt('0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8');

function sOf(der: Buffer): bigint {
  return BigInt(`0x${der.subarray(6 + der.readUInt8(3)).toString('hex')}`);
}

describe.each(['P-256', 'P-384'])('signatures with %s', (namedCurve) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });

  test('what is signed verifies, always', () => {
    for (let i = 0; i < 50; i += 1) {
      expect(verifyLowS(publicKey, data, signLowS(privateKey, data))).toBe(true);
    }
  });

  test('other data, a changed signature and another key do not', () => {
    const signature = signLowS(privateKey, data);
    const other = generateKeyPairSync('ec', { namedCurve }).publicKey;
    expect(verifyLowS(publicKey, Buffer.from('else'), signature)).toBe(false);
    expect(verifyLowS(other, data, signature)).toBe(false);
    expect(verifyLowS(publicKey, data, signature.subarray(1))).toBe(false);
    expect(verifyLowS(publicKey, data, new Uint8Array())).toBe(false);
    expect(verifyLowS(publicKey, data, Buffer.concat([signature, Buffer.from([0])]))).toBe(false);
  });
});

test('a high s is never produced and never accepted', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (let i = 0; i < 50; i += 1) {
    expect(sOf(signLowS(privateKey, data)) <= halfOrder).toBe(true);
    const plain = sign('sha256', data, privateKey);
    expect(verifyLowS(publicKey, data, plain)).toBe(sOf(plain) <= halfOrder);
  }
});

test('curves that Fabric does not take are refused', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  expect(verifyLowS(publicKey, data, sign('sha256', data, privateKey))).toBe(false);
});
