// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';

const OWNER_ONLY = 0o600;
/** SQLite gives the files beside a database the database's own mode; what an older start left is put right too. */
const FILES = ['', '-wal', '-shm', '-journal'];

/**
 * Opens (or makes) an SQLite file that only its owner can read, from its first byte on.
 * @param path a file, whose folder is made when missing, or `:memory:`.
 */
export function openOwnDatabase(path: string, options: Database.Options = {}): Database.Database {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', OWNER_ONLY));
    for (const file of FILES.map((ending) => `${path}${ending}`).filter((name) => existsSync(name))) {
      chmodSync(file, OWNER_ONLY);
    }
  }
  return new Database(path, options);
}

/**
 * Runs `work` as one write transaction: all of it is on the disk when this returns, or nothing of it stays and the reason is thrown.
 * (The binding's own `transaction` rolls back a second time what SQLite has rolled back already, as it does when the disk is full, and throws
 * that instead of the reason.)
 */
export function inOneTransaction<T>(database: Database.Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.inTransaction) {
      database.exec('ROLLBACK');
    }
    throw error;
  }
}

/** Whether SQLite could not serve (disk full or failing, file locked, unreadable): the same may succeed later. */
export function isStorageFailure(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    STORAGE_FAILURE.test(error.code)
  );
}

const STORAGE_FAILURE =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|PROTOCOL|NOMEM|CORRUPT|NOTADB)(_|$)/;
