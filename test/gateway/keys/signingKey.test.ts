// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { keepSigningKey, makeSigningKey } from '../../../gateway/src/keys/signingKey';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chartwitness-keys-'));
  path = join(directory, 'token-key.json');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test.each([
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
] as const)('a key for %s is made once, for its owner alone', async (algorithm, crv) => {
  const made = await keepSigningKey(path, algorithm, 'own');
  expect(made).toMatchObject({ kty: 'EC', crv, alg: algorithm, kid: 'own', use: 'sig' });
  expect(await keepSigningKey(path, algorithm, 'another')).toEqual(made);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('two that make it at once have the same', async () => {
  const [one, other] = await Promise.all([
    keepSigningKey(path, 'ES256', 'own'),
    keepSigningKey(path, 'ES256', 'own'),
  ]);
  expect(one).toEqual(other);
});

test('without a name its thumbprint is its name', async () => {
  const made = await makeSigningKey('ES256');
  expect(made.kid).toBe(await calculateJwkThumbprint(made));
});

test.each([
  ['nothing', () => ''],
  ['half of it', (whole: string) => whole.slice(0, 40)],
  ['a public key', (whole: string) => JSON.stringify({ ...(JSON.parse(whole) as object), d: undefined })],
  ['a key of another curve', (whole: string) => whole.replace('P-256', 'P-384')],
  ['a key for another algorithm', (whole: string) => whole.replace('ES256', 'ES384')],
  ['a list of keys', (whole: string) => `[${whole}]`],
])('%s is refused, stays as it is, and is not told', async (_what, changed) => {
  const { d } = await keepSigningKey(path, 'ES256', 'own');
  const content = changed(readFileSync(path, 'utf8'));
  writeFileSync(path, content);
  const refusal = await keepSigningKey(path, 'ES256', 'own').catch((error: unknown) => String(error));
  expect(refusal).toContain(`${path} is not a key file: `);
  expect(refusal).not.toContain(String(d).slice(0, 8));
  expect(readFileSync(path, 'utf8')).toBe(content);
});
