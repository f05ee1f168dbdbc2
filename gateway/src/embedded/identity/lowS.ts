// SPDX-License-Identifier: Apache-2.0
import { sign, verify, type KeyObject } from 'node:crypto';

const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const P384_ORDER = BigInt(
  '0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
);
const ORDERS: Record<string, bigint> = { prime256v1: P256_ORDER, secp384r1: P384_ORDER };

function orderOf(key: KeyObject): bigint | undefined {
  return ORDERS[key.asymmetricKeyDetails?.namedCurve ?? ''];
}

interface EcdsaParts {
  r: Buffer;
  s: bigint;
}

/** Reads SEQUENCE { INTEGER r, INTEGER s } with short lengths, which holds for P-256 and P-384. */
function parts(der: Uint8Array): EcdsaParts | undefined {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const rLength = bytes[3];
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2 || bytes[2] !== 0x02 || rLength === undefined) {
    return undefined;
  }
  const sAt = 4 + rLength;
  const sLength = bytes[sAt + 1];
  if (bytes[sAt] !== 0x02 || sLength === undefined || sAt + 2 + sLength !== bytes.length) {
    return undefined;
  }
  const s = bytes.subarray(sAt + 2).toString('hex');
  return s === '' ? undefined : { r: bytes.subarray(4, sAt), s: BigInt(`0x${s}`) };
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const padded = parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even;
  return Buffer.from(padded, 'hex');
}

/** ECDSA over SHA-256, DER, with the lower of the two possible s values: Fabric refuses the other one. */
export function signLowS(privateKey: KeyObject, data: Uint8Array): Buffer {
  const signature = sign('sha256', data, privateKey);
  const order = orderOf(privateKey);
  const split = parts(signature);
  if (order === undefined || split === undefined || split.s <= order >> 1n) {
    return signature;
  }
  const s = integer(order - split.s);
  const body = Buffer.concat([
    Buffer.from([0x02, split.r.length]),
    split.r,
    Buffer.from([0x02, s.length]),
    s,
  ]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** False for a wrong signature, a malformed one, one with a high s and a curve that Fabric does not take. */
export function verifyLowS(publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const order = orderOf(publicKey);
  const split = parts(signature);
  if (order === undefined || split === undefined || split.s > order >> 1n) {
    return false;
  }
  return verify('sha256', data, publicKey, signature);
}
