// SPDX-License-Identifier: Apache-2.0
import {
  type AccessFilters,
  type Anchor,
  type AccessStore,
  type Checkpoint,
  type EntryAddress,
  type EntryPage,
  type FoundEntry,
  type ShownEntry,
  StoreConflictError,
  type StoredEntry,
  StoreUnavailableError,
  type VerifiedBatch,
} from './accessStore';
import { ENTRY_COLUMNS, type EntryRow, toEntry } from './entryRow';
import { EntryGroups, linkKey, type Wants } from './entryGroups';
import { type IndexedFields, isIndexedAs } from './indexedFields';
import { entriesOf, type Listing, listingOf, shownEntry } from './shownEntry';
import { migrate } from '../sqlite/migrate';
import { openDatabase, type SqlDatabase, type SqlStatement } from '../sqlite/openDatabase';
import { inOneTransaction } from '../sqlite/transaction';
import { criteria, typesText } from './sqlFilters';
import { MIGRATIONS, TUNING } from './sqlSchema';

const MAX_STATEMENTS = 100;

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
        const added = batches.flatMap((batch) => this.#putBatch(batch));
        this.#list(added);
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
        `SELECT ${ENTRY_COLUMNS}, s.members AS members FROM (
           SELECT position, members FROM subject_entry WHERE ${where} ORDER BY position DESC LIMIT ?
         ) AS s JOIN entry AS e ON e.position = s.position JOIN batch AS b ON b.first = e.batch ORDER BY e.position DESC`,
      ).all(subject, before ?? Number.MAX_SAFE_INTEGER, ...values, limit + 1) as (EntryRow & MembersRow)[];
      return {
        entries: rows.slice(0, limit).map((row) => this.#shown(row)),
        more: rows.length > limit,
      };
    });
  }

  find(subject: string, address: EntryAddress): Promise<FoundEntry | undefined> {
    return this.#attempt(() => {
      const entry = this.#at(address);
      if (entry?.event.subject !== subject) {
        return undefined;
      }
      const group = this.#groupsAround([entry]).find((members) =>
        members.some(({ position }) => position === entry.position),
      );
      return { entry, shown: shownEntry(group ?? [entry]) };
    });
  }

  numbersOf(lane: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#attempt(() => {
      const rows = this.#prepare(
        `SELECT e.id AS id, b.start + e.position - b.first AS number
         FROM json_each(?) AS wanted JOIN entry AS e ON e.id = wanted.value JOIN batch AS b ON b.first = e.batch
         WHERE b.lane = ?`,
      ).all(JSON.stringify(ids), lane) as { id: string; number: number }[];
      return new Map(rows.map(({ id, number }) => [id, number]));
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
        `SELECT ${ENTRY_COLUMNS} FROM entry AS e JOIN batch AS b ON b.first = e.batch
         WHERE e.position >= ? ORDER BY e.position LIMIT ?`,
      ).all(position, limit) as EntryRow[];
      const entries = rows.map(toEntry);
      // An event that its patient's index does not show rightly is as good as absent.
      const right = new Set(
        this.#groupsAround(entries).flatMap((group) =>
          this.#isListed(group) ? group.map((member) => member.position) : [],
        ),
      );
      return entries.filter((entry) => right.has(entry.position));
    });
  }

  reset(): Promise<void> {
    return this.#attempt(() => {
      inOneTransaction(this.#database, () => {
        this.#database.exec(
          'DELETE FROM checkpoint; DELETE FROM link; DELETE FROM subject_entry; DELETE FROM entry; DELETE FROM batch;',
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

  /** @returns what was not there before. */
  #putBatch(batch: VerifiedBatch): readonly StoredEntry[] {
    const known = this.#prepare('SELECT seq, lane, tx FROM batch WHERE first = ?').get(
      batch.firstPosition,
    ) as { seq: number; lane: string; tx: string } | undefined;
    if (known !== undefined) {
      if (known.lane !== batch.lane || known.seq !== batch.seq || known.tx !== batch.transactionId) {
        throw new StoreConflictError(
          `position ${String(batch.firstPosition)} holds another batch than the ledger`,
        );
      }
      return [];
    }
    this.#prepare(
      'INSERT INTO batch (first, lane, seq, start, size, block, tx) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ).run(
      batch.firstPosition,
      batch.lane,
      batch.seq,
      batch.start,
      batch.events.length,
      batch.block,
      batch.transactionId,
    );
    const entries = entriesOf(batch);
    for (const entry of entries) {
      this.#putEntry(batch.firstPosition, entry);
    }
    return entries;
  }

  #putEntry(first: number, entry: StoredEntry): void {
    const { position, event } = entry;
    this.#prepare('INSERT INTO entry (position, batch, id, event) VALUES (?, ?, ?, ?)').run(
      position,
      first,
      event.id,
      JSON.stringify(event),
    );
    this.#putRow('INSERT', listingOf([entry]));
    const key = linkKey(entry);
    if (key !== undefined) {
      this.#prepare('INSERT INTO link (key, position) VALUES (?, ?)').run(key, position);
    }
  }

  /** An entry was put as standing for itself; here those that belong together become one row. */
  #list(added: readonly StoredEntry[]): void {
    if (added.length === 0) {
      return;
    }
    for (const listing of this.#groupsAround(added).map(listingOf)) {
      const { position, members, fields } = listing;
      if (members.length === 1) {
        continue;
      }
      for (const other of members.filter((member) => member !== position)) {
        this.#prepare('DELETE FROM subject_entry WHERE subject = ? AND position = ?').run(
          fields.subject,
          other,
        );
      }
      this.#putRow('INSERT OR REPLACE', listing);
    }
  }

  #putRow(how: 'INSERT' | 'INSERT OR REPLACE', { position, members, fields }: Listing): void {
    this.#prepare(
      `${how} INTO subject_entry (subject, position, at, org, person, purpose, outcome, types, members)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      fields.subject,
      position,
      fields.at,
      fields.org,
      fields.person,
      fields.purpose,
      fields.outcome,
      typesText(fields.types),
      membersText(members),
    );
  }

  /** Whether the index shows the group as one row that says what it should, and none of its other events. */
  #isListed(group: readonly StoredEntry[]): boolean {
    const { position, members, fields } = listingOf(group);
    const rows = this.#prepare(
      `SELECT subject, position, at, org, person, purpose, outcome, types, members FROM json_each(?) AS wanted
         JOIN subject_entry ON subject = ? AND position = wanted.value`,
    ).all(JSON.stringify(members), fields.subject) as (IndexRow & MembersRow)[];
    const [row] = rows;
    return (
      rows.length === 1 &&
      row?.position === position &&
      row.members === membersText(members) &&
      isIndexed(row, fields)
    );
  }

  #shown(row: EntryRow & MembersRow): ShownEntry {
    return row.members === null
      ? toEntry(row)
      : shownEntry(this.#entriesAt(JSON.parse(row.members) as number[]));
  }

  #groupsAround(entries: readonly StoredEntry[]): readonly (readonly StoredEntry[])[] {
    const search = new EntryGroups(entries);
    for (let wants = search.wants(); wants !== undefined; wants = search.wants()) {
      search.learn(this.#lookUp(wants));
    }
    return search.groups();
  }

  #lookUp({ addresses, links }: Wants): readonly StoredEntry[] {
    const linked = this.#prepare(
      'SELECT position FROM json_each(?) AS wanted JOIN link ON link.key = wanted.value',
    ).all(JSON.stringify(links)) as { position: number }[];
    return [
      ...addresses.flatMap((address) => this.#at(address) ?? []),
      ...this.#entriesAt(linked.map(({ position }) => position)),
    ];
  }

  #at({ lane, number }: EntryAddress): StoredEntry | undefined {
    const row = this.#prepare(
      `SELECT ${ENTRY_COLUMNS} FROM (
         SELECT first + ? - start AS position FROM batch
         WHERE lane = ? AND start <= ? AND ? < start + size ORDER BY start DESC LIMIT 1
       ) AS place JOIN entry AS e ON e.position = place.position JOIN batch AS b ON b.first = e.batch`,
    ).get(number, lane, number, number) as EntryRow | undefined;
    return row === undefined ? undefined : toEntry(row);
  }

  /** By rising position. */
  #entriesAt(positions: readonly number[]): readonly StoredEntry[] {
    if (positions.length === 0) {
      return [];
    }
    const rows = this.#prepare(
      `SELECT ${ENTRY_COLUMNS} FROM json_each(?) AS wanted JOIN entry AS e ON e.position = wanted.value
         JOIN batch AS b ON b.first = e.batch ORDER BY e.position`,
    ).all(JSON.stringify(positions)) as EntryRow[];
    return rows.map(toEntry);
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

  /**
   * libsql is synchronous; the interface is not. Constraint errors are contradictions, all others mean that
   * SQLite cannot serve.
   */
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
type IndexRow = Omit<IndexedFields, 'types'> & { readonly position: number; readonly types: string };

interface MembersRow {
  readonly members: string | null;
}

function isIndexed(row: IndexRow, expected: IndexedFields): boolean {
  return isIndexedAs({ ...row, types: row.types.split(',').slice(1, -1) }, expected);
}

/** Absent for an entry that stands for itself, so that most rows stay small. */
function membersText(members: readonly number[]): string | null {
  return members.length === 1 ? null : JSON.stringify(members);
}
