// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';

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
  signingKeys: z
    .array(
      z.looseObject({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        kid: z.string(),
        alg: z.literal('ES256'),
        d: z.string(),
      }),
    )
    .min(1),
  cookieKeys: z.array(z.string().min(43)).min(1),
  sessionKey: key,
  portalClientSecret: z.string().min(43),
  throttleKey: key,
});

/**
 * Reads the key file, or makes it at the first start with mode 600. To rotate, put a new key first in `signingKeys` or `cookieKeys` and
 * restart; remove the old one when the last token or cookie under it has ended.
 * @throws Error when the file can be read by others than its owner, or does not have its form.
 */
export async function openTrusteeKeys(path: string): Promise<TrusteeKeys> {
  if (!existsSync(path)) {
    await createFile(path);
  }
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new Error(`${path} can be read by other users: run chmod 600 on it, and replace the keys in it`);
  }
  const parsed = file.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    throw new Error(`${path} is not a key file: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

async function createFile(path: string): Promise<void> {
  const secret = (): string => randomBytes(KEY_BYTES).toString('base64url');
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const content = {
    signingKeys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: 'ES256' }],
    cookieKeys: [secret()],
    sessionKey: secret(),
    portalClientSecret: secret(),
    throttleKey: secret(),
  };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(next, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // A link fails where a rename would replace: of two first starts at once, one file wins and both use it.
    linkSync(next, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  } finally {
    unlinkSync(next);
  }
}

/** The public halves of the signing keys. */
export function publicJwks(keys: TrusteeKeys): { keys: JWK[] } {
  return {
    keys: keys.signingKeys.map(
      ({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use }) as JWK,
    ),
  };
}
