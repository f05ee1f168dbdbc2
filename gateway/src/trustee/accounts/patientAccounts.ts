// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import type { SqlDatabase } from '../../sqlite/openDatabase';
import { inOneTransaction } from '../../sqlite/transaction';
import { DEFAULT_HASH_COST, type HashCost, hashPassword, SALT_BYTES, verifyPassword } from './passwordHash';
import { passwordProblem } from './passwordRules';

/** A national or other agreed patient identifier, as FHIR `Identifier.system` and `.value`. */
export interface PatientIdentifier {
  readonly system: string;
  readonly value: string;
}

/** A patient who may sign in here. */
export interface PatientAccount {
  /**
   * Random, one for each person: each app's OpenID `sub` is made of it. It never passes to another person.
   */
  readonly id: string;
  /**
   * Random, another one whenever the password or the person changes. Sessions, grants and tokens are made for
   * it, so that all of them end with the change, also a sign-in that is half done.
   */
  readonly login: string;
  readonly username: string;
  readonly name: string;
  readonly identifier: PatientIdentifier;
}

export interface NewPatientAccount {
  /** 1–64 characters; compared without regard to case. */
  readonly username: string;
  /** 12–256 characters, none that guessers try first (`passwordRules`). */
  readonly password: string;
  /** 1–200 characters. */
  readonly name: string;
  readonly identifier: PatientIdentifier;
}

export interface PatientAccounts {
  /**
   * Makes the account, or replaces the password, name and identifier of the one with this username. A new
   * password or person ends every session and every app's access of the account; a new name alone ends
   * nothing.
   * @throws RangeError when a field is out of its bounds or the password is too easy to guess.
   */
  put(account: NewPatientAccount): Promise<PatientAccount>;
  /** @param login as sessions and tokens carry it; one that was ended finds nothing. */
  find(login: string): PatientAccount | undefined;
  /** For the operator; tells by its timing whether the name is known, so never behind a request. */
  findByUsername(username: string): PatientAccount | undefined;
  /**
   * The account when the password is its own. Does the same work for unknown names, so that timing tells
   * nothing about who is a patient.
   */
  verify(username: string, password: string): Promise<PatientAccount | undefined>;
  /** Ends the account: its sessions and tokens are refused from the next request on. */
  remove(id: string): void;
}

interface AccountRow {
  id: string;
  login: string;
  shown: string;
  name: string;
  system: string;
  value: string;
  hash: string;
}

/** @param database one that `migrateTrusteeDatabase` has prepared. */
export function openPatientAccounts(
  database: SqlDatabase,
  cost: HashCost = DEFAULT_HASH_COST,
): PatientAccounts {
  const columns = 'id, login, shown, name, system, value, hash';
  const byName = database.prepare(`SELECT ${columns} FROM account WHERE username = ?`);
  const byLogin = database.prepare(`SELECT ${columns} FROM account WHERE login = ?`);
  const upsert = database.prepare(
    `INSERT INTO account (id, login, username, shown, name, system, value, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (username) DO UPDATE SET id = excluded.id, login = excluded.login, shown = excluded.shown, name = excluded.name,
       system = excluded.system, value = excluded.value, hash = excluded.hash`,
  );
  const remove = database.prepare('DELETE FROM account WHERE id = ? RETURNING login');
  // What a dead login left at the OpenID provider opens nothing any more; it is not kept either.
  const forget = database.prepare('DELETE FROM oidc WHERE account = ?');
  const decoy = hashPassword(randomUUID(), randomBytes(SALT_BYTES), cost);
  const rowOf = (username: string): AccountRow | undefined =>
    byName.get(nameKey(username)) as AccountRow | undefined;

  const hashFor = async (password: string, onFile: string | undefined): Promise<string> =>
    onFile !== undefined && (await verifyPassword(password, onFile))
      ? onFile
      : hashPassword(password, randomBytes(SALT_BYTES), cost);

  return {
    put: async (account) => {
      checkBounds(account);
      const { username, password, name, identifier } = account;
      // The hash on file where the password is the old one, so that a change in between is noticed below.
      const hash = await hashFor(password, rowOf(username)?.hash);
      return inOneTransaction(database, () => {
        const old = rowOf(username);
        const same = samePerson(old, identifier);
        const row: AccountRow = {
          id: same?.id ?? randomUUID(),
          login: same?.hash === hash ? same.login : randomUUID(),
          shown: username,
          name,
          ...identifier,
          hash,
        };
        upsert.run(row.id, row.login, nameKey(username), username, name, row.system, row.value, row.hash);
        if (old !== undefined && old.login !== row.login) {
          forget.run(old.login);
        }
        return toAccount(row);
      });
    },
    find: (login) => {
      const row = byLogin.get(login) as AccountRow | undefined;
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
      inOneTransaction(database, () => {
        const row = remove.get(id) as Pick<AccountRow, 'login'> | undefined;
        if (row !== undefined) {
          forget.run(row.login);
        }
      });
    },
  };
}

/** Usernames differ by more than case and spelling of accents. */
export function nameKey(username: string): string {
  return username.trim().normalize('NFKC').toLowerCase();
}

function samePerson(
  old: AccountRow | undefined,
  { system, value }: PatientIdentifier,
): AccountRow | undefined {
  return old?.system === system && old.value === value ? old : undefined;
}

function toAccount(row: AccountRow): PatientAccount {
  return {
    id: row.id,
    login: row.login,
    username: row.shown,
    name: row.name,
    identifier: { system: row.system, value: row.value },
  };
}

function checkBounds(account: NewPatientAccount): void {
  const bounds: readonly (readonly [string, string, number, number])[] = [
    ['username', nameKey(account.username), 1, 64],
    ['name', account.name, 1, 200],
    ['identifier.system', account.identifier.system, 1, 256],
    ['identifier.value', account.identifier.value, 1, 256],
  ];
  for (const [field, text, least, most] of bounds) {
    if (text.length < least || text.length > most) {
      throw new RangeError(`${field} must have ${String(least)}–${String(most)} characters`);
    }
  }
  const problem = passwordProblem(account.password, account);
  if (problem !== undefined) {
    throw new RangeError(problem);
  }
}
