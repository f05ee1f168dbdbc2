// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  openOrganisationFiles,
  type OrganisationFiles,
} from '../../../gateway/src/embedded/identity/organisationFiles';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-organisation-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = (): Promise<OrganisationFiles> =>
  openOrganisationFiles(folder, 'AMSP', 'peer', [{ name: 'gateway' }], NOW);
const file = (name: string): string => path.join(folder, name);

test('are made once and kept', async () => {
  const made = await open();
  expect(await open()).toEqual(made);
});

test('keys can be read by their owner alone, and belong to their certificates', async () => {
  const { authority, node, users } = await open();
  for (const each of [authority, node, ...users.values()]) {
    expect(statSync(each.privateKeyPath).mode & 0o777).toBe(0o600);
  }
  expect(
    new X509Certificate(node.certificatePem).verify(new X509Certificate(authority.certificatePem).publicKey),
  ).toBe(true);
});

test('a key that others can read is refused', async () => {
  await open();
  chmodSync(file('ca/key.pem'), 0o644);
  await expect(open()).rejects.toThrow(`${file('ca/key.pem')} can be read by other users`);
});

test.each([
  [
    'cut short',
    (key: string): void => {
      writeFileSync(key, '-----BEGIN PRIVATE KEY-----\n', { mode: 0o600 });
    },
  ],
  [
    'of another certificate',
    (key: string): void => {
      copyFileSync(file('ca/key.pem'), key);
    },
  ],
])('a key %s is refused, and not replaced', async (_, spoil) => {
  await open();
  const key = file('peer/key.pem');
  spoil(key);
  const refusal = expect.stringMatching(
    /peer\/key\.pem is not a key file: it does not hold the private key/,
  ) as string;
  await expect(open()).rejects.toMatchObject({ message: refusal });
  await expect(open()).rejects.toMatchObject({ message: refusal });
});

test('a key that is missing beside its certificate ends the start: what it signed would no longer be ours', async () => {
  await open();
  rmSync(file('ca/key.pem'));
  await expect(open()).rejects.toThrow('ca/key.pem');
  expect(existsSync(file('ca/key.pem'))).toBe(false);
});

test('twin: a key without its certificate is left of a crash, and both are made', async () => {
  const { authority } = await open();
  rmSync(file('peer/cert.pem'));
  const again = await open();
  expect(again.authority).toEqual(authority);
  expect(
    new X509Certificate(again.node.certificatePem).verify(
      new X509Certificate(authority.certificatePem).publicKey,
    ),
  ).toBe(true);
});
