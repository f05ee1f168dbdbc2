// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from '@chartwitness/chaincode/domain';
import {
  type AccessFilters,
  type Anchor,
  type AccessStore,
  type Checkpoint,
  type EntryPage,
  StoreConflictError,
  type StoredEntry,
  StoreUnavailableError,
  type VerifiedBatch,
} from './accessStore';
import { type IndexedFields, indexedFields, isIndexedAs } from './indexedFields';
import { inOneTransaction } from '../sqlite';
import { migrate, openDatabase, type SqlDatabase, type SqlStatement } from './openDatabase';

/**
 * `entry` is written in ledger order, so its inserts append. `subject_entry` is the patients' index: one subject's entries lie side by
 * side, newest last, with everything that a filter asks, so that a page touches no row that it does not return.
 */
const MIGRATIONS = [
  `CREATE TABLE batch (
     first INTEGER PRIMARY KEY, lane TEXT NOT NULL, seq INTEGER NOT NULL, block INTEGER NOT NULL, tx TEXT NOT NULL,
     UNIQUE (lane, seq)
   ) STRICT;
   CREATE TABLE entry (
     position INTEGER PRIMARY KEY, batch INTEGER NOT NULL REFERENCES batch (first), id TEXT NOT NULL, event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX entry_id ON entry (id, position);
   CREATE TABLE subject_entry (
     subject TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, org TEXT NOT NULL, person TEXT,
     purpose TEXT NOT NULL, outcome TEXT NOT NULL, types TEXT NOT NULL,
     PRIMARY KEY (subject, position)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE checkpoint (
     one INTEGER PRIMARY KEY CHECK (one = 1), events INTEGER NOT NULL, block INTEGER NOT NULL, tx TEXT NOT NULL,
     entries INTEGER NOT NULL, lanes TEXT NOT NULL, anchor TEXT
   ) STRICT;`,
];

/**
 * The subjects' index is written all over: with the default cache of 2 MiB most pages are read and written again and again (measured with a
 * million entries: twice the throughput with 64 MiB, and a WAL that is copied back every 32 MiB).
 */
const TUNING = 'PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000;';

const MAX_STATEMENTS = 100;
const ENTRY_COLUMNS =
  'e.position AS position, e.batch AS first, e.event AS event, b.lane AS lane, b.seq AS seq, b.block AS block, b.tx AS tx';

interface EntryRow {
  position: number;
  first: number;
  event: string;
  lane: string;
  seq: number;
  block: number;
  tx: string;
}

interface CheckpointRow {
  events: number;
  block: number;
  tx: string;
  entries: number;
  lanes: string;
  anchor: string | null;
}

/**
 * The read model in one SQLite file, through `libsql`; entries and checkpoint are one transaction.
 * @param path a file, or `:memory:`.
 */
export function openSqlAccessStore(path: string): AccessStore {
  return sqlAccessStoreOn(openDatabase(path));
}

/** The read model in an open database, which it owns from now on. */
export function sqlAccessStoreOn(database: SqlDatabase): AccessStore {
  database.exec(TUNING);
  migrate(database, MIGRATIONS);
  return new SqlAccessStore(database);
}

