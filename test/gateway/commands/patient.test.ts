// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientCommand } from '../../../gateway/src/commands/patient';
import { openDatabase } from '../../../gateway/src/sqlite/openDatabase';
import { openPatientAccounts } from '../../../gateway/src/trustee/accounts/patientAccounts';
import { migrateTrusteeDatabase } from '../../../gateway/src/trustee/trusteeDatabase';
import { runCommand } from './testIo';

const dataDir = mkdtempSync(join(tmpdir(), 'patient-command-'));
const database = openDatabase(join(dataDir, 'accounts.db'));
migrateTrusteeDatabase(database);
/** As the trustee has it open while the command runs. */
const accounts = openPatientAccounts(database);
afterAll(() => {
  database.close();
  rmSync(dataDir, { recursive: true });
});

const environment = {
  DATA_DIR: dataDir,
  SUBJECT_IDENTIFIER_SYSTEMS: 'text urn:national urn:oid:1.2.3; nhs-number urn:nhs',
};
const put = (password: string, ...more: string[]): Promise<string> =>
  runCommand(
    patientCommand,
    environment,
    [
      ...['put', '--username', 'maria', '--name', 'Maria Example'],
      ...['--identifier-system', 'urn:national', '--identifier-value', '123', ...more],
    ],
    password,
  );
const remove = (username: string): Promise<string> =>
  runCommand(patientCommand, { DATA_DIR: dataDir }, ['remove', '--username', username]);

it('an account is made, replaced and removed while the trustee runs', async () => {
  expect(await put('correct horse')).toBe('The account maria is made.');
  const made = await accounts.verify('Maria', 'correct horse');
  expect(made).toMatchObject({ name: 'Maria Example', identifier: { system: 'urn:national', value: '123' } });
  expect(await put('correct horse', '--name', 'Maria Other')).toContain('its sessions go on');
  expect(accounts.find(made?.login ?? '')?.name).toBe('Maria Other');
  expect(await put('battery staple', '--name', 'Maria Other')).toContain('have ended');
  expect(accounts.find(made?.login ?? '')).toBeUndefined();
  expect(await accounts.verify('maria', 'correct horse')).toBeUndefined();
  expect(await accounts.verify('maria', 'battery staple')).toMatchObject({
    id: made?.id,
    name: 'Maria Other',
  });
  expect(await remove('MARIA')).toBe('The account MARIA is removed.');
  expect(await accounts.verify('maria', 'battery staple')).toBeUndefined();
  expect(await remove('maria')).toContain('nothing to change');
});

it('an account is of the number in the network’s spelling, under its system', async () => {
  await put('correct horse', '--identifier-system', 'URN:OID:1.2.3', '--identifier-value', ' 1\u00a02 ');
  expect(accounts.findByUsername('maria')?.identifier).toEqual({ system: 'urn:national', value: '1 2' });
  const said = await put(
    'correct horse',
    ...['--identifier-system', 'urn:nhs', '--identifier-value', '943-476-5919'],
  );
  expect(said).not.toContain('check digit');
  expect(accounts.findByUsername('maria')?.identifier).toEqual({ system: 'urn:nhs', value: '9434765919' });
  await remove('maria');
});

it('a number with a wrong check digit makes an account, and the operator is told without it', async () => {
  const said = await put(
    'correct horse',
    ...['--identifier-system', 'urn:nhs', '--identifier-value', '943 476 5918'],
  );
  expect(said).toMatch(/check digit[^]*The account maria is made/);
  expect(said.replaceAll(' ', '')).not.toContain('9434765918');
  expect(accounts.findByUsername('maria')?.identifier.value).toBe('9434765918');
  await remove('maria');
});

it.each([
  [['--identifier-system', 'urn:other'], /urn:other is none of the network's[^]*text urn:national/],
  [['--identifier-value', ' \u200b'], /neither letter nor number/],
])('%j makes no account', async (flags, message) => {
  await expect(put('correct horse', ...flags)).rejects.toThrow(message);
  expect(accounts.findByUsername('maria')).toBeUndefined();
});

it('a password out of bounds makes no account', async () => {
  await expect(put('short')).rejects.toThrow('password must have 12–256 characters');
  expect(accounts.findByUsername('maria')).toBeUndefined();
});

it('a password that guessers try makes no account', async () => {
  await expect(put('Baseball2024!')).rejects.toThrow('many people use');
  expect(accounts.findByUsername('maria')).toBeUndefined();
});

it('a password is no argument', async () => {
  await expect(put('correct horse', '--password', 'correct horse')).rejects.toThrow(
    "unknown option '--password'",
  );
  expect(accounts.findByUsername('maria')).toBeUndefined();
});

it.each([
  ['is not set', {}, 'DATA_DIR: is not set'],
  ['does not exist', { DATA_DIR: join(dataDir, 'none') }, 'does not exist'],
])('DATA_DIR %s', async (_what, environment, problem) => {
  await expect(runCommand(patientCommand, environment, ['remove', '--username', 'maria'])).rejects.toThrow(
    problem,
  );
});
