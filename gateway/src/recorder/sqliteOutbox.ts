// SPDX-License-Identifier: Apache-2.0
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { randomUUID } from 'node:crypto';
import type Database from 'libsql';
import { openOwnDatabase } from '../sqlite/ownDatabase';
import { inOneTransaction } from '../sqlite/transaction';
import type {
  BatchPlace,
  LaneHead,
  OpeningBatch,
  Outbox,
  OutboxBatch,
  OutboxChange,
  OutboxRival,
  OwedCounts,
  OwedEntry,
  RefillingBatch,
  SetAsideEntry,
  StoredEntry,
} from './outbox';
import { assertVersion, createTables } from './outboxSchema';

/** A second process that opens the file may hold its lock for a moment. */
const BUSY_TIMEOUT_MS = 2_000;
/**
 * In the column `held`: whether an entry is owed, owed only if its request is given up, or waits for what
 * lost places hold.
 */
const OWED = 0;
const HELD = 1;
const WAITING = 2;

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
  handed_in: number;
}
interface OwedRow {
  request: string;
}

/**
 * The outbox in one SQLite file (WAL, `synchronous=FULL`). The process that opens it last owns it: an earlier
 * owner's writes fail from then on, so two processes started on one folder cannot both go on.
 * @param file its folder exists. The file holds personal data until the ledger has it: keep it where the
 *   gateway's keys are kept.
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
  #owed: OwedCounts = { entries: 0, amendments: 0, setAside: 0, waiting: 0, lost: 0 };

  constructor(db: Database.Database, owner: string) {
    this.#db = db;
    this.#owner = owner;
    db.pragma(`busy_timeout = ${String(BUSY_TIMEOUT_MS)}`);
    assertVersion(db);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    inOneTransaction(db, () => {
      createTables(db);
      db.prepare(
        'INSERT INTO owner (id, token) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET token = excluded.token',
      ).run(owner);
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

  lanes(): readonly string[] {
    const rows = this.#prepare('SELECT lane FROM lane ORDER BY lane').all() as { lane: string }[];
    return rows.map(({ lane }) => lane);
  }

  batches(): readonly OutboxBatch[] {
    const rows = this.#prepare(
      'SELECT lane, seq, start, requests, handed_in FROM outbox ORDER BY lane, seq',
    ).all() as BatchRow[];
    return rows.map((row) => ({
      lane: row.lane,
      seq: row.seq,
      start: row.start,
      requests: JSON.parse(row.requests) as AccessRequest[],
      isHandedIn: row.handed_in === 1,
    }));
  }

  rivals(): readonly OutboxRival[] {
    const rows = this.#prepare(
      'SELECT lane, seq, start, requests FROM rival ORDER BY position',
    ).all() as Omit<BatchRow, 'handed_in'>[];
    return rows.map((row) => ({ ...row, requests: JSON.parse(row.requests) as AccessRequest[] }));
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
    const { owe, forget, open, held, lose, found } = change;
    if (
      activated.length > 0 ||
      [held, lose, found].some((one) => one !== undefined) ||
      [owe, forget, open?.takesOver].some((list) => list?.length)
    ) {
      this.#count();
    }
  }

  activate(ids: readonly string[]): void {
    for (const id of ids) {
      this.#toActivate.add(id);
    }
  }

  held(): number {
    const { n } = this.#prepare('SELECT count(*) AS n FROM owed WHERE held = 1').get() as { n: number };
    return n;
  }

  flush(): void {
    if (this.#toActivate.size > 0) {
      this.write({});
    }
  }

  oldestOwed(): string | undefined {
    const { at } = this.#prepare(
      "SELECT min(json_extract(request, '$.requestedAt')) AS at FROM owed",
    ).get() as {
      at: string | null;
    };
    return at ?? undefined;
  }

  owed(): OwedCounts {
    return this.#owed;
  }

  peekOwed(
    maxCount: number,
    maxBytes: number,
    atLeast: number,
    except: ReadonlySet<string> = new Set(),
  ): readonly StoredEntry[] {
    if (this.#owed.entries === 0 || maxCount <= 0) {
      return [];
    }
    const rows = this.#prepare(
      'SELECT request FROM owed WHERE held = 0 AND refusal IS NULL ORDER BY position LIMIT ?',
    ).all(maxCount + except.size) as OwedRow[];
    const entries: StoredEntry[] = [];
    let total = 0;
    for (const entry of rows.map(storedEntry)) {
      if (except.has(entry.request.id)) {
        continue;
      }
      total += entry.bytes + 1;
      if (entries.length >= maxCount || (entries.length >= atLeast && total > maxBytes)) {
        break;
      }
      entries.push(entry);
    }
    return entries;
  }

  findOwed(id: string): StoredEntry | undefined {
    return this.#find(id, [OWED]);
  }

  findEntry(id: string): StoredEntry | undefined {
    return this.#find(id, [OWED, WAITING]);
  }

  setAside(): readonly SetAsideEntry[] {
    return this.#prepare(
      'SELECT id, refusal FROM owed WHERE held = 0 AND refusal IS NOT NULL ORDER BY position',
    ).all() as SetAsideEntry[];
  }

  amendments(): readonly StoredEntry[] {
    const rows = this.#prepare('SELECT request FROM owed WHERE amends = 1').all() as OwedRow[];
    return rows.map(storedEntry);
  }

  lostPlaces(): readonly BatchPlace[] {
    return this.#prepare('SELECT lane, seq FROM lost ORDER BY lane, seq').all() as BatchPlace[];
  }

  close(): void {
    this.#db.close();
  }

  #apply({
    open,
    handIn,
    rewrite = [],
    remove = [],
    displace,
    filled,
    withdraw,
    advance,
    held,
    lose = [],
    found,
    owe = [],
    forget = [],
    refill,
    fence,
  }: OutboxChange): void {
    if (handIn !== undefined) {
      this.#prepare('UPDATE outbox SET handed_in = 1 WHERE lane = ? AND seq = ?').run(
        handIn.lane,
        handIn.seq,
      );
    }
    this.#changeRivals(displace, filled);
    this.#changeRows(remove, rewrite);
    this.#run('DELETE FROM owed WHERE id = ?', forget);
    if (held !== undefined) {
      this.#endHeld(held);
    }
    this.#changeLost(lose, found === true);
    owe.forEach((entry) => {
      this.#owe(entry);
    });
    for (const place of [withdraw, advance].filter((one) => one !== undefined)) {
      this.#setHead(place.lane, place.seq, place.start);
    }
    if (refill !== undefined) {
      this.#insert(refill);
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

  #changeRivals(displaced: BatchPlace | undefined, filled: BatchPlace | undefined): void {
    if (displaced !== undefined) {
      this.#prepare(
        'INSERT INTO rival (lane, seq, start, requests) SELECT lane, seq, start, requests FROM outbox WHERE lane = ? AND seq = ?',
      ).run(displaced.lane, displaced.seq);
    }
    if (filled !== undefined) {
      this.#prepare('DELETE FROM rival WHERE lane = ? AND seq = ?').run(filled.lane, filled.seq);
    }
  }

  #changeRows(
    remove: readonly BatchPlace[],
    rewrite: readonly (BatchPlace & { readonly requestsJson: string })[],
  ): void {
    for (const { lane, seq } of remove) {
      this.#prepare('DELETE FROM outbox WHERE lane = ? AND seq = ?').run(lane, seq);
    }
    for (const one of rewrite) {
      this.#rewrite(one);
    }
  }

  #changeLost(lose: readonly BatchPlace[], isFound: boolean): void {
    for (const { lane, seq } of lose) {
      this.#prepare('INSERT OR IGNORE INTO lost (lane, seq) VALUES (?, ?)').run(lane, seq);
    }
    if (lose.length > 0) {
      this.#prepare('UPDATE owed SET held = ? WHERE held = ?').run(WAITING, OWED);
    }
    if (isFound) {
      this.#prepare('DELETE FROM lost').run();
      this.#prepare('UPDATE owed SET held = ? WHERE held = ?').run(OWED, WAITING);
    }
  }

  #endHeld(held: 'owe' | 'forget'): void {
    this.#prepare(
      held === 'owe' ? 'UPDATE owed SET held = 0 WHERE held = 1' : 'DELETE FROM owed WHERE held = 1',
    ).run();
  }

  #rewrite({ lane, seq, requestsJson }: BatchPlace & { readonly requestsJson: string }): void {
    const update = this.#prepare('UPDATE outbox SET requests = ? WHERE lane = ? AND seq = ?');
    if (update.run(requestsJson, lane, seq).changes !== 1) {
      throw new Error(`Batch ${String(seq)} is not in the outbox`);
    }
  }

  #owe({ request, isHeld = false, isWaiting = false, refusal }: OwedEntry): void {
    this.#prepare('INSERT INTO owed (id, request, amends, held, refusal) VALUES (?, ?, ?, ?, ?)').run(
      request.id,
      JSON.stringify(request),
      Number(request.amends !== undefined),
      isHeld ? HELD : isWaiting ? WAITING : OWED,
      refusal ?? null,
    );
  }

  #insert({ lane, seq, start, requestsJson }: RefillingBatch): void {
    this.#prepare('INSERT INTO outbox (lane, seq, start, requests) VALUES (?, ?, ?, ?)').run(
      lane,
      seq,
      start,
      requestsJson,
    );
  }

  #open({ count, takesOver, ...batch }: OpeningBatch): void {
    this.#insert(batch);
    this.#setHead(batch.lane, batch.seq + 1, batch.start + count);
    this.#run('DELETE FROM owed WHERE id = ?', takesOver);
  }

  #run(sql: string, values: readonly (string | number)[]): void {
    for (const value of values) {
      this.#prepare(sql).run(value);
    }
  }

  #count(): void {
    this.#owed = this.#prepare(
      `SELECT count(*) FILTER (WHERE held = ${String(OWED)} AND refusal IS NULL) AS entries,
         coalesce(sum(amends) FILTER (WHERE held = ${String(OWED)} AND refusal IS NULL), 0) AS amendments,
         count(refusal) FILTER (WHERE held = ${String(OWED)}) AS setAside,
         count(*) FILTER (WHERE held = ${String(WAITING)}) AS waiting,
         (SELECT count(*) FROM lost) AS lost
       FROM owed`,
    ).get() as OwedCounts;
  }

  #assertOwner(): void {
    const row = this.#prepare('SELECT token FROM owner WHERE id = 1').get() as { token: string } | undefined;
    if (row?.token !== this.#owner) {
      throw new Error('Another gateway process has opened this recorder store; give each its own DATA_DIR');
    }
  }

  #find(id: string, states: readonly number[]): StoredEntry | undefined {
    const row = this.#prepare('SELECT request, held FROM owed WHERE id = ?').get(id) as
      (OwedRow & { held: number }) | undefined;
    return row !== undefined && states.includes(row.held) ? storedEntry(row) : undefined;
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

function storedEntry({ request }: OwedRow): StoredEntry {
  return {
    request: JSON.parse(request) as AccessRequest,
    json: request,
    bytes: Buffer.byteLength(request),
  };
}