class SqlAccessStore implements AccessStore {
  readonly #database: SqlDatabase;
  readonly #statements = new Map<string, SqlStatement>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#attempt(() => {
      const row = this.#prepare('SELECT events, block, tx, entries, lanes, anchor FROM checkpoint').get() as
        CheckpointRow | undefined;
      return row === undefined
        ? undefined
        : {
            events: row.events,
            block: row.block,
            transactionId: row.tx,
            entries: row.entries,
            lanes: JSON.parse(row.lanes) as Checkpoint['lanes'],
            ...(row.anchor === null ? {} : { anchor: JSON.parse(row.anchor) as Anchor }),
          };
    });
  }

  apply(batches: readonly VerifiedBatch[], checkpoint: Checkpoint): Promise<void> {
    return this.#attempt(() => {
      inOneTransaction(this.#database, () => {
        for (const batch of batches) {
          this.#putBatch(batch);
        }
        this.#putCheckpoint(checkpoint);
      });
    });
  }

  page(
    subject: string,
    filters: AccessFilters,
    before: number | undefined,
    limit: number,
  ): Promise<EntryPage> {
    return this.#attempt(() => {
      const { conditions, values } = criteria(filters);
      const where = ['subject = ?', 'position < ?', ...conditions].join(' AND ');
      const rows = this.#prepare(
        `SELECT ${ENTRY_COLUMNS} FROM (
           SELECT position FROM subject_entry WHERE ${where} ORDER BY position DESC LIMIT ?
         ) AS s JOIN entry AS e ON e.position = s.position JOIN batch AS b ON b.first = e.batch ORDER BY e.position DESC`,
      ).all(subject, before ?? Number.MAX_SAFE_INTEGER, ...values, limit + 1) as EntryRow[];
      return { entries: rows.slice(0, limit).map(toEntry), more: rows.length > limit };
    });
  }

  find(subject: string, id: string): Promise<StoredEntry | undefined> {
    return this.#attempt(() => {
      const row = this.#prepare(
        `SELECT ${ENTRY_COLUMNS} FROM entry AS e JOIN batch AS b ON b.first = e.batch
           JOIN subject_entry AS s ON s.subject = ? AND s.position = e.position
         WHERE e.id = ? ORDER BY e.position LIMIT 1`,
      ).get(subject, id) as EntryRow | undefined;
      return row === undefined ? undefined : toEntry(row);
    });
  }

  count(subject: string): Promise<number> {
    return this.#attempt(() => {
      const row = this.#prepare('SELECT count(*) AS n FROM subject_entry WHERE subject = ?').get(subject);
      return (row as { n: number }).n;
    });
  }

  scan(position: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.#attempt(() => {
      const rows = this.#prepare(
        `SELECT ${ENTRY_COLUMNS}, s.subject AS subject, s.at AS at, s.org AS org, s.person AS person, s.purpose AS purpose,
           s.outcome AS outcome, s.types AS types
         FROM entry AS e JOIN batch AS b ON b.first = e.batch
           JOIN subject_entry AS s ON s.subject = json_extract(e.event, '$.subject') AND s.position = e.position
         WHERE e.position >= ? ORDER BY e.position LIMIT ?`,
      ).all(position, limit) as (EntryRow & IndexRow)[];
      // An entry that its patient's index does not show rightly is as good as absent.
      return rows.flatMap((row) => {
        const entry = toEntry(row);
        return isIndexed(row, entry.event) ? [entry] : [];
      });
    });
  }

  reset(): Promise<void> {
    return this.#attempt(() => {
      inOneTransaction(this.#database, () => {
        this.#database.exec(
          'DELETE FROM checkpoint; DELETE FROM subject_entry; DELETE FROM entry; DELETE FROM batch;',
        );
      });
    });
  }

  close(): Promise<void> {
    this.#statements.clear();
    if (this.#database.open) {
      this.#database.close();
    }
    return Promise.resolve();
  }

  #putBatch(batch: VerifiedBatch): void {
    const known = this.#prepare('SELECT seq, lane, tx FROM batch WHERE first = ?').get(
      batch.firstPosition,
    ) as { seq: number; lane: string; tx: string } | undefined;
    if (known !== undefined) {
      if (known.lane !== batch.lane || known.seq !== batch.seq || known.tx !== batch.transactionId) {
        throw new StoreConflictError(
          `position ${String(batch.firstPosition)} holds another batch than the ledger`,
        );
      }
      return;
    }
    this.#prepare('INSERT INTO batch (first, lane, seq, block, tx) VALUES (?, ?, ?, ?, ?)').run(
      batch.firstPosition,
      batch.lane,
      batch.seq,
      batch.block,
      batch.transactionId,
    );
    batch.events.forEach((event, index) => {
      this.#putEntry(batch.firstPosition, batch.firstPosition + index, event);
    });
  }

  #putEntry(first: number, position: number, event: AccessEvent): void {
    this.#prepare('INSERT INTO entry (position, batch, id, event) VALUES (?, ?, ?, ?)').run(
      position,
      first,
      event.id,
      JSON.stringify(event),
    );
    const row = indexedFields(event);
    this.#prepare(
      'INSERT INTO subject_entry (subject, position, at, org, person, purpose, outcome, types) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(row.subject, position, row.at, row.org, row.person, row.purpose, row.outcome, typesText(row.types));
  }

  #putCheckpoint(checkpoint: Checkpoint): void {
    this.#prepare(
      `INSERT INTO checkpoint (one, events, block, tx, entries, lanes, anchor) VALUES (1, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET events = excluded.events, block = excluded.block, tx = excluded.tx,
         entries = excluded.entries, lanes = excluded.lanes, anchor = excluded.anchor
       WHERE excluded.events > checkpoint.events`,
    ).run(
      checkpoint.events,
      checkpoint.block,
      checkpoint.transactionId,
      checkpoint.entries,
      JSON.stringify(checkpoint.lanes),
      checkpoint.anchor === undefined ? null : JSON.stringify(checkpoint.anchor),
    );
  }

  #prepare(sql: string): SqlStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      return known;
    }
    const statement = this.#database.prepare(sql);
    // Filters make many texts; only so many are worth keeping.
    if (this.#statements.size < MAX_STATEMENTS) {
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** libsql is synchronous; the interface is not. Constraint errors are contradictions, all others mean that SQLite cannot serve. */
  #attempt<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(translate(error));
    }
  }
}

