// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errors, type JWK } from 'jose';
import { createTokenVerifier } from '../../gateway/src/auth/tokenVerifier';
import { AppError } from '../../gateway/src/errors';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: unknown;
  readonly result: 'valid' | 'invalid';
}
interface Group {
  readonly comment: string;
  readonly private?: JWK;
  readonly public?: JWK;
  readonly tests: readonly Vector[];
}

const file = join(__dirname, '..', 'vectors', 'wycheproof', 'json_web_signature_test.json');
const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as { testGroups: readonly Group[] };
const vectors = testGroups.flatMap((group) =>
  group.tests.map((vector) => ({
    ...vector,
    group: group.comment,
    key: group.public ?? group.private ?? { kty: 'oct' },
  })),
);

/** Algorithms that a verifier may be configured with, and the key types they need. */
const SERVED = new Set(['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'PS384']);

/**
 * No vector is an access token, so all are refused. What differs is why: a good signature gets as far as the
 * claims, which are no JSON object (JWTInvalid); anything else must stop before.
 */
async function whyRefused(jws: unknown, key: JWK): Promise<unknown> {
  const verifier = createTokenVerifier({
    issuer: 'https://issuer.example.org',
    audience: 'https://gateway.example.org/fhir',
    keys: { jwks: { keys: [key] } },
    clock: () => 0,
    algorithms: ['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'PS384'],
  });
  try {
    await verifier.verify(typeof jws === 'string' ? jws : JSON.stringify(jws));
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('INVALID_TOKEN');
    return (error as AppError).cause;
  }
}

const algOf = (jws: unknown): string => {
  const header = typeof jws === 'string' ? (jws.split('.')[0] ?? '') : '';
  try {
    return String((JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg?: unknown }).alg);
  } catch {
    return '';
  }
};

test('all 401 vectors are here', () => {
  expect(vectors).toHaveLength(401);
});

const invalid = vectors.filter(({ result }) => result === 'invalid');
test.each(invalid)('$tcId $group $comment: the signature is refused', async ({ jws, key }) => {
  const cause = await whyRefused(jws, key);
  expect(cause).toBeInstanceOf(Error);
  expect(cause).not.toBeInstanceOf(errors.JWTInvalid);
});

/**
 * A good signature that may also stand in a token: served algorithm, the one that the key is for, and claims
 * of some kind.
 */
const isServed = ({ jws, key }: (typeof vectors)[number]): boolean =>
  SERVED.has(algOf(jws)) && (key.alg ?? algOf(jws)) === algOf(jws) && !String(jws).includes('..');

const good = vectors.filter(({ result }) => result === 'valid');
test.each(good.filter(isServed))(
  '$tcId $group $comment: twin, the signature is good',
  async ({ jws, key }) => {
    expect(await whyRefused(jws, key)).toBeInstanceOf(errors.JWTInvalid);
  },
);

test.each(good.filter((vector) => !isServed(vector)))(
  '$tcId $group $comment: a good signature that is not served',
  async ({ jws, key }) => {
    expect(await whyRefused(jws, key)).not.toBeInstanceOf(errors.JWTInvalid);
  },
);
