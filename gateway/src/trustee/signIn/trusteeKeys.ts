// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { JWK } from 'jose';
import { z } from 'zod';
import { makeKeyFile, readKeyFile } from '../../keys/keyFile';
import { makeSigningKey, parseKeyJson, signingKeyForm } from '../../keys/signingKey';

/** The trustee's own secrets. */
export interface TrusteeKeys {
  /** Private ES256 keys of the OpenID provider; the first one signs, the others are still published. */
  readonly signingKeys: readonly JWK[];
  /** Signs the OpenID provider's cookies; the first one signs, all verify. */
  readonly cookieKeys: readonly string[];
  /** 256 bits, encrypts the portal's session cookie. */
  readonly sessionKey: Uint8Array;
  /** Of the portal as OAuth client of the embedded provider. */
  readonly portalClientSecret: string;
  /** Hides names and addresses in the sign-in throttle. */
  readonly throttleKey: Uint8Array;
}

const KEY_BYTES = 32;
const key = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .transform((text) => Buffer.from(text, 'base64url'));
const file = z.strictObject({
  signingKeys: z.array(signingKeyForm('ES256')).min(1),
  cookieKeys: z.array(z.string().min(43)).min(1),
  sessionKey: key,
  portalClientSecret: z.string().min(43),
  throttleKey: key,
});

/**
 * Reads the key file, or makes it at the first start with mode 600. To rotate, put a new key first in
 * `signingKeys` or `cookieKeys` and restart; remove the old one when the last token or cookie under it has
 * ended.
 * @throws Error when the file can be read by others than its owner, or does not have its form.
 */
export async function openTrusteeKeys(path: string): Promise<TrusteeKeys> {
  if (!existsSync(path)) {
    makeKeyFile(path, `${JSON.stringify(await newKeys(), null, 2)}\n`);
  }
  return readKeyFile(path, (content) => parseKeyJson(content, file));
}

async function newKeys(): Promise<Record<keyof TrusteeKeys, unknown>> {
  const secret = (): string => randomBytes(KEY_BYTES).toString('base64url');
  return {
    signingKeys: [await makeSigningKey('ES256')],
    cookieKeys: [secret()],
    sessionKey: secret(),
    portalClientSecret: secret(),
    throttleKey: secret(),
  };
}

/** The public halves of the signing keys. */
export function publicJwks(keys: TrusteeKeys): { keys: JWK[] } {
  return {
    keys: keys.signingKeys.map(
      ({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use }) as JWK,
    ),
  };
}
