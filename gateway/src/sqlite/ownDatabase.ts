// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';

const OWNER_ONLY = 0o600;
/**
 * SQLite gives the files beside a database the database's own mode; what an older start left is put right
 * too.
 */
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
