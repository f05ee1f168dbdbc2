// SPDX-License-Identifier: Apache-2.0
import type Libsql from 'libsql';
import type { Version } from '../protocol/version';

type Row = unknown[];
/** Parameters go in one array: the library takes a lone Buffer for a set of named parameters. */
interface Query {
  get(parameters: unknown[]): unknown;
  all(parameters: unknown[]): unknown[];
}

export interface StoredValue {
  value: Buffer;
  version: Version;
}

export interface StoredEntry extends StoredValue {
  key: string;
}

export interface TransactionRecord {
  block: number;
  tx: number;
  code: number;
}

const key = (text: string): Buffer => Buffer.from(text);

/** The store was closed while somebody still wanted to read. */
export class StoreClosed extends Error {}

/** Reads of blocks and state through one connection; inside its read transaction they form a snapshot. */
export class StateReader {
  readonly #prepared = new Map<string, Query>();

  readonly #database: Libsql.Database;

  constructor(database: Libsql.Database) {
    this.#database = database;
  }

  #query(sql: string): Query {
    // The native library aborts the process when a closed connection is used.
    if (!this.#database.open) {
      throw new StoreClosed('the ledger is closed');
    }
    let query = this.#prepared.get(sql);
    if (!query) {
      query = this.#database.prepare(sql).raw();
      this.#prepared.set(sql, query);
    }
    return query;
  }

  #row(sql: string, ...parameters: unknown[]): Row | undefined {
    return this.#query(sql).get(parameters) as Row | undefined;
  }

  #rows(sql: string, ...parameters: unknown[]): Row[] {
    return this.#query(sql).all(parameters) as Row[];
  }

  /** Number of blocks. */
  height(): number {
    return (this.#row('SELECT COALESCE(MAX(number) + 1, 0) FROM blocks')?.[0] as number | undefined) ?? 0;
  }

  meta(name: string): Buffer | undefined {
    return this.#row('SELECT value FROM meta WHERE name = ?', name)?.[0] as Buffer | undefined;
  }

  block(number: number): Buffer | undefined {
    return this.#row('SELECT bytes FROM blocks WHERE number = ?', number)?.[0] as Buffer | undefined;
  }

  blockHash(number: number): Buffer | undefined {
    return this.#row('SELECT hash FROM blocks WHERE number = ?', number)?.[0] as Buffer | undefined;
  }

  blockNumberByHash(hash: Uint8Array): number | undefined {
    return this.#row('SELECT number FROM blocks WHERE hash = ?', Buffer.from(hash))?.[0] as
      number | undefined;
  }

  /** Where a transaction id was first committed, valid or not. */
  transaction(id: string): TransactionRecord | undefined {
    const row = this.#row('SELECT block, tx, code FROM transactions WHERE id = ?', id) as
      [number, number, number] | undefined;
    return row && { block: row[0], tx: row[1], code: row[2] };
  }

  publicValue(namespace: string, name: string): StoredValue | undefined {
    const sql = 'SELECT value, block, tx FROM public_state WHERE namespace = ? AND key = ?';
    return toValue(this.#row(sql, namespace, key(name)));
  }

  publicVersion(namespace: string, name: string): Version | undefined {
    const sql = 'SELECT block, tx FROM public_state WHERE namespace = ? AND key = ?';
    return toVersion(this.#row(sql, namespace, key(name)));
  }

  /**
   * At most `limit` entries from `start` (inclusive) to `end` (exclusive; empty: no bound), in byte order.
   */
  publicRange(namespace: string, start: string, end: string, limit: number): StoredEntry[] {
    const bounded = end === '' ? '' : 'AND key < ?';
    const sql = `SELECT key, value, block, tx FROM public_state WHERE namespace = ? AND key >= ? ${bounded} ORDER BY key LIMIT ?`;
    const bounds = end === '' ? [] : [key(end)];
    return this.#rows(sql, namespace, key(start), ...bounds, limit).map(toEntry);
  }

  hashVersion(namespace: string, collection: string, keyHash: Uint8Array): Version | undefined {
    const sql = 'SELECT block, tx FROM hashed_state WHERE namespace = ? AND collection = ? AND key_hash = ?';
    return toVersion(this.#row(sql, namespace, collection, Buffer.from(keyHash)));
  }

  /** The hash of a private value and its version. */
  hashedValue(namespace: string, collection: string, keyHash: Uint8Array): StoredValue | undefined {
    const sql =
      'SELECT value_hash, block, tx FROM hashed_state WHERE namespace = ? AND collection = ? AND key_hash = ?';
    return toValue(this.#row(sql, namespace, collection, Buffer.from(keyHash)));
  }

  /** A private value as this organisation holds it, beside the version that its public hash has. */
  privateValueAndHash(
    organisation: string,
    namespace: string,
    collection: string,
    name: string,
    keyHash: Uint8Array,
  ): { value: StoredValue | undefined; hashVersion: Version | undefined } {
    const sql = `SELECT h.block, h.tx, p.value, p.block, p.tx FROM (SELECT 1)
      LEFT JOIN hashed_state h ON h.namespace = ?1 AND h.collection = ?2 AND h.key_hash = ?3
      LEFT JOIN private_state p ON p.organisation = ?4 AND p.namespace = ?1 AND p.collection = ?2 AND p.key = ?5`;
    const row = this.#row(sql, namespace, collection, Buffer.from(keyHash), organisation, key(name));
    const [hashBlock, hashTx, value, block, tx] = row as [
      number | null,
      number,
      Buffer | null,
      number,
      number,
    ];
    return {
      value: value === null ? undefined : { value, version: { block, tx } },
      hashVersion: hashBlock === null ? undefined : { block: hashBlock, tx: hashTx },
    };
  }

  privateRange(
    scope: { organisation: string; namespace: string; collection: string },
    start: string,
    end: string,
    limit: number,
  ): StoredEntry[] {
    const bounded = end === '' ? '' : 'AND key < ?';
    const sql = `SELECT key, value, block, tx FROM private_state
      WHERE organisation = ? AND namespace = ? AND collection = ? AND key >= ? ${bounded} ORDER BY key LIMIT ?`;
    const bounds = end === '' ? [] : [key(end)];
    return this.#rows(
      sql,
      scope.organisation,
      scope.namespace,
      scope.collection,
      key(start),
      ...bounds,
      limit,
    ).map(toEntry);
  }

  /**
   * Namespace, collection, key hash, block and transaction of the private values whose life ends with this
   * block.
   */
  expiring(number: number): unknown[][] {
    return this.#rows('SELECT namespace, collection, key_hash, block, tx FROM expiry WHERE at <= ?', number);
  }

  /** Valid writes of a key, newest first, at most `limit`, older than `before`. */
  history(namespace: string, name: string, before: Version | undefined, limit: number): Version[] {
    const bound = before ? 'AND (block, tx) < (?, ?)' : '';
    const sql = `SELECT block, tx FROM history WHERE namespace = ? AND key = ? ${bound} ORDER BY block DESC, tx DESC LIMIT ?`;
    const bounds = before ? [before.block, before.tx] : [];
    const rows = this.#rows(sql, namespace, key(name), ...bounds, limit) as [number, number][];
    return rows.map(([block, tx]) => ({ block, tx }));
  }
}

function toVersion(row: Row | undefined): Version | undefined {
  const found = row as [number, number] | undefined;
  return found && { block: found[0], tx: found[1] };
}

function toValue(row: Row | undefined): StoredValue | undefined {
  const found = row as [Buffer, number, number] | undefined;
  return found && { value: found[0], version: { block: found[1], tx: found[2] } };
}

function toEntry(row: Row): StoredEntry {
  const [name, value, block, tx] = row as [Buffer, Buffer, number, number];
  return { key: name.toString(), value, version: { block, tx } };
}
