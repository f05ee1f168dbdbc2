// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { migrate, type SqlDatabase } from '../readmodel/openDatabase';
import { DEFAULT_HASH_COST, type HashCost, hashPassword, SALT_BYTES, verifyPassword } from './passwordHash';

/** A national or other agreed patient identifier, as FHIR `Identifier.system` and `.value`. */
export interface PatientIdentifier {
  readonly system: string;
  readonly value: string;
}

/** A patient who may sign in here. `id` is random and stays the same for the account's life; it is the OpenID `sub`. */
export interface PatientAccount {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly identifier: PatientIdentifier;
}

export interface NewPatientAccount {
  /** 1–64 characters; compared without regard to case. */
  readonly username: string;
  /** 8–256 characters. */
  readonly password: string;
  /** 1–200 characters. */
  readonly name: string;
  readonly identifier: PatientIdentifier;
}

export interface PatientAccounts {
  /**
   * Makes the account, or replaces the password, name and identifier of the one with this username.
   * @throws RangeError when a field is out of its bounds.
   */
  put(account: NewPatientAccount): Promise<PatientAccount>;
  find(id: string): PatientAccount | undefined;
  /** For the operator; tells by its timing whether the name is known, so never behind a request. */
  findByUsername(username: string): PatientAccount | undefined;
  /** The account when the password is its own. Does the same work for unknown names, so that timing tells nothing about who is a patient. */
  verify(username: string, password: string): Promise<PatientAccount | undefined>;
  /** Ends the account: its sessions and tokens are refused from the next request on. */
  remove(id: string): void;
}

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
];

/** Makes the tables of accounts, OpenID Connect and sign-in in a database that is theirs alone. */
export function migrateTrusteeDatabase(database: SqlDatabase): void {
  migrate(database, MIGRATIONS);
}

interface AccountRow {
  id: string;
  shown: string;
  name: string;
  system: string;
  value: string;
  hash: string;
}

/** @param database one that {@link migrateTrusteeDatabase} has prepared. */
export function openPatientAccounts(
  database: SqlDatabase,
  cost: HashCost = DEFAULT_HASH_COST,
): PatientAccounts {
  const columns = 'id, shown, name, system, value, hash';
  const byName = database.prepare(`SELECT ${columns} FROM account WHERE username = ?`);
  const byId = database.prepare(`SELECT ${columns} FROM account WHERE id = ?`);
  const upsert = database.prepare(
    `INSERT INTO account (id, username, shown, name, system, value, hash) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (username) DO UPDATE SET shown = excluded.shown, name = excluded.name, system = excluded.system,
       value = excluded.value, hash = excluded.hash`,
  );
  const remove = database.prepare('DELETE FROM account WHERE id = ?');
  const decoy = hashPassword(randomUUID(), randomBytes(SALT_BYTES), cost);
  const rowOf = (username: string): AccountRow | undefined =>
    byName.get(nameKey(username)) as AccountRow | undefined;

  return {
    put: async (account) => {
      checkBounds(account);
      const hash = await hashPassword(account.password, randomBytes(SALT_BYTES), cost);
      const { system, value } = account.identifier;
      upsert.run(
        randomUUID(),
        nameKey(account.username),
        account.username,
        account.name,
        system,
        value,
        hash,
      );
      const row = rowOf(account.username);
      if (row === undefined) {
        throw new Error('the account was removed while it was written');
      }
      return toAccount(row);
    },
    find: (id) => {
      const row = byId.get(id) as AccountRow | undefined;
      return row === undefined ? undefined : toAccount(row);
    },
    findByUsername: (username) => {
      const row = rowOf(username);
      return row === undefined ? undefined : toAccount(row);
    },
    verify: async (username, password) => {
      const row = rowOf(username);
      const matches = await verifyPassword(password, row?.hash ?? (await decoy));
      return matches && row !== undefined ? toAccount(row) : undefined;
    },
    remove: (id) => {
      remove.run(id);
    },
  };
}

/** Usernames differ by more than case and spelling of accents. */
export function nameKey(username: string): string {
  return username.trim().normalize('NFKC').toLowerCase();
}

function toAccount(row: AccountRow): PatientAccount {
  return {
    id: row.id,
    username: row.shown,
    name: row.name,
    identifier: { system: row.system, value: row.value },
  };
}

function checkBounds(account: NewPatientAccount): void {
  const bounds: readonly (readonly [string, string, number, number])[] = [
    ['username', nameKey(account.username), 1, 64],
    ['password', account.password, 8, 256],
    ['name', account.name, 1, 200],
    ['identifier.system', account.identifier.system, 1, 256],
    ['identifier.value', account.identifier.value, 1, 256],
  ];
  for (const [field, text, least, most] of bounds) {
    if (text.length < least || text.length > most) {
      throw new RangeError(`${field} must have ${String(least)}–${String(most)} characters`);
    }
  }
}
