// SPDX-License-Identifier: Apache-2.0
import type Database from 'libsql';
import { openOwnDatabase } from '../sqlite/ownDatabase';
import { probeWrite } from '../sqlite/probeWrite';

/**
 * Remembers which client assertions were used. Durable and shared by every process that serves one issuer.
 */
export interface ReplayStore {
  /** Whether `id` was used and has not expired. */
  isUsed(id: string): boolean;
  /**
   * Uses `id` up until `expiresAtMs`. Atomic: of several callers exactly one gets `true`; an expired use does
   * not count.
   * @returns false when it was used before.
   */
  use(id: string, expiresAtMs: number): boolean;
  /** Writes and changes nothing. @throws what a write throws while the store cannot be written. */
  probe(): void;
  close(): void;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 2000;
  CREATE TABLE IF NOT EXISTS used_assertion (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS used_assertion_expiry ON used_assertion (expires_at);
`;

/**
 * @param path file of the store, or `:memory:` where nothing needs to survive.
 * @param clock milliseconds since the epoch.
 */
export function openReplayStore(path: string, clock: () => number): ReplayStore {
  return replayStoreOn(openOwnDatabase(path), clock);
}

/** The same in an open database, which it owns from now on. */
export function replayStoreOn(database: Database.Database, clock: () => number): ReplayStore {
  database.exec(SCHEMA);
  const find = database.prepare('SELECT 1 FROM used_assertion WHERE id = ? AND expires_at > ?');
  const purge = database.prepare('DELETE FROM used_assertion WHERE expires_at <= ?');
  const insert = database.prepare(
    'INSERT INTO used_assertion (id, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  return {
    isUsed: (id) => find.get(id, clock()) !== undefined,
    use: (id, expiresAtMs) => {
      purge.run(clock());
      return insert.run(id, expiresAtMs).changes === 1;
    },
    probe: () => {
      probeWrite(database);
    },
    close: () => {
      database.close();
    },
  };
}
