// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { randomUUID } from 'node:crypto';
import type Database from 'libsql';
import { inOneTransaction, openOwnDatabase } from '../sqlite';

/** Where a lane stands, as this store knows it. */
export interface LaneHead {
  readonly nextSeq: number;
  readonly nextStart: number;
  /** Whether another gateway was found writing in this lane. */
  readonly fenced: boolean;
}

export interface BatchPlace {
  readonly lane: string;
  readonly seq: number;
}

export interface OutboxBatch extends BatchPlace {
  readonly start: number;
  readonly requests: readonly AccessRequest[];
}

/** An entry that the ledger must get: a request released before its record, or an amendment. */
export interface OwedEntry {
  readonly request: AccessRequest;
  /** Owed only if the request that it amends is given up; until then it waits. A restart gives that request up. */
  readonly isHeld?: boolean;
}

/** An owed entry that may go into a batch. */
export interface StoredEntry {
  readonly position: number;
  readonly request: AccessRequest;
  /** The request's JSON and its length in bytes. */
  readonly json: string;
  readonly bytes: number;
}

/** A batch that gets its place in the lane. */
export interface OpeningBatch extends BatchPlace {
  readonly start: number;
  readonly count: number;
  /** JSON array of the requests. */
  readonly requestsJson: string;
  /** Owed entries that it takes over. */
  readonly positions: readonly number[];
}

/** What changes together. */
export interface OutboxChange {
  /** Writes the batch and moves the lane's head past it. */
  readonly open?: OpeningBatch;
  /** Replaces the requests of batches by the same with another mark. */
  readonly rewrite?: readonly (BatchPlace & { readonly requestsJson: string })[];
  /** Forgets batches: settled, withdrawn or abandoned ones. */
  readonly remove?: readonly BatchPlace[];
  /** Sets the lane's head back to a batch that is certainly not on the ledger. */
  readonly withdraw?: BatchPlace & { readonly start: number };
  readonly owe?: readonly OwedEntry[];
  /** Ids of held entries that are not owed after all. */
  readonly forget?: readonly string[];
  /** Another gateway writes in this lane. */
  readonly fence?: string;
}

/**
 * What must survive the end of the process: batches that may be on their way to the ledger, and entries that are owed to it. A row of a
 * batch says that nothing of it was given out, but what it marks late: so it is removed before its callers are answered.
 */
export interface Outbox {
  head(lane: string): LaneHead;
  /** All unsettled batches of every lane, in the order of their lanes and sequence numbers. */
  batches(): readonly OutboxBatch[];
  /** All of the change is on the disk (`fsync`) when this returns; or it throws and nothing of it is. */
  write(change: OutboxChange): void;
  /** Held entries that are owed now: said to the disk with the next write, or by `flush`; a restart says it in any case. */
  activate(ids: readonly string[]): void;
  /** Writes what `activate` left, if anything. */
  flush(): void;
  /** Entries that are owed and in no batch, the held ones apart; and how many of them are amendments. */
  owed(): { readonly entries: number; readonly amendments: number };
  /** The oldest owed entries within both bounds. @param atLeast entries that are taken whatever their bytes: 0 or 1. */
  peekOwed(maxCount: number, maxBytes: number, atLeast: number): readonly StoredEntry[];
  close(): void;
}

