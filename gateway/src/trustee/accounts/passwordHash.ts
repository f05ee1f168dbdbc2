// SPDX-License-Identifier: Apache-2.0
import { scrypt, timingSafeEqual } from 'node:crypto';

/** Work factors of scrypt (RFC 7914): memory is 128 · N · r bytes. */
export interface HashCost {
  /** A power of two. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and some 80 ms of one core a password. */
export const DEFAULT_HASH_COST: HashCost = { N: 32_768, r: 8, p: 1 };

export const SALT_BYTES = 16;
const HASH_BYTES = 32;
const FORM = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/;

/**
 * `scrypt$N$r$p$salt$hash`: carries its own cost, so that the cost can rise without breaking older hashes.
 */
export async function hashPassword(password: string, salt: Uint8Array, cost: HashCost): Promise<string> {
  const hash = await derive(password, salt, cost);
  return `scrypt$${String(cost.N)}$${String(cost.r)}$${String(cost.p)}$${Buffer.from(salt).toString('base64url')}$${hash.toString('base64url')}`;
}

/**
 * Whether `password` made `stored`. Compares in constant time.
 * @throws Error when `stored` does not have the form of {@link hashPassword}.
 */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt, hash] = FORM.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) {
    throw new Error('a stored password hash does not have its documented form');
  }
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(salt, 'base64url'), cost);
  const expected = Buffer.from(hash, 'base64url');
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}

function derive(password: string, salt: Uint8Array, cost: HashCost): Promise<Buffer> {
  // One spelling for the accented characters that keyboards compose differently (RFC 8265 §4.2).
  const normalised = password.normalize('NFC');
  const maxmem = 256 * cost.N * cost.r;
  return new Promise((resolve, reject) => {
    scrypt(normalised, salt, HASH_BYTES, { ...cost, maxmem }, (error, key) => {
      if (error === null) {
        resolve(key);
      } else {
        reject(error);
      }
    });
  });
}
