// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto';

/**
 * Signs a whole message (not a digest) and returns what the ledger verifies: an ASN.1 DER ECDSA signature
 * with low S.
 */
export type MessageSigner = (message: Uint8Array) => Promise<Uint8Array>;

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P256_HALF_ORDER = P256_ORDER >> 1n;
const SCALAR_BYTES = 32;

/**
 * Signs with a P-256 key held in memory, SHA-256, by the platform's own cryptography (about a tenth of the
 * time of a JavaScript implementation). A peer refuses the larger of the two equivalent S values (BIP 62
 * rule, enforced by Fabric's bccsp), so S is brought into the lower half.
 * @param privateKeyPem PKCS #8 or SEC 1. Throws `TypeError` for any other kind of key.
 */
export function createP256Signer(privateKeyPem: string): MessageSigner {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new TypeError('The signing key must be an elliptic curve key on P-256 (prime256v1)');
  }
  return (message) =>
    new Promise((resolve) => {
      resolve(toLowSDer(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })));
    });
}

/** @param raw `r ‖ s`, 32 bytes each (IEEE P1363). */
export function toLowSDer(raw: Uint8Array): Uint8Array {
  const r = raw.subarray(0, SCALAR_BYTES);
  const s = raw.subarray(SCALAR_BYTES);
  const value = BigInt(`0x${Buffer.from(s).toString('hex')}`);
  const low =
    value > P256_HALF_ORDER
      ? Buffer.from((P256_ORDER - value).toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex')
      : s;
  const body = Buffer.concat([derInteger(r), derInteger(low)]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** A positive INTEGER: no leading zero bytes, except one where the first bit would read as a sign. */
function derInteger(bytes: Uint8Array): Buffer {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) {
    first += 1;
  }
  const digits = bytes.subarray(first);
  const padded = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : Buffer.from(digits);
  return Buffer.concat([Buffer.of(0x02, padded.length), padded]);
}

/**
 * Refuses an identity that a peer would refuse later with a message that names no cause: a certificate
 * outside its validity or one that does not belong to the signer's key.
 * @throws Error that says which.
 */
export async function assertUsableIdentity(
  certificatePem: string,
  signer: MessageSigner,
  now: number,
): Promise<void> {
  const certificate = new X509Certificate(certificatePem);
  if (now < Date.parse(certificate.validFrom) || now >= Date.parse(certificate.validTo)) {
    throw new Error(
      `The signing certificate is valid from ${certificate.validFrom} to ${certificate.validTo}, which is not now; enrol again`,
    );
  }
  const probe = Buffer.from('chartwitness signing key check');
  const publicKey = createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
  if (!verify('sha256', probe, publicKey, await signer(probe))) {
    throw new Error('The signing key does not belong to the signing certificate');
  }
}
