// SPDX-License-Identifier: Apache-2.0
import type { SqlDatabase } from './openDatabase';
import { inOneTransaction } from './transaction';

/**
 * Brings a database to the newest schema: each migration runs once, in order, in one transaction with its
 * number.
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
