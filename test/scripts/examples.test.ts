// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';

const EXAMPLES = path.resolve(__dirname, '../../scripts/examples');
const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [path.join(EXAMPLES, script), ...args], { encoding: 'utf8' });
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('a new client key', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-key-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('is a public set for the registry and a private key for its owner alone, of one pair', async () => {
    const name = path.join(folder, 'ward');
    expect(run('newClientKey.mjs', name)).toMatchObject({ status: 0 });
    const { keys } = read(`${name}.jwks.json`) as { keys: JWK[] };
    const secret = read(`${name}.jwk.json`) as JWK;
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: 'EC', crv: 'P-384', alg: 'ES384', use: 'sig', kid: secret.kid });
    expect(keys[0]).not.toHaveProperty('d');
    expect(secret.kid).toBe(await calculateJwkThumbprint(secret));
    expect(statSync(`${name}.jwk.json`).mode & 0o777).toBe(0o600);
  });

  test('never replaces a private key', () => {
    const name = path.join(folder, 'ward');
    run('newClientKey.mjs', name);
    const before = read(`${name}.jwk.json`);
    expect(run('newClientKey.mjs', name).status).not.toBe(0);
    expect(read(`${name}.jwk.json`)).toEqual(before);
  });
});

test.each([
  ['newClientKey.mjs', /one name/],
  ['readConditions.mjs', /--gateway, --client, --key, --organisation, --patient/],
])('%s without its arguments says which', (script, message) => {
  const { status, stderr } = run(script);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
