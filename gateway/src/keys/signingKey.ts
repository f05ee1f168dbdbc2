// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';
import { makeKeyFile, readKeyFile } from './keyFile';

export type SigningAlgorithm = 'ES256' | 'ES384';

const CURVES = { ES256: 'P-256', ES384: 'P-384' } as const;

/** The form of a private signing key as a JWK (RFC 7517); what else it holds is kept. */
export function signingKeyForm(algorithm: SigningAlgorithm) {
  return z.looseObject({
    kty: z.literal('EC'),
    crv: z.literal(CURVES[algorithm]),
    kid: z.string(),
    alg: z.literal(algorithm),
    d: z.string(),
  });
}

/** A new private signing key. @param kid default: its thumbprint (RFC 7638). */
export async function makeSigningKey(algorithm: SigningAlgorithm, kid?: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: kid ?? (await calculateJwkThumbprint(jwk)), use: 'sig', alg: algorithm };
}

/**
 * What a key file holds as JSON.
 * @throws RangeError when it is none, or not of this form; never with its content.
 */
export function parseKeyJson<T>(content: Buffer, form: z.ZodType<T>): T {
  const parsed = form.safeParse(jsonOf(content));
  if (!parsed.success) {
    throw new RangeError(z.prettifyError(parsed.error));
  }
  return parsed.data;
}

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    // The parser's own words quote what it read.
    throw new RangeError('it does not hold JSON');
  }
}

/**
 * The private signing key in `path`, as a JWK; made at first use.
 * @throws Error as `readKeyFile`.
 */
export async function keepSigningKey(path: string, algorithm: SigningAlgorithm, kid: string): Promise<JWK> {
  if (!existsSync(path)) {
    makeKeyFile(path, JSON.stringify(await makeSigningKey(algorithm, kid)));
  }
  return readKeyFile(path, (content) => parseKeyJson(content, signingKeyForm(algorithm)));
}
