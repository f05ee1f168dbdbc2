// SPDX-License-Identifier: Apache-2.0
import type Libsql from 'libsql';
import { openOwnDatabase } from '../../sqlite/ownDatabase';
import type { Version } from '../protocol/version';
import { SCHEMA, SCHEMA_VERSION } from './schema';
import { StateReader, StoreClosed } from './stateReader';

/** `value` undefined deletes. */
export interface PublicChange {
  namespace: string;
  key: string;
  value: Uint8Array | undefined;
  version: Version;
}

/** `valueHash` undefined deletes. */
export interface HashChange {
  namespace: string;
  collection: string;
  keyHash: Uint8Array;
  valueHash: Uint8Array | undefined;
  version: Version;
  /** Number of the block whose commit removes the value, for collections with a block-to-live. */
  expiresAt: number | undefined;
}

/** A private value for one organisation's peer; `value` undefined deletes. */
export interface PrivateChange {
  organisation: string;
  namespace: string;
  collection: string;
  key: string;
  keyHash: Uint8Array;
  value: Uint8Array | undefined;
  version: Version;
}

/** Everything that one block changes. */
export interface BlockCommit {
  number: number;
  hash: Uint8Array;
  bytes: Uint8Array;
  commitHash: Uint8Array | undefined;
  transactions: { id: string; tx: number; code: number }[];
  publicChanges: PublicChange[];
  history: { namespace: string; key: string; version: Version }[];
  hashChanges: HashChange[];
  privateChanges: PrivateChange[];
  /** Further facts to keep with the block, e.g. the definition in force. */
  meta?: Record<string, Uint8Array>;
}

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

type Run = (parameters: unknown[]) => void;

/** The one writer of the ledger's file. */
export class LedgerStore {
  readonly reader: StateReader;
  readonly #database: Libsql.Database;
  /** Deleted private values may still be in the write-ahead log. */
  #erasing = false;
  readonly #statements = new Map<string, Run>();

  readonly file: string;

  private constructor(file: string) {
    this.file = file;

    this.#database = openOwnDatabase(file);
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    // A purged or deleted private value must not survive in free pages.
    this.#database.pragma('secure_delete = ON');
    this.#database.pragma('wal_autocheckpoint = 4000');
    this.#database.exec(SCHEMA);
    this.reader = new StateReader(this.#database);
  }

  /** Opens or creates the file. Throws for a file of another schema version. */
  static open(file: string): LedgerStore {
    const store = new LedgerStore(file);
    const version = store.reader.meta('schema');
    if (version === undefined) {
      store.#run(
        'INSERT INTO meta (name, value) VALUES (?, ?)',
        'schema',
        Buffer.from(String(SCHEMA_VERSION)),
      );
    } else if (version.toString() !== String(SCHEMA_VERSION)) {
      store.close();
      throw new Error(
        `${file} has schema version ${version.toString()}, this program reads ${SCHEMA_VERSION}.`,
      );
    }
    return store;
  }

