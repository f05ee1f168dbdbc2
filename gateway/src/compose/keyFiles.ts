// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

const OWNER_ONLY = 0o600;

/** The bytes in `path`; made at first use, readable by the owner only. */
export function keepSecret(path: string, bytes: number): Uint8Array {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, randomBytes(bytes), { mode: OWNER_ONLY, flag: 'wx' });
  }
  return readFileSync(path);
}

/** The private signing key in `path` as a JWK; made at first use, readable by the owner only. */
export async function keepSigningKey(path: string, algorithm: 'ES256' | 'ES384', kid: string): Promise<JWK> {
  if (!existsSync(path)) {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk: JWK = { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: 'sig' };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(jwk), { mode: OWNER_ONLY, flag: 'wx' });
  }
  return JSON.parse(readFileSync(path, 'utf8')) as JWK;
}
