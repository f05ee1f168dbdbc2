// SPDX-License-Identifier: Apache-2.0
import type Database from 'libsql';
import { inOneTransaction, openOwnDatabase } from '../sqlite';

export type SqlDatabase = Database.Database;
export type SqlStatement = Database.Statement;

/** How long a statement waits for another connection's write. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens (or makes) an SQLite file in which a transaction is on the disk when it returns: write-ahead log, `synchronous=FULL`. The file is
 * readable by its owner only.
 * @param path a file, or `:memory:`.
 */
export function openDatabase(path: string): SqlDatabase {
  const database = openOwnDatabase(path, { timeout: BUSY_TIMEOUT_MS / 1000 });
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = ${String(BUSY_TIMEOUT_MS)};`,
  );
  return database;
}

/**
 * Brings a database to the newest schema: each migration runs once, in order, in one transaction with its number.
 * @throws Error when the file was written by a newer version of this program.
 */
export function migrate(database: SqlDatabase, migrations: readonly string[]): void {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new Error(
      `the database has schema ${String(row.user_version)}, newer than this program's ${String(migrations.length)}: use the newer program`,
    );
  }
  migrations.slice(row.user_version).forEach((sql, index) => {
    const version = row.user_version + index + 1;
    inOneTransaction(database, () => {
      database.exec(`${sql}; PRAGMA user_version = ${String(version)};`);
    });
  });
}
