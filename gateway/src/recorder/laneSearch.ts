// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest, PrivateBatch } from '@chartwitness/chaincode/domain';
import { areEventsLost, eventsAt } from './eventsAt';
import type { LaneSurvey } from './laneSurvey';
import { type EntryNames, isOwed, releasedLateAmendment } from './lateMark';
import type { BatchPlace, Outbox, OutboxBatch, OutboxChange, OwedEntry } from './outbox';
import { assertNotBehind } from './ownLanes';
import type { RecordingLedger } from './recorder';

/** Batches read at once: at most about 8 MiB of events in memory. */
const READ_TOGETHER = 8;
/** So far this machine's clock may have been set back between a request and its record. */
const CLOCKS_APART_MS = 3_600_000;

export interface StoreAndLedger {
  readonly ledger: RecordingLedger;
  readonly outbox: Outbox;
  readonly names: () => EntryNames;
}

/** The store is one. */
export interface Copy {
  /** Where the lane ends, if the store is to know it. */
  readonly advance?: LaneSurvey;
}

interface EntryPlace {
  readonly lane: string;
  readonly number: number;
}

/** What is found over all lanes: an entry may be corrected in another lane than its own. */
export class Findings {
  /** Entries of the store's batches that stand somewhere: where, and whether they say that they left late. */
  readonly seen = new Map<string, EntryPlace & { readonly late: boolean }>();
  /** Lanes of batches of which an entry stands in another lane. */
  readonly overtaken = new Set<string>();
  /** Lanes of batches of which an entry stands in another place of the same lane. */
  readonly moved = new Set<string>();
  /** Entries of the store that are corrected somewhere. */
  readonly amended = new Set<string>();
  /** Entries of the store's batches, and their places. */
  readonly inRows: ReadonlyMap<string, BatchPlace>;
  /** Amendments that no batch of the store has, by what they correct: a lane may have another one of it. */
  readonly amendments: ReadonlyMap<string, string>;
  /** The same of those in batches. */
  readonly placed: ReadonlyMap<string, string>;

  constructor(outbox: Outbox) {
    this.inRows = new Map(
      outbox.batches().flatMap((row) => row.requests.map(({ id }) => [id, row] as const)),
    );
    this.amendments = new Map(
      outbox.amendments().map(({ request }) => [request.amends?.id ?? '', request.id]),
    );
    this.placed = new Map(
      outbox
        .batches()
        .flatMap(({ requests }) =>
          requests.flatMap(({ id, amends }) => (amends === undefined ? [] : [[amends.id, id] as const])),
        ),
    );
  }
}

/** The places of one lane that a copy may lack. */
export class LaneSearch {
  readonly #options: StoreAndLedger;
  readonly #lane: string;
  readonly #rows: readonly OutboxBatch[];
  readonly #findings: Findings;
  readonly #present = new Map<number, PrivateBatch>();
  /** On the ledger, and nobody gives their events. */
  readonly #lost = new Set<number>();
  /** Entries that left late and stand there without saying so: their amendments. By the entry's id. */
  readonly #unsaid = new Map<string, OwedEntry>();
  readonly #found: string[] = [];
  /** Whether an entry of a batch of the store stands there. */
  #hasSeen = false;
  #hasCorrection = false;

  constructor(options: StoreAndLedger, lane: string, findings: Findings) {
    this.#options = options;
    this.#lane = lane;
    this.#rows = options.outbox.batches().filter((row) => row.lane === lane);
    this.#findings = findings;
  }

  /** The lowest place that the store does not know to be settled. */
  get lowest(): number {
    return this.#rows[0]?.seq ?? this.#options.outbox.head(this.#lane).nextSeq;
  }

  /** Whether something stands there that the store holds, or a correction of it. */
  get hasFound(): boolean {
    return this.#found.length > 0 || this.#hasSeen || this.#hasCorrection;
  }

  /**
   * Whether an entry is corrected there that the store has under way, or by another amendment than the one
   * that the store has under way: a later life of the store wrote it.
   */
  get hasCorrection(): boolean {
    return this.#hasCorrection;
  }

