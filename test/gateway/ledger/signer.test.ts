// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, verify } from 'node:crypto';
import { createP256Signer, toLowSDer } from '../../../gateway/src/ledger/signer';

const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n >> 1n;

function pemOf(curve: string): {
  pem: string;
  publicKey: ReturnType<typeof generateKeyPairSync>['publicKey'];
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey };
}

/** The S of an ASN.1 DER ECDSA signature. */
function sOf(der: Uint8Array): bigint {
  const rLength = der[3] ?? 0;
  return BigInt(`0x${Buffer.from(der.subarray(6 + rLength)).toString('hex')}`);
}

test('every signature verifies and has a low S', async () => {
  const { pem, publicKey } = pemOf('prime256v1');
  const sign = createP256Signer(pem);
  for (let round = 0; round < 100; round += 1) {
    const message = Buffer.from(`message ${String(round)}`);
    const signature = await sign(message);
    expect(verify('sha256', message, publicKey, signature)).toBe(true);
    expect(verify('sha256', Buffer.from('another'), publicKey, signature)).toBe(false);
    expect(sOf(signature) <= HALF_ORDER).toBe(true);
  }
});

test('small integers keep DER minimal and positive', () => {
  const raw = Buffer.alloc(64);
  raw[31] = 0x80;
  raw[63] = 0x01;
  expect(Buffer.from(toLowSDer(raw)).toString('hex')).toBe('300702020080020101');
});

test.each(['secp384r1', 'secp256k1'])('a key on %s is refused', (curve) => {
  expect(() => createP256Signer(pemOf(curve).pem)).toThrow(/P-256/);
});