  #run(sql: string, ...parameters: unknown[]): void {
    if (!this.#database.open) {
      throw new StoreClosed('the ledger is closed');
    }
    let run = this.#statements.get(sql);
    if (!run) {
      const statement = this.#database.prepare(sql);
      run = (values) => void statement.run(values);
      this.#statements.set(sql, run);
    }
    run(parameters);
  }

  /** Writes the block and its changes in one durable transaction: all of it or nothing. */
  append(commit: BlockCommit): void {
    this.#run('BEGIN IMMEDIATE');
    try {
      this.#writeBlock(commit);
      for (const change of commit.publicChanges) {
        this.#writePublic(change);
      }
      for (const change of commit.hashChanges) {
        this.#writeHash(change);
      }
      for (const change of commit.privateChanges) {
        this.#writePrivate(change);
      }
      this.#purgeExpired(commit.number);
      this.#run('COMMIT');
    } catch (error) {
      // On a full disk SQLite has rolled back already.
      if (this.#database.inTransaction) {
        this.#run('ROLLBACK');
      }
      throw error;
    }
    if (commit.hashChanges.some(({ valueHash }) => valueHash === undefined)) {
      this.#erasing = true;
    }
    if (this.#erasing) {
      this.#eraseLog();
    }
  }

  /**
   * Empties the write-ahead log, which still holds deleted values. While a simulation reads, SQLite cannot:
   * the next block tries again.
   */
  #eraseLog(): void {
    const [result] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (result?.busy === 0) {
      this.#erasing = false;
    }
  }

  #writeBlock(commit: BlockCommit): void {
    this.#run(
      'INSERT INTO blocks (number, hash, bytes) VALUES (?, ?, ?)',
      commit.number,
      buffer(commit.hash),
      buffer(commit.bytes),
    );
    for (const { id, tx, code } of commit.transactions) {
      this.#run(
        'INSERT OR IGNORE INTO transactions (id, block, tx, code) VALUES (?, ?, ?, ?)',
        id,
        commit.number,
        tx,
        code,
      );
    }
    for (const { namespace, key, version } of commit.history) {
      this.#run(
        'INSERT OR IGNORE INTO history (namespace, key, block, tx) VALUES (?, ?, ?, ?)',
        namespace,
        Buffer.from(key),
        version.block,
        version.tx,
      );
    }
    if (commit.commitHash) {
      this.#writeMeta('commitHash', commit.commitHash);
    }
    for (const [name, value] of Object.entries(commit.meta ?? {})) {
      this.#writeMeta(name, value);
    }
  }

  #writeMeta(name: string, value: Uint8Array): void {
    this.#run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', name, buffer(value));
  }

  #writePublic({ namespace, key, value, version }: PublicChange): void {
    const name = Buffer.from(key);
    if (value === undefined) {
      this.#run('DELETE FROM public_state WHERE namespace = ? AND key = ?', namespace, name);
    } else {
      const sql =
        'INSERT OR REPLACE INTO public_state (namespace, key, value, block, tx) VALUES (?, ?, ?, ?, ?)';
      this.#run(sql, namespace, name, buffer(value), version.block, version.tx);
    }
  }

  #writeHash({ namespace, collection, keyHash, valueHash, version, expiresAt }: HashChange): void {
    const hash = buffer(keyHash);
    if (valueHash === undefined) {
      this.#run(
        'DELETE FROM hashed_state WHERE namespace = ? AND collection = ? AND key_hash = ?',
        namespace,
        collection,
        hash,
      );
      this.#run(
        'DELETE FROM private_state WHERE namespace = ? AND collection = ? AND key_hash = ?',
        namespace,
        collection,
        hash,
      );
      return;
    }
    const sql =
      'INSERT OR REPLACE INTO hashed_state (namespace, collection, key_hash, value_hash, block, tx) VALUES (?, ?, ?, ?, ?, ?)';
    this.#run(sql, namespace, collection, hash, buffer(valueHash), version.block, version.tx);
    if (expiresAt !== undefined) {
      const expiry =
        'INSERT INTO expiry (at, namespace, collection, key_hash, block, tx) VALUES (?, ?, ?, ?, ?, ?)';
      this.#run(expiry, expiresAt, namespace, collection, hash, version.block, version.tx);
    }
  }

  #writePrivate(change: PrivateChange): void {
    const name = Buffer.from(change.key);
    const where = 'organisation = ? AND namespace = ? AND collection = ? AND key = ?';
    const scope = [change.organisation, change.namespace, change.collection, name];
    if (change.value === undefined) {
      this.#run(`DELETE FROM private_state WHERE ${where}`, ...scope);
      return;
    }
    const sql =
      'INSERT OR REPLACE INTO private_state (organisation, namespace, collection, key, key_hash, value, block, tx) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
    this.#run(
      sql,
      ...scope,
      buffer(change.keyHash),
      buffer(change.value),
      change.version.block,
      change.version.tx,
    );
  }

  /**
   * Removes private values and their hashes whose block-to-live ends with this block, unless written again
   * since.
   */
  #purgeExpired(number: number): void {
    const rows = this.reader.expiring(number);
    for (const row of rows) {
      const where = 'namespace = ? AND collection = ? AND key_hash = ? AND block = ? AND tx = ?';
      this.#run(`DELETE FROM private_state WHERE ${where}`, ...row);
      this.#run(`DELETE FROM hashed_state WHERE ${where}`, ...row);
      this.#erasing = true;
    }
    if (rows.length > 0) {
      this.#run('DELETE FROM expiry WHERE at <= ?', number);
    }
  }

  close(): void {
    if (!this.#database.open) {
      return;
    }
    this.#eraseLog();
    this.#database.close();
  }
}