  /**
   * A place before which nothing can stand that the store holds: it was recorded before the oldest of that
   * was asked for. Found with few reads, since the lane may be another gateway's, with years in it.
   */
  async firstSince(end: number): Promise<number> {
    const since = oldestHeld(this.#options.outbox) - CLOCKS_APART_MS;
    for (let distance = 1; distance <= end; distance *= 2) {
      const [first] = (await this.#batchAt(end - distance))?.events ?? [];
      if (first !== undefined && Date.parse(first.at) < since) {
        return end - distance;
      }
    }
    return 0;
  }

  /** Whether a place could not be read. */
  get isIncomplete(): boolean {
    return this.#lost.size > 0;
  }

  /** What stands there, and what has to be said about it. */
  get findings(): { readonly forget: readonly string[]; readonly owe: readonly OwedEntry[] } {
    const owe = [...this.#unsaid].flatMap(([id, entry]) => (this.#findings.amended.has(id) ? [] : [entry]));
    return { forget: this.#found, owe };
  }

  /** Reads the places, ascending, a few at a time. */
  async read(places: readonly number[]): Promise<void> {
    const rowAt = new Set(this.#rows.map(({ seq }) => seq));
    for (let from = 0; from < places.length; from += READ_TOGETHER) {
      const some = places.slice(from, from + READ_TOGETHER);
      const batches = await Promise.all(some.map((seq) => this.#batchAt(seq)));
      batches.forEach((batch, at) => {
        const seq = some[at];
        if (batch === undefined || seq === undefined) {
          return;
        }
        if (rowAt.has(seq)) {
          this.#present.set(seq, batch);
        }
        batch.events.forEach((event, index) => {
          this.#note(event, seq, batch.start + index);
        });
      });
    }
  }

  async #batchAt(seq: number): Promise<PrivateBatch | undefined> {
    const { ledger } = this.#options;
    const record = await ledger.findBatch(this.#lane, seq);
    if (record === undefined) {
      await assertNotBehind(ledger, this.#lane, seq);
      return undefined;
    }
    try {
      return await eventsAt(ledger, this.#lane, seq, record);
    } catch (error) {
      if (!areEventsLost(error)) {
        throw error;
      }
      this.#lost.add(seq);
      return undefined;
    }
  }

  /**
   * One write takes what was found.
   * @param copy the store is one; `undefined` when it need not be.
   * @param end where the lane ends on the ledger.
   * @param isIncomplete whether a place of any lane is lost: what is not known to be certain waits then.
   */
  finish(copy: Copy | undefined, end: LaneSurvey, isIncomplete: boolean): void {
    const uncertain = this.#uncertain();
    const remove = [...uncertain];
    const owe: OwedEntry[] = uncertain
      .flatMap(({ requests }) => requests.filter(isOwed))
      .map((request) => ({ request, isWaiting: true }));
    if (copy !== undefined) {
      const settled = this.#settled();
      remove.push(...settled);
      owe.push(
        ...settled
          .flatMap(({ requests }) => requests)
          .filter((request) => isOwed(request) && !this.#findings.seen.has(request.id))
          .map((request) => ({ request, isWaiting: isIncomplete })),
      );
    }
    // While a place is lost nobody knows whether it holds the amendment.
    owe.push(...this.findings.owe.map((entry) => ({ ...entry, isWaiting: isIncomplete })));
    if (copy === undefined && this.#found.length + owe.length + this.#lost.size === 0) {
      return;
    }
    const lose = [...this.#lost].map((seq): BatchPlace => ({ lane: this.#lane, seq }));
    const isHeadTheLedgers = copy?.advance !== undefined || uncertain.length > 0;
    const ofCopy: OutboxChange = {
      // Nobody knows whether their requests were complete in the end, and given out.
      ...(copy === undefined ? {} : { held: 'forget' }),
      ...(isHeadTheLedgers ? { advance: { lane: this.#lane, seq: end.nextSeq, start: end.nextStart } } : {}),
    };
    this.#options.outbox.write({ remove, forget: this.#found, lose, owe, ...ofCopy });
  }

  /**
   * Rows of lost places, and those behind one: their entries may stand there, and their numbers count on it.
   * The peer came back from a backup, and most likely the store with it: nothing is said about what is not
   * owed.
   */
  #uncertain(): readonly OutboxBatch[] {
    const lowest = Math.min(...this.#lost);
    return this.#rows.filter((row) => row.seq >= lowest && !this.#isThere(row));
  }

  #isThere(row: OutboxBatch): boolean {
    const there = this.#present.get(row.seq);
    return there !== undefined && isSame(there.events, row);
  }

  /** Rows of a copy that are there as they are, or whose entries stand in another batch. */
  #settled(): readonly OutboxBatch[] {
    const { seen } = this.#findings;
    const uncertain = new Set(this.#uncertain());
    const settled = this.#rows.filter(
      (row) => !uncertain.has(row) && (this.#isThere(row) || row.requests.some(({ id }) => seen.has(id))),
    );
    for (const request of settled.flatMap(({ requests }) => requests)) {
      const place = seen.get(request.id);
      if (request.late && place?.late === false) {
        this.#owe(request, place);
      }
    }
    return settled;
  }

  /** The entry stands at the place, and does not say that its data left before it. */
  #owe(late: AccessRequest, { lane, number }: EntryPlace): void {
    const request = releasedLateAmendment(late, { lane, number }, this.#options.names());
    this.#unsaid.set(late.id, { request });
  }

  /** @param by the amendment that does it, which stands in place `seq` as entry `number` of the lane. */
  #noteCorrected(id: string, by: AccessEvent, seq: number, number: number): void {
    const { inRows, amendments, placed, amended } = this.#findings;
    const isOwedStill = this.#options.outbox.findEntry(id) !== undefined;
    const amendment = amendments.get(id);
    if (inRows.has(id) || isOwedStill) {
      amended.add(id);
    }
    const other = placed.get(id);
    if (other !== undefined && other !== by.id) {
      this.#noteSeen(other, by.late, seq, number);
    }
    this.#hasCorrection ||= inRows.has(id) || (other !== undefined && other !== by.id);
    // What is corrected stands somewhere, also where that place cannot be read.
    this.#found.push(...(isOwedStill ? [id] : []), ...(amendment === undefined ? [] : [amendment]));
  }

  /** What the store has under way under this id stands there, or what says the same. */
  #noteSeen(id: string, late: boolean, seq: number, number: number): void {
    const { seen, overtaken, moved, inRows } = this.#findings;
    const row = inRows.get(id);
    if (row === undefined) {
      return;
    }
    seen.set(id, { lane: this.#lane, number, late });
    this.#hasSeen = true;
    if (row.lane !== this.#lane) {
      overtaken.add(row.lane);
    } else if (row.seq !== seq) {
      moved.add(row.lane);
    }
  }

  #note(event: AccessEvent, seq: number, number: number): void {
    const { outbox } = this.#options;
    if (event.amends !== undefined) {
      this.#noteCorrected(event.amends.id, event, seq, number);
    }
    this.#noteSeen(event.id, event.late, seq, number);
    const owed = outbox.findEntry(event.id)?.request;
    if (owed === undefined) {
      return;
    }
    this.#found.push(event.id);
    if (owed.late && !event.late) {
      this.#owe(owed, { lane: this.#lane, number });
    }
  }
}

/** When the oldest was asked for of what the store holds: milliseconds since the epoch. */
function oldestHeld(outbox: Outbox): number {
  const placed = outbox.batches().flatMap(({ requests }) => requests.map(({ requestedAt }) => requestedAt));
  const all = [outbox.oldestOwed(), ...placed].filter((one) => one !== undefined);
  return Math.min(...all.map((one) => Date.parse(one)));
}

function isSame(events: readonly AccessEvent[], { requests }: OutboxBatch): boolean {
  return events.length === requests.length && events.every(({ id }, at) => id === requests[at]?.id);
}
