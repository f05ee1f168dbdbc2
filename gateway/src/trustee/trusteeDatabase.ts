// SPDX-License-Identifier: Apache-2.0
import { migrate } from '../sqlite/migrate';
import type { SqlDatabase } from '../sqlite/openDatabase';

const MIGRATIONS = [
  `CREATE TABLE account (
     id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, shown TEXT NOT NULL, name TEXT NOT NULL,
     system TEXT NOT NULL, value TEXT NOT NULL, hash TEXT NOT NULL
   ) STRICT;
   CREATE TABLE oidc (
     model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, account TEXT, expires INTEGER,
     PRIMARY KEY (model, id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX oidc_grant ON oidc (grant_id) WHERE grant_id IS NOT NULL;
   CREATE INDEX oidc_uid ON oidc (uid) WHERE uid IS NOT NULL;
   CREATE INDEX oidc_account ON oidc (account, model) WHERE account IS NOT NULL;
   CREATE INDEX oidc_expires ON oidc (expires) WHERE expires IS NOT NULL;
   CREATE TABLE sign_in_attempt (
     key TEXT PRIMARY KEY, failures INTEGER NOT NULL, blocked_until INTEGER NOT NULL, last INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE ended_session (id TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE account ADD COLUMN login TEXT NOT NULL DEFAULT '';
   UPDATE account SET login = id;
   CREATE UNIQUE INDEX account_login ON account (login);
   CREATE TABLE sign_in_notice (
     key TEXT PRIMARY KEY, failures INTEGER NOT NULL, since INTEGER NOT NULL, last INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX sign_in_notice_last ON sign_in_notice (last);
   CREATE INDEX sign_in_attempt_last ON sign_in_attempt (last);`,
];

/**
 * Makes the tables of every room in a database that is theirs alone. They stand together, because one number
 * counts a file's migrations.
 * @throws Error when a newer version of this program wrote the file.
 */
export function migrateTrusteeDatabase(database: SqlDatabase): void {
  migrate(database, MIGRATIONS);
}
