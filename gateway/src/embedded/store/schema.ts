// SPDX-License-Identifier: Apache-2.0

/** Raised when a table changes; a store of another version is refused rather than guessed at. */
export const SCHEMA_VERSION = 1;

/**
 * One file for blocks and state, so that a block and its changes are one transaction. Keys are BLOBs: SQLite
 * then orders them by bytes, as Fabric does, and they may hold NUL. Public state and key hashes follow from
 * the blocks alone and are the same for every peer, so they are stored once; private values are stored per
 * organisation.
 */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS blocks_by_hash ON blocks (hash);
CREATE TABLE IF NOT EXISTS transactions (
  id TEXT PRIMARY KEY, block INTEGER NOT NULL, tx INTEGER NOT NULL, code INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS public_state (
  namespace TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, block INTEGER NOT NULL, tx INTEGER NOT NULL,
  PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
  namespace TEXT NOT NULL, key BLOB NOT NULL, block INTEGER NOT NULL, tx INTEGER NOT NULL,
  PRIMARY KEY (namespace, key, block, tx)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hashed_state (
  namespace TEXT NOT NULL, collection TEXT NOT NULL, key_hash BLOB NOT NULL, value_hash BLOB NOT NULL,
  block INTEGER NOT NULL, tx INTEGER NOT NULL,
  PRIMARY KEY (namespace, collection, key_hash)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS private_state (
  organisation TEXT NOT NULL, namespace TEXT NOT NULL, collection TEXT NOT NULL, key BLOB NOT NULL,
  key_hash BLOB NOT NULL, block INTEGER NOT NULL, tx INTEGER NOT NULL, value BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS private_by_key ON private_state (organisation, namespace, collection, key);
CREATE INDEX IF NOT EXISTS private_by_hash ON private_state (namespace, collection, key_hash);
CREATE TABLE IF NOT EXISTS expiry (
  at INTEGER NOT NULL, namespace TEXT NOT NULL, collection TEXT NOT NULL, key_hash BLOB NOT NULL,
  block INTEGER NOT NULL, tx INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS expiry_by_block ON expiry (at);
`;
