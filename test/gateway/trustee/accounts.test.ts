// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type SqlDatabase } from '../../../gateway/src/readmodel/openDatabase';
import { hashPassword, verifyPassword } from '../../../gateway/src/trustee/passwordHash';
import { migrateTrusteeDatabase, openPatientAccounts } from '../../../gateway/src/trustee/patientAccounts';
import { openSignInThrottle } from '../../../gateway/src/trustee/signInThrottle';
import { openTrusteeKeys, publicJwks } from '../../../gateway/src/trustee/trusteeKeys';

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
    expect(after).toEqual({ ...before, name: 'Zoë Kihn' });
    expect(accounts.find(before.id)).toEqual(after);
    expect(await accounts.verify('ZOË', 'battery staple')).toEqual(after);
    expect(await accounts.verify('zoë', 'correct horse')).toBeUndefined();
    expect(await accounts.verify('zoe', 'battery staple')).toBeUndefined();
  });

  it('are gone when removed', async () => {
    const accounts = openPatientAccounts(database, COST);
    const { id } = await accounts.put(PERSON);
    accounts.remove(id);
    expect(accounts.find(id)).toBeUndefined();
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

  describe('throttle', () => {
    const rules = { account: { free: 3, capMs: 4000 }, address: { free: 5, capMs: 60_000 } };
    let now = 0;
    const open = (): ReturnType<typeof openSignInThrottle> =>
      openSignInThrottle(database, new Uint8Array(32), () => now, rules);
    beforeEach(() => {
      now = 1_000_000;
    });

    it('lets a name’s waits double up to the cap, across restarts', () => {
      expect([1, 2, 3].map(() => open().begin('zoë', 'a'))).toEqual([0, 0, 0]);
      expect(open().begin('Zoë ', 'b')).toBe(1000);
      now += 1000;
      expect(open().begin('zoë', 'b')).toBe(0);
      expect(open().begin('zoë', 'b')).toBe(2000);
      now += 2000;
      expect(open().begin('zoë', 'b')).toBe(0);
      now += 4000;
      expect(open().begin('zoë', 'b')).toBe(0);
      expect(open().begin('zoë', 'b')).toBe(4000);
      expect(open().begin('other', 'c')).toBe(0);
    });

    it('counts an address over all names, and takes back only what succeeded', () => {
      const throttle = open();
      for (const name of ['a', 'b', 'c', 'd']) {
        expect(throttle.begin(name, 'x')).toBe(0);
      }
      throttle.succeeded('d', 'x');
      expect(throttle.begin('e', 'x')).toBe(0);
      expect(throttle.begin('f', 'x')).toBe(0);
      expect(throttle.begin('g', 'x')).toBe(1000);
      expect(throttle.begin('g', 'y')).toBe(0);
    });

    it('forgives a name at its right password, and forgets after a day', () => {
      const throttle = open();
      [1, 2, 3].forEach(() => throttle.begin('zoë', 'a'));
      now += 1000;
      throttle.begin('zoë', 'a');
      throttle.succeeded('zoë', 'a');
      expect(throttle.begin('zoë', 'a')).toBe(0);
      now += 86_400_001;
      throttle.begin('someone', 'z');
      expect(database.prepare('SELECT count(*) AS n FROM sign_in_attempt').get()).toMatchObject({ n: 2 });
    });

    it('keeps no names or addresses', () => {
      open().begin('zoë', '203.0.113.9');
      const rows = JSON.stringify(database.prepare('SELECT key FROM sign_in_attempt').all());
      expect(rows).not.toContain('zoë');
      expect(rows).not.toContain('203.0.113.9');
    });
  });
});

describe('the key file', () => {
  let directory = '';
  const path = (): string => join(directory, 'secrets', 'keys.json');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chartwitness-keys-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is made once, for its owner only', async () => {
    const first = await openTrusteeKeys(path());
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(await openTrusteeKeys(path())).toEqual(first);
    expect(first.sessionKey).toHaveLength(32);
    expect(JSON.stringify(publicJwks(first))).not.toContain(String(first.signingKeys[0]?.['d']));
  });

  it('is one file when two processes start at once', async () => {
    const [one, other] = await Promise.all([openTrusteeKeys(path()), openTrusteeKeys(path())]);
    expect(one).toEqual(other);
  });

  it('is refused when others can read it', async () => {
    await openTrusteeKeys(path());
    chmodSync(path(), 0o640);
    await expect(openTrusteeKeys(path())).rejects.toThrow('chmod 600');
  });

  it('is refused when it is not one, without being replaced', async () => {
    await openTrusteeKeys(path());
    writeFileSync(path(), '{"signingKeys":[]}');
    await expect(openTrusteeKeys(path())).rejects.toThrow('is not a key file');
    expect(readFileSync(path(), 'utf8')).toBe('{"signingKeys":[]}');
  });
});
