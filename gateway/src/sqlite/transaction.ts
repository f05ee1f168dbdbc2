// SPDX-License-Identifier: Apache-2.0
import type Database from 'libsql';

/**
 * Runs `work` as one write transaction: all of it is on the disk when this returns, or no part of it stays
 * and this throws the reason. (The binding's own `transaction` rolls back a second time what SQLite has
 * rolled back already, as it does when the disk is full, and throws that instead of the reason.)
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
