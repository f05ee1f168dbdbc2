// SPDX-License-Identifier: Apache-2.0
import type { SqlDatabase } from './openDatabase';

/**
 * Writes one page that says what it said before, down to the disk.
 * @throws what SQLite throws while the database cannot be written: disk full or failing, file locked.
 */
export function probeWrite(database: SqlDatabase): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  database.exec(`PRAGMA user_version = ${String(version)}`);
}
