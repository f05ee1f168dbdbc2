// SPDX-License-Identifier: Apache-2.0
import type Database from 'libsql';
import { openOwnDatabase } from './ownDatabase';

export type SqlDatabase = Database.Database;
export type SqlStatement = Database.Statement;

/** How long a statement waits for another connection's write. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens (or makes) an SQLite file in which a transaction is on the disk when it returns: write-ahead log,
 * `synchronous=FULL`. The file is readable by its owner only.
 * @param path a file, or `:memory:`.
 */
export function openDatabase(path: string): SqlDatabase {
  const database = openOwnDatabase(path, { timeout: BUSY_TIMEOUT_MS / 1000 });
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = ${String(BUSY_TIMEOUT_MS)};`,
  );
  return database;
}
