// SPDX-License-Identifier: Apache-2.0
import type Database from 'libsql';

/** Of the tables below; a file of another version is not read. */
const SCHEMA_VERSION = 5;
/** Lack the table of lost places, 3 also that of rivals, and nothing else. */
const UPGRADED_VERSIONS: readonly number[] = [3, 4];

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS lane (
    lane TEXT PRIMARY KEY, next_seq INTEGER NOT NULL, next_start INTEGER NOT NULL, fenced INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS outbox (
    lane TEXT NOT NULL, seq INTEGER NOT NULL, start INTEGER NOT NULL, requests TEXT NOT NULL,
    handed_in INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (lane, seq)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS rival (
    position INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, seq INTEGER NOT NULL, start INTEGER NOT NULL, requests TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS owed (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL,
    amends INTEGER NOT NULL, held INTEGER NOT NULL, refusal TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS lost (lane TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (lane, seq)) STRICT;
  CREATE INDEX IF NOT EXISTS owed_now ON owed (held, position) WHERE refusal IS NULL;
`;

/** @throws Error for a store of another version: what it holds would be lost silently. */
export function assertVersion(db: Database.Database): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  const { n } = db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get() as {
    n: number;
  };
  if (n > 0 && version !== SCHEMA_VERSION && !UPGRADED_VERSIONS.includes(version)) {
    throw new Error(
      `The recorder store is of version ${String(version)}, not ${String(SCHEMA_VERSION)}: let the release that wrote it empty it`,
    );
  }
}

/** Makes what is not there yet, in the caller's transaction, after {@link assertVersion}. */
export function createTables(db: Database.Database): void {
  db.exec(SCHEMA);
  db.pragma(`user_version = ${String(SCHEMA_VERSION)}`);
}
