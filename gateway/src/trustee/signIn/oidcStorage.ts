// SPDX-License-Identifier: Apache-2.0
import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import { fromStore } from '../../auth/temporarilyUnavailable';
import type { SqlDatabase } from '../../sqlite/openDatabase';

/** Expired rows are removed once in so many writes. */
const SWEEP_EVERY = 200;

export interface OidcStorage {
  readonly adapter: AdapterFactory;
  /**
   * Ends the account's sessions at the provider, so that no app is signed in without a password after the
   * patient has signed out.
   */
  endSessions(accountId: string): void;
}

/** Storage of oidc-provider in the trustee's database; one row an object, survives restarts. */
export function openOidcStorage(database: SqlDatabase, clock: () => number): OidcStorage {
  const statements = {
    upsert: database.prepare(
      `INSERT INTO oidc (model, id, payload, grant_id, uid, account, expires) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
         account = excluded.account, expires = excluded.expires`,
    ),
    find: database.prepare(
      'SELECT payload FROM oidc WHERE model = ? AND id = ? AND (expires IS NULL OR expires > ?)',
    ),
    findByUid: database.prepare(
      'SELECT payload FROM oidc WHERE uid = ? AND model = ? AND (expires IS NULL OR expires > ?)',
    ),
    consume: database.prepare(
      `UPDATE oidc SET payload = json_set(payload, '$.consumed', ?)
       WHERE model = ? AND id = ? AND json_extract(payload, '$.consumed') IS NULL`,
    ),
    destroy: database.prepare('DELETE FROM oidc WHERE model = ? AND id = ?'),
    revokeGrant: database.prepare('DELETE FROM oidc WHERE grant_id = ?'),
    endSessions: database.prepare("DELETE FROM oidc WHERE account = ? AND model = 'Session'"),
    sweep: database.prepare('DELETE FROM oidc WHERE expires <= ?'),
  };
  let writes = 0;

  const payloadOf = (row: unknown): AdapterPayload | undefined =>
    row === undefined ? undefined : (JSON.parse((row as { payload: string }).payload) as AdapterPayload);

  const adapter = (model: string): Adapter => ({
    upsert: (id, payload, expiresIn) =>
      fromStore(() => {
        const expires = expiresIn !== undefined && expiresIn > 0 ? clock() + expiresIn * 1000 : null;
        statements.upsert.run(
          model,
          id,
          JSON.stringify(payload),
          payload.grantId ?? null,
          payload.uid ?? null,
          payload.accountId ?? null,
          expires,
        );
        writes += 1;
        if (writes % SWEEP_EVERY === 0) {
          statements.sweep.run(clock());
        }
      }),
    find: (id) => fromStore(() => payloadOf(statements.find.get(model, id, clock()))),
    findByUid: (uid) => fromStore(() => payloadOf(statements.findByUid.get(uid, model, clock()))),
    // Device flow is off.
    findByUserCode: () => Promise.resolve(undefined),
    consume: (id) =>
      fromStore(() => {
        const { changes } = statements.consume.run(Math.floor(clock() / 1000), model, id);
        // Two requests with one code: the library looks and then marks, so the mark itself decides who was
        // first.
        if (changes === 0) {
          throw new errors.InvalidGrant(`${model} was used before`);
        }
      }),
    destroy: (id) =>
      fromStore(() => {
        statements.destroy.run(model, id);
      }),
    revokeByGrantId: (grantId) =>
      fromStore(() => {
        statements.revokeGrant.run(grantId);
      }),
  });
  return {
    adapter,
    endSessions: (accountId) => {
      statements.endSessions.run(accountId);
    },
  };
}