function translate(error: unknown): Error {
  if (error instanceof StoreConflictError) {
    return error;
  }
  const { code = '' } = error as NodeJS.ErrnoException;
  return code.startsWith('SQLITE_CONSTRAINT')
    ? new StoreConflictError('the store contradicts the ledger', { cause: error })
    : new StoreUnavailableError(`SQLite failed (${code || 'no code'})`, { cause: error });
}

/** The columns of `subject_entry` that repeat the event. */
type IndexRow = Omit<IndexedFields, 'types'> & { readonly types: string };

function isIndexed(row: IndexRow, event: AccessEvent): boolean {
  return isIndexedAs({ ...row, types: row.types.split(',').slice(1, -1) }, event);
}

/** `,Observation,Patient,`: one `instr` finds a type whole. */
function typesText(types: readonly string[]): string {
  return `,${types.join(',')},`;
}

function toEntry(row: EntryRow): StoredEntry {
  return {
    position: row.position,
    lane: row.lane,
    seq: row.seq,
    index: row.position - row.first,
    block: row.block,
    transactionId: row.tx,
    event: JSON.parse(row.event) as AccessEvent,
  };
}

interface Criteria {
  readonly conditions: readonly string[];
  readonly values: readonly (string | number)[];
}

function criteria(filters: AccessFilters): Criteria {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: (string | number)[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  const anyOf = (column: string, given: readonly string[] | undefined): void => {
    if (given !== undefined) {
      add(`${column} IN (${given.map(() => '?').join(', ')})`, ...given);
    }
  };
  if (filters.from !== undefined) {
    add('at >= ?', filters.from);
  }
  if (filters.to !== undefined) {
    add('at < ?', filters.to);
  }
  if (filters.user !== undefined) {
    add('person = ?', filters.user);
  }
  anyOf('org', filters.orgs);
  anyOf('purpose', filters.purposes);
  anyOf('outcome', filters.outcomes);
  if (filters.types !== undefined) {
    add(
      `(${filters.types.map(() => 'instr(types, ?) > 0').join(' OR ') || '0'})`,
      ...filters.types.map((type) => `,${type},`),
    );
  }
  return { conditions, values };
}
