// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import type Libsql from 'libsql';
import { openOwnDatabase } from '../../sqlite/ownDatabase';
import { inOneTransaction } from '../../sqlite/transaction';

/** The private writes of one collection in an endorsed transaction that is not committed yet. */
export interface TransientSet {
  transactionId: string;
  /** The chain's height when it was endorsed. */
  height: number;
  namespace: string;
  collection: string;
  bytes: Uint8Array;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS transient (
  transaction_id TEXT NOT NULL, height INTEGER NOT NULL, namespace TEXT NOT NULL, collection TEXT NOT NULL, bytes BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS transient_by_transaction ON transient (transaction_id);
`;

/**
 * A peer's transient store: private data between endorsement and commit, in a file of their own. It outlives
 * a `kill -9` but, like a peer's, is not waited for at the disk: after a power cut it may lack the last
 * entries, or be unreadable and begin empty.
 */
export class TransientStore {
  readonly #database: Libsql.Database;

  private constructor(database: Libsql.Database) {
    this.#database = database;
  }

  /** Opens or creates the file; one that is damaged is replaced, and `log` told. */
  static open(file: string, log: (line: string) => void): TransientStore {
    try {
      return new TransientStore(openFile(file));
    } catch (error) {
      log(`${file} is damaged and begins anew: ${error instanceof Error ? error.message : String(error)}`);
      rmSync(file, { force: true });
      rmSync(`${file}-journal`, { force: true });
      return new TransientStore(openFile(file));
    }
  }

  all(): TransientSet[] {
    const sql = 'SELECT transaction_id, height, namespace, collection, bytes FROM transient ORDER BY rowid';
    return this.#database
      .prepare(sql)
      .raw(true)
      .all()
      .map((row) => {
        const [transactionId, height, namespace, collection, bytes] = row as [
          string,
          number,
          string,
          string,
          Buffer,
        ];
        return { transactionId, height, namespace, collection, bytes };
      });
  }

  add(sets: readonly TransientSet[]): void {
    if (sets.length === 0 || !this.#database.open) {
      return;
    }
    const insert = this.#database.prepare('INSERT INTO transient VALUES (?, ?, ?, ?, ?)');
    inOneTransaction(this.#database, () => {
      for (const { transactionId, height, namespace, collection, bytes } of sets) {
        insert.run([transactionId, height, namespace, collection, Buffer.from(bytes)]);
      }
    });
  }

  remove(transactionIds: readonly string[]): void {
    if (transactionIds.length === 0 || !this.#database.open) {
      return;
    }
    const remove = this.#database.prepare('DELETE FROM transient WHERE transaction_id = ?');
    inOneTransaction(this.#database, () => {
      for (const id of transactionIds) {
        remove.run([id]);
      }
    });
  }

  close(): void {
    if (this.#database.open) {
      this.#database.close();
    }
  }
}

function openFile(file: string): Libsql.Database {
  const database = openOwnDatabase(file);
  try {
    database.pragma('journal_mode = TRUNCATE');
    database.pragma('synchronous = OFF');
    // What is committed or forgotten is overwritten, not only unlinked.
    database.pragma('secure_delete = ON');
    const [check] = database.pragma('quick_check') as { quick_check: string }[];
    if (check?.quick_check !== 'ok') {
      throw new Error(check?.quick_check ?? 'no answer to quick_check');
    }
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