/** A second process that opens the file may hold its lock for a moment. */
const BUSY_TIMEOUT_MS = 2_000;
/** Of the tables below; a file of another version is not read. */
const SCHEMA_VERSION = 2;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS lane (
    lane TEXT PRIMARY KEY, next_seq INTEGER NOT NULL, next_start INTEGER NOT NULL, fenced INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS outbox (
    lane TEXT NOT NULL, seq INTEGER NOT NULL, start INTEGER NOT NULL, requests TEXT NOT NULL, PRIMARY KEY (lane, seq)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS owed (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL,
    amends INTEGER NOT NULL, held INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS owed_now ON owed (held, position);
`;

interface LaneRow {
  next_seq: number;
  next_start: number;
  fenced: number;
}
interface BatchRow {
  lane: string;
  seq: number;
  start: number;
  requests: string;
}
interface OwedRow {
  position: number;
  request: string;
}

/**
 * The outbox in one SQLite file (WAL, `synchronous=FULL`). Whoever opens it last owns it: an earlier owner's writes fail from then on, so
 * two processes started on one folder cannot both go on.
 * @param file its folder exists. The file holds personal data until the ledger has it: keep it where the gateway's keys are kept.
 * @throws Error when the file is of another version.
 */
export function openOutbox(file: string): Outbox {
  return outboxOn(openOwnDatabase(file));
}

/** The outbox in an open database, which it owns from now on. */
export function outboxOn(database: Database.Database): Outbox {
  return new SqliteOutbox(database, randomUUID());
}

class SqliteOutbox implements Outbox {
  readonly #db: Database.Database;
  readonly #toActivate = new Set<string>();
  readonly #owner: string;
  readonly #statements = new Map<string, Database.Statement>();
  #owed = { entries: 0, amendments: 0 };

  constructor(db: Database.Database, owner: string) {
    this.#db = db;
    this.#owner = owner;
    db.pragma(`busy_timeout = ${String(BUSY_TIMEOUT_MS)}`);
    assertVersion(db);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    inOneTransaction(db, () => {
      db.exec(SCHEMA);
      db.pragma(`user_version = ${String(SCHEMA_VERSION)}`);
      db.prepare(
        'INSERT INTO owner (id, token) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET token = excluded.token',
      ).run(owner);
      // Whoever waited for these requests is gone with the process.
      db.exec('UPDATE owed SET held = 0 WHERE held = 1');
    });
    this.#count();
  }

  head(lane: string): LaneHead {
    const row = this.#prepare('SELECT next_seq, next_start, fenced FROM lane WHERE lane = ?').get(lane) as
      LaneRow | undefined;
    return row === undefined
      ? { nextSeq: 0, nextStart: 0, fenced: false }
      : { nextSeq: row.next_seq, nextStart: row.next_start, fenced: row.fenced === 1 };
  }

  batches(): readonly OutboxBatch[] {
    const rows = this.#prepare(
      'SELECT lane, seq, start, requests FROM outbox ORDER BY lane, seq',
    ).all() as BatchRow[];
    return rows.map((row) => ({
      lane: row.lane,
      seq: row.seq,
      start: row.start,
      requests: JSON.parse(row.requests) as AccessRequest[],
    }));
  }

  write(change: OutboxChange): void {
    const activated = [...this.#toActivate];
    inOneTransaction(this.#db, () => {
      this.#assertOwner();
      this.#run('UPDATE owed SET held = 0 WHERE id = ?', activated);
      this.#apply(change);
    });
    for (const id of activated) {
      this.#toActivate.delete(id);
    }
    const { owe, forget, open } = change;
    if (activated.length > 0 || [owe, forget, open?.positions].some((list) => list?.length)) {
      this.#count();
    }
  }

  activate(ids: readonly string[]): void {
    for (const id of ids) {
      this.#toActivate.add(id);
    }
  }

  flush(): void {
    if (this.#toActivate.size > 0) {
      this.write({});
    }
  }

  owed(): { readonly entries: number; readonly amendments: number } {
    return this.#owed;
  }

  peekOwed(maxCount: number, maxBytes: number, atLeast: number): readonly StoredEntry[] {
    if (this.#owed.entries === 0 || maxCount <= 0) {
      return [];
    }
    const rows = this.#prepare(
      'SELECT position, request FROM owed WHERE held = 0 ORDER BY position LIMIT ?',
    ).all(maxCount) as OwedRow[];
    const entries: StoredEntry[] = [];
    let total = 0;
    for (const row of rows) {
      const bytes = Buffer.byteLength(row.request);
      total += bytes + 1;
      if (entries.length >= atLeast && total > maxBytes) {
        break;
      }
      entries.push({
        position: row.position,
        request: JSON.parse(row.request) as AccessRequest,
        json: row.request,
        bytes,
      });
    }
    return entries;
  }

  close(): void {
    this.#db.close();
  }

  #apply({ open, rewrite = [], remove = [], withdraw, owe = [], forget = [], fence }: OutboxChange): void {
    for (const { lane, seq } of remove) {
      this.#prepare('DELETE FROM outbox WHERE lane = ? AND seq = ?').run(lane, seq);
    }
    for (const one of rewrite) {
      this.#rewrite(one);
    }
    this.#run('DELETE FROM owed WHERE id = ?', forget);
    for (const entry of owe) {
      this.#owe(entry);
    }
    if (withdraw !== undefined) {
      this.#setHead(withdraw.lane, withdraw.seq, withdraw.start);
    }
    if (open !== undefined) {
      this.#open(open);
    }
    if (fence !== undefined) {
      this.#prepare(
        'INSERT INTO lane (lane, next_seq, next_start, fenced) VALUES (?, 0, 0, 1) ON CONFLICT (lane) DO UPDATE SET fenced = 1',
      ).run(fence);
    }
  }

  #rewrite({ lane, seq, requestsJson }: BatchPlace & { readonly requestsJson: string }): void {
    const update = this.#prepare('UPDATE outbox SET requests = ? WHERE lane = ? AND seq = ?');
    if (update.run(requestsJson, lane, seq).changes !== 1) {
      throw new Error(`Batch ${String(seq)} is not in the outbox`);
    }
  }

  #owe({ request, isHeld = false }: OwedEntry): void {
    this.#prepare('INSERT INTO owed (id, request, amends, held) VALUES (?, ?, ?, ?)').run(
      request.id,
      JSON.stringify(request),
      Number(request.amends !== undefined),
      Number(isHeld),
    );
  }

  #open({ lane, seq, start, count, requestsJson, positions }: OpeningBatch): void {
    this.#prepare('INSERT INTO outbox (lane, seq, start, requests) VALUES (?, ?, ?, ?)').run(
      lane,
      seq,
      start,
      requestsJson,
    );
    this.#setHead(lane, seq + 1, start + count);
    this.#run('DELETE FROM owed WHERE position = ?', positions);
  }

  #run(sql: string, values: readonly (string | number)[]): void {
    for (const value of values) {
      this.#prepare(sql).run(value);
    }
  }

  #count(): void {
    const row = this.#prepare(
      'SELECT count(*) AS entries, coalesce(sum(amends), 0) AS amendments FROM owed WHERE held = 0',
    ).get() as { entries: number; amendments: number };
    this.#owed = { entries: row.entries, amendments: row.amendments };
  }

  #assertOwner(): void {
    const row = this.#prepare('SELECT token FROM owner WHERE id = 1').get() as { token: string } | undefined;
    if (row?.token !== this.#owner) {
      throw new Error('Another gateway process has opened this recorder store; give each its own DATA_DIR');
    }
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #setHead(lane: string, nextSeq: number, nextStart: number): void {
    this.#prepare(
      `INSERT INTO lane (lane, next_seq, next_start) VALUES (?, ?, ?)
         ON CONFLICT (lane) DO UPDATE SET next_seq = excluded.next_seq, next_start = excluded.next_start`,
    ).run(lane, nextSeq, nextStart);
  }
}

/** What a store of another version holds would be lost silently. */
function assertVersion(db: Database.Database): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  const { n } = db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get() as {
    n: number;
  };
  if (n > 0 && version !== SCHEMA_VERSION) {
    throw new Error(
      `The recorder store is of version ${String(version)}, not ${String(SCHEMA_VERSION)}: let the release that wrote it empty it, or remove it`,
    );
  }
}
