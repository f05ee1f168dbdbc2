// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { randomUUID } from 'node:crypto';
import Database from 'libsql';
import { inOneTransaction } from '../sqlite';

/** Where a lane stands, as this store knows it. */
export interface LaneHead {
  readonly nextSeq: number;
  readonly nextStart: number;
  /** Whether another gateway was found writing in this lane. */
  readonly fenced: boolean;
}

export interface OutboxBatch {
  readonly lane: string;
  readonly seq: number;
  readonly start: number;
  readonly requests: readonly AccessRequest[];
}

export interface JournalEntry {
  readonly position: number;
  readonly request: AccessRequest;
  /** The request's JSON and its length in bytes. */
  readonly json: string;
  readonly bytes: number;
}

/** A batch that is about to get its place in the lane. */
export interface OpeningBatch {
  readonly lane: string;
  readonly seq: number;
  readonly start: number;
  readonly count: number;
  /** JSON array of the requests. */
  readonly requestsJson: string;
  /** Journal entries that it takes over. */
  readonly journalPositions: readonly number[];
}

/**
 * What must survive the end of the process: batches that may be on their way to the ledger, and break-glass requests that were released
 * before their record. Every method returns after its change is on the disk (`fsync`), or throws and has changed nothing.
 */
export interface Outbox {
  head(lane: string): LaneHead;
  /** All unsettled batches of every lane, in the order of their lanes and sequence numbers. */
  batches(): readonly OutboxBatch[];
  /** Writes the batch, moves the lane's head past it, removes the journal entries that it took over and the settled batches. */
  open(batch: OpeningBatch): void;
  /** Replaces the requests of a batch by the same with another mark. */
  rewrite(lane: string, seq: number, requestsJson: string): void;
  /** Forgets a batch that is certainly not on the ledger and sets the lane's head back to it; `late` go to the journal. */
  withdraw(batch: { lane: string; seq: number; start: number }, late: readonly AccessRequest[]): void;
  /** Forgets a batch whose place another gateway took; the head stays. `late` go to the journal. */
  abandon(lane: string, seq: number, late: readonly AccessRequest[]): void;
  /** Batches that the ledger holds. They are removed with the next write, or by `flush`: to find one again is harmless. */
  settle(lane: string, seq: number): void;
  flush(): void;
  fence(lane: string): void;
  /** Appends a released request. */
  journal(request: AccessRequest): void;
  journalLength(): number;
  /** The oldest entries, up to `maxCount` and `maxBytes` but at least one; they stay until a batch takes them over. */
  peekJournal(maxCount: number, maxBytes: number): readonly JournalEntry[];
  close(): void;
}

