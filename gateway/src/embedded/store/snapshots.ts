// SPDX-License-Identifier: Apache-2.0
import Libsql from 'libsql';
import { StateReader } from './stateReader';

/** A consistent view of one committed height. Release it exactly once. */
export interface Snapshot {
  reader: StateReader;
  release(): void;
}

interface Connection {
  database: Libsql.Database;
  reader: StateReader;
}

interface Open {
  connection: Connection;
  height: number;
  users: number;
}

/**
 * Snapshots by SQLite read transactions: readers see the height at which they began while blocks go on
 * committing, and nothing is copied. Simulations of the same height share one; connections are pooled.
 */
export class Snapshots {
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Open>();

  /** `committedHeight` tells cheaply whether the newest snapshot is still current. */
  readonly #file: string;
  readonly #committedHeight: () => number;

  constructor(file: string, committedHeight: () => number) {
    this.#file = file;
    this.#committedHeight = committedHeight;
  }

  take(): Snapshot {
    const height = this.#committedHeight();
    let current = [...this.#open].find((candidate) => candidate.height >= height);
    if (!current) {
      current = this.#begin();
      this.#open.add(current);
    }
    current.users += 1;
    const taken = current;
    let released = false;
    return {
      reader: taken.connection.reader,
      release: () => {
        if (released) {
          return;
        }
        released = true;
        taken.users -= 1;
        if (taken.users === 0) {
          this.#end(taken);
        }
      },
    };
  }

  #begin(): Open {
    const connection = this.#idle.pop() ?? this.#connect();
    connection.database.exec('BEGIN');
    return { connection, height: connection.reader.height(), users: 0 };
  }

  #end(snapshot: Open): void {
    this.#open.delete(snapshot);
    snapshot.connection.database.exec('COMMIT');
    this.#idle.push(snapshot.connection);
  }

  #connect(): Connection {
    const database = new Libsql(this.#file, { readonly: true });
    return { database, reader: new StateReader(database) };
  }
}
