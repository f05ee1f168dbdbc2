// SPDX-License-Identifier: Apache-2.0
import { openDatabase, type SqlDatabase } from '../../../../gateway/src/sqlite/openDatabase';
import { openOidcStorage, type OidcStorage } from '../../../../gateway/src/trustee/signIn/oidcStorage';
import { migrateTrusteeDatabase } from '../../../../gateway/src/trustee/trusteeDatabase';

describe('the OpenID provider’s storage', () => {
  let database: SqlDatabase;
  let storage: OidcStorage;
  let now = 0;
  beforeEach(() => {
    now = 1_000_000;
    database = openDatabase(':memory:');
    migrateTrusteeDatabase(database);
    storage = openOidcStorage(database, () => now);
  });
  afterEach(() => {
    database.close();
  });

  it('lets only one of two requests use a code', async () => {
    const codes = storage.adapter('AuthorizationCode');
    await codes.upsert('c', { grantId: 'g' }, 60);
    await codes.consume('c');
    await expect(codes.consume('c')).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await codes.find('c')).toEqual({ grantId: 'g', consumed: 1000 });
    await expect(codes.consume('unknown')).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('keeps kinds apart, and forgets what has expired', async () => {
    await storage.adapter('Session').upsert('a', { uid: 'u', accountId: 'p' }, 60);
    expect(await storage.adapter('Interaction').find('a')).toBeUndefined();
    expect(await storage.adapter('Interaction').findByUid('u')).toBeUndefined();
    expect(await storage.adapter('Session').findByUid('u')).toEqual({ uid: 'u', accountId: 'p' });
    now += 60_000;
    expect(await storage.adapter('Session').find('a')).toBeUndefined();
    expect(await storage.adapter('Session').findByUid('u')).toBeUndefined();
    for (let write = 0; write < 200; write += 1) {
      await storage.adapter('Interaction').upsert(`i${String(write)}`, {}, 60);
    }
    expect(database.prepare("SELECT count(*) AS n FROM oidc WHERE model = 'Session'").get()).toMatchObject({
      n: 0,
    });
  });

  it('revokes everything of a grant', async () => {
    await storage.adapter('RefreshToken').upsert('r', { grantId: 'g' }, 60);
    await storage.adapter('AuthorizationCode').upsert('c', { grantId: 'g' }, 60);
    await storage.adapter('RefreshToken').upsert('other', { grantId: 'h' }, 60);
    await storage.adapter('RefreshToken').revokeByGrantId('g');
    expect(await storage.adapter('RefreshToken').find('r')).toBeUndefined();
    expect(await storage.adapter('AuthorizationCode').find('c')).toBeUndefined();
    expect(await storage.adapter('RefreshToken').find('other')).toBeDefined();
  });

  it('ends a patient’s sessions, not another’s and not an app’s lasting access', async () => {
    await storage.adapter('Session').upsert('a', { uid: 'u1', accountId: 'p' }, 60);
    await storage.adapter('Session').upsert('b', { uid: 'u2', accountId: 'q' }, 60);
    await storage.adapter('RefreshToken').upsert('r', { accountId: 'p' }, 60);
    storage.endSessions('p');
    expect(await storage.adapter('Session').find('a')).toBeUndefined();
    expect(await storage.adapter('Session').find('b')).toBeDefined();
    expect(await storage.adapter('RefreshToken').find('r')).toBeDefined();
  });
});