/** A second process that opens the file may hold its lock for a moment. */
const BUSY_TIMEOUT_MS = 2_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS lane (
    lane TEXT PRIMARY KEY, next_seq INTEGER NOT NULL, next_start INTEGER NOT NULL, fenced INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS outbox (
    lane TEXT NOT NULL, seq INTEGER NOT NULL, start INTEGER NOT NULL, requests TEXT NOT NULL, PRIMARY KEY (lane, seq)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS journal (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL
  ) STRICT;
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
interface JournalRow {
  position: number;
  request: string;
}

/**
 * The outbox in one SQLite file (WAL, `synchronous=FULL`). Whoever opens it last owns it: an earlier owner's writes fail from then on, so
 * two processes started on one folder cannot both go on.
 * @param file its folder exists. The file holds personal data until the ledger has it: keep it where the gateway's keys are kept.
 */
export function openOutbox(file: string): Outbox {
  return outboxOn(new Database(file));
}

/** The outbox in an open database, which it owns from now on. */
export function outboxOn(database: Database.Database): Outbox {
  return new SqliteOutbox(database, randomUUID());
}

class SqliteOutbox implements Outbox {
  readonly #db: Database.Database;
  readonly #settled = new Map<string, { lane: string; seq: number }>();
  readonly #owner: string;
  readonly #statements = new Map<string, Database.Statement>();
  #journalLength: number;

  constructor(db: Database.Database, owner: string) {
    this.#db = db;
    this.#owner = owner;
    db.pragma(`busy_timeout = ${String(BUSY_TIMEOUT_MS)}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(SCHEMA);
    db.prepare(
      'INSERT INTO owner (id, token) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET token = excluded.token',
    ).run(owner);
    this.#journalLength = (db.prepare('SELECT count(*) AS n FROM journal').get() as { n: number }).n;
  }

  head(lane: string): LaneHead {
    const row = this.#prepare('SELECT next_seq, next_start, fenced FROM lane WHERE lane = ?').get(lane) as
      LaneRow | undefined;
    return row === undefined
      ? { nextSeq: 0, nextStart: 0, fenced: false }
      : { nextSeq: row.next_seq, nextStart: row.next_start, fenced: row.fenced === 1 };
  }

  batches(): readonly OutboxBatch[] {
    this.flush();
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

  open(batch: OpeningBatch): void {
    this.#write(() => {
      this.#prepare('INSERT INTO outbox (lane, seq, start, requests) VALUES (?, ?, ?, ?)').run(
        batch.lane,
        batch.seq,
        batch.start,
        batch.requestsJson,
      );
      this.#setHead(batch.lane, batch.seq + 1, batch.start + batch.count);
      const remove = this.#prepare('DELETE FROM journal WHERE position = ?');
      for (const position of batch.journalPositions) {
        remove.run(position);
      }
    });
    this.#journalLength -= batch.journalPositions.length;
  }

  rewrite(lane: string, seq: number, requestsJson: string): void {
    this.#write(() => {
      const { changes } = this.#prepare('UPDATE outbox SET requests = ? WHERE lane = ? AND seq = ?').run(
        requestsJson,
        lane,
        seq,
      );
      if (changes !== 1) {
        throw new Error(`Batch ${String(seq)} is not in the outbox`);
      }
    });
  }

  withdraw(batch: { lane: string; seq: number; start: number }, late: readonly AccessRequest[]): void {
    this.#write(() => {
      this.#remove(batch.lane, batch.seq);
      this.#setHead(batch.lane, batch.seq, batch.start);
      late.forEach((request) => {
        this.#append(request);
      });
    });
    this.#journalLength += late.length;
  }

  abandon(lane: string, seq: number, late: readonly AccessRequest[]): void {
    this.#write(() => {
      this.#remove(lane, seq);
      late.forEach((request) => {
        this.#append(request);
      });
    });
    this.#journalLength += late.length;
  }

  settle(lane: string, seq: number): void {
    this.#settled.set(`${lane} ${String(seq)}`, { lane, seq });
  }

  flush(): void {
    if (this.#settled.size > 0) {
      this.#write(() => undefined);
    }
  }

  fence(lane: string): void {
    this.#write(() => {
      this.#prepare(
        'INSERT INTO lane (lane, next_seq, next_start, fenced) VALUES (?, 0, 0, 1) ON CONFLICT (lane) DO UPDATE SET fenced = 1',
      ).run(lane);
    });
  }

  journal(request: AccessRequest): void {
    this.#write(() => {
      this.#append(request);
    });
    this.#journalLength += 1;
  }

  journalLength(): number {
    return this.#journalLength;
  }

  peekJournal(maxCount: number, maxBytes: number): readonly JournalEntry[] {
    if (this.#journalLength === 0) {
      return [];
    }
    const rows = this.#prepare('SELECT position, request FROM journal ORDER BY position LIMIT ?').all(
      maxCount,
    ) as JournalRow[];
    const entries: JournalEntry[] = [];
    let total = 0;
    for (const row of rows) {
      const bytes = Buffer.byteLength(row.request);
      if (entries.length > 0 && total + bytes + 1 > maxBytes) {
        break;
      }
      total += bytes + 1;
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

  /** One transaction; takes the settled batches away with it, which saves them a write of their own. */
  #write(change: () => void): void {
    const settled = [...this.#settled.entries()];
    inOneTransaction(this.#db, () => {
      this.#assertOwner();
      for (const [, { lane, seq }] of settled) {
        this.#remove(lane, seq);
      }
      change();
    });
    for (const [key] of settled) {
      this.#settled.delete(key);
    }
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

  #remove(lane: string, seq: number): void {
    this.#prepare('DELETE FROM outbox WHERE lane = ? AND seq = ?').run(lane, seq);
  }

  #append(request: AccessRequest): void {
    this.#prepare('INSERT INTO journal (id, request) VALUES (?, ?)').run(request.id, JSON.stringify(request));
  }

  #setHead(lane: string, nextSeq: number, nextStart: number): void {
    this.#prepare(
      `INSERT INTO lane (lane, next_seq, next_start) VALUES (?, ?, ?)
         ON CONFLICT (lane) DO UPDATE SET next_seq = excluded.next_seq, next_start = excluded.next_start`,
    ).run(lane, nextSeq, nextStart);
  }
}
