// SPDX-License-Identifier: Apache-2.0
import { openDatabase, type SqlDatabase } from '../../../../gateway/src/sqlite/openDatabase';
import { hashPassword, verifyPassword } from '../../../../gateway/src/trustee/accounts/passwordHash';
import { openPatientAccounts } from '../../../../gateway/src/trustee/accounts/patientAccounts';
import { openOidcStorage } from '../../../../gateway/src/trustee/signIn/oidcStorage';
import { migrateTrusteeDatabase } from '../../../../gateway/src/trustee/trusteeDatabase';

const COST = { N: 16, r: 1, p: 1 };
const PERSON = {
  username: 'Zoë',
  password: 'correct horse',
  name: 'Zoë Hoeger',
  identifier: { system: 'urn:x', value: '1' },
};

describe('passwords', () => {
  const salt = new Uint8Array(16).fill(3);
  it('are kept as scrypt hashes that carry their cost', async () => {
    const hash = await hashPassword('correct horse', salt, COST);
    expect(hash).toMatch(/^scrypt\$16\$1\$1\$/);
    expect(hash).not.toContain('horse');
    expect(await verifyPassword('correct horse', hash)).toBe(true);
    expect(await verifyPassword('correct horsf', hash)).toBe(false);
    expect(await verifyPassword('', hash)).toBe(false);
  });
  it('match however the keyboard composes accents', async () => {
    const hash = await hashPassword('caf\u00e9 noir', salt, COST);
    expect(await verifyPassword('cafe\u0301 noir', hash)).toBe(true);
    expect(await verifyPassword('cafe noir', hash)).toBe(false);
  });
  it('derive the published scrypt vector (RFC 7914 §12)', async () => {
    const hash = await hashPassword('password', Buffer.from('NaCl'), { N: 1024, r: 8, p: 16 });
    expect(Buffer.from(hash.split('$')[5] ?? '', 'base64url').toString('hex')).toBe(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162',
    );
  });
  it('are refused when the stored form is not one', async () => {
    await expect(verifyPassword('x', 'plain')).rejects.toThrow('documented form');
  });
});

describe('accounts', () => {
  let database: SqlDatabase;
  beforeEach(() => {
    database = openDatabase(':memory:');
    migrateTrusteeDatabase(database);
  });
  afterEach(() => {
    database.close();
  });

  it('keep their id when password and name change', async () => {
    const accounts = openPatientAccounts(database, COST);
    const before = await accounts.put(PERSON);
    const after = await accounts.put({ ...PERSON, password: 'battery staple', name: 'Zoë Kihn' });
    expect(after).toEqual({ ...before, login: after.login, name: 'Zoë Kihn' });
    expect(accounts.find(after.login)).toEqual(after);
    expect(await accounts.verify('ZOË', 'battery staple')).toEqual(after);
    expect(await accounts.verify('zoë', 'correct horse')).toBeUndefined();
    expect(await accounts.verify('zoe', 'battery staple')).toBeUndefined();
  });

  it('get another login with another password or person, and another id with another person', async () => {
    const accounts = openPatientAccounts(database, COST);
    const first = await accounts.put(PERSON);
    expect(await accounts.put({ ...PERSON, name: 'Zoë Kihn' })).toEqual({ ...first, name: 'Zoë Kihn' });
    const second = await accounts.put({ ...PERSON, password: 'battery staple' });
    expect([second.id, second.login === first.login]).toEqual([first.id, false]);
    const third = await accounts.put({
      ...PERSON,
      password: 'battery staple',
      identifier: { system: 'urn:x', value: '2' },
    });
    expect(third.id).not.toBe(first.id);
    expect([first.login, second.login]).not.toContain(third.login);
    expect([first, second].map(({ login }) => accounts.find(login))).toEqual([undefined, undefined]);
    expect(accounts.find(third.login)).toEqual(third);
  });

  it('keep nothing at the OpenID provider for a login that ended, and all of another’s', async () => {
    const accounts = openPatientAccounts(database, COST);
    const storage = openOidcStorage(database, () => 0);
    const zoe = await accounts.put(PERSON);
    const other = await accounts.put({
      ...PERSON,
      username: 'other',
      identifier: { system: 'urn:x', value: '2' },
    });
    const kept = (): Promise<unknown[]> =>
      Promise.all(['Session', 'Grant', 'RefreshToken'].map((model) => storage.adapter(model).find('z')));
    for (const model of ['Session', 'Grant', 'RefreshToken']) {
      await storage.adapter(model).upsert('z', { accountId: zoe.login }, 60);
      await storage.adapter(model).upsert('o', { accountId: other.login }, 60);
    }
    await accounts.put({ ...PERSON, name: 'Zoë Kihn' });
    expect(await kept()).not.toContain(undefined);
    await accounts.put({ ...PERSON, password: 'battery staple' });
    expect(await kept()).toEqual([undefined, undefined, undefined]);
    expect(await storage.adapter('RefreshToken').find('o')).toBeDefined();
    accounts.remove(other.id);
    expect(await storage.adapter('RefreshToken').find('o')).toBeUndefined();
  });

  it('are gone when removed', async () => {
    const accounts = openPatientAccounts(database, COST);
    const { id, login } = await accounts.put(PERSON);
    accounts.remove(id);
    expect(accounts.find(login)).toBeUndefined();
    expect(await accounts.verify(PERSON.username, PERSON.password)).toBeUndefined();
  });

  it.each([
    ['username', { username: ' ' }],
    ['username', { username: 'x'.repeat(65) }],
    ['password', { password: 'short' }],
    ['password', { password: 'x'.repeat(257) }],
    ['name', { name: '' }],
    ['identifier.system', { identifier: { system: '', value: '1' } }],
    ['identifier.value', { identifier: { system: 'urn:x', value: '' } }],
  ])('are refused with a %s out of bounds', async (field, change) => {
    const accounts = openPatientAccounts(database, COST);
    await expect(accounts.put({ ...PERSON, ...change })).rejects.toThrow(field);
    expect(await accounts.verify(PERSON.username, PERSON.password)).toBeUndefined();
  });
});
