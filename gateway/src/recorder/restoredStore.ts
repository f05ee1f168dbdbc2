// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest, PrivateBatch } from '@chartwitness/chaincode/domain';
import { areEventsLost, eventsAt } from './eventsAt';
import { type EntryNames, isOwed, releasedLateAmendment } from './lateMark';
import { type LaneSurvey, placesFrom, surveyLane } from './laneSurvey';
import type { BatchPlace, Outbox, OutboxBatch, OutboxChange, OwedEntry } from './outbox';
import type { RecordingLedger } from './recorder';

/** Batches read at once: at most about 8 MiB of events in memory. */
const READ_TOGETHER = 8;

export interface StoreAndLedger {
  readonly ledger: RecordingLedger;
  readonly outbox: Outbox;
  readonly names: () => EntryNames;
}

/** How many entries the store holds that the ledger may lack: late releases and amendments, those set aside and those in batches included. */
export function entriesOwed(outbox: Outbox): number {
  const { entries, setAside, waiting } = outbox.owed();
  const placed = outbox.batches().flatMap(({ requests }) => requests.filter(isOwed));
  return entries + setAside + waiting + placed.length;
}

/**
 * Takes from the store what the ledger's lanes hold already: a store that was restored from a copy would record it a second time. Looks at
 * every lane that the store has written, from its lowest unsettled place to the ledger's end. A lane that ends behind the store's head shows
 * that the store is a copy; then its rows no longer prove that nothing was given out, so nothing is said about that. Where nobody gives the
 * events of a place, it is noted as lost, and what is owed by now waits: {@link findLost}.
 * @param own the lane that is written now, and where it ends.
 * @returns ids of entries in the store's batches that the lanes hold.
 * @throws LedgerError while the ledger is away.
 */
export async function forgetRecorded(
  options: StoreAndLedger,
  own: { readonly lane: string; readonly survey: LaneSurvey },
): Promise<ReadonlySet<string>> {
  const { ledger, outbox } = options;
  const findings = new Findings(outbox);
  const searches: { readonly search: LaneSearch; readonly end: LaneSurvey | undefined }[] = [];
  for (const lane of new Set([own.lane, ...outbox.lanes()])) {
    const rows = outbox.batches().filter((row) => row.lane === lane);
    // A new store has nothing to look for.
    const isWorthIt = entriesOwed(outbox) + rows.length > 0;
    if (lane === own.lane || isWorthIt) {
      const { nextSeq } = outbox.head(lane);
      const survey = lane === own.lane ? own.survey : await surveyLane(ledger, lane, nextSeq);
      const search = new LaneSearch(options, lane, rows, findings);
      await search.read(isWorthIt ? placesFrom(rows[0]?.seq ?? nextSeq, survey.nextSeq) : []);
      searches.push({ search, end: survey.nextSeq > nextSeq ? survey : undefined });
    }
  }
  const isIncomplete = searches.some(({ search }) => search.isIncomplete);
  for (const { search, end } of searches) {
    search.finish(end, isIncomplete);
  }
  if (outbox.held() > 0) {
    // Whoever waited for these requests is gone with the process.
    outbox.write({ held: 'owe' });
  }
  return findings.seen;
}

/**
 * Looks again at the places whose events nobody gave before. Once all of them are read, what waited is owed no more where it stands there,
 * and owed again where it does not.
 * @returns whether that is done.
 * @throws LedgerError while the ledger is away.
 */
export async function findLost(options: StoreAndLedger): Promise<boolean> {
  const { outbox } = options;
  const places = outbox.lostPlaces();
  const findings = new Findings(outbox);
  const searches: LaneSearch[] = [];
  for (const lane of new Set(places.map((place) => place.lane))) {
    const search = new LaneSearch(options, lane, [], findings);
    await search.read(places.flatMap((place) => (place.lane === lane ? [place.seq] : [])));
    if (search.isIncomplete) {
      return false;
    }
    searches.push(search);
  }
  const changes = searches.map((search) => search.findings);
  outbox.write({
    found: true,
    forget: changes.flatMap(({ forget }) => forget),
    owe: changes.flatMap(({ owe }) => owe),
  });
  return true;
}

/** What is found over all lanes: an entry may be corrected in another lane than its own. */
class Findings {
  /** Entries of the store's batches that stand somewhere. */
  readonly seen = new Set<string>();
  /** Entries of the store that are corrected somewhere. */
  readonly amended = new Set<string>();
  readonly inRows: ReadonlySet<string>;
  /** Amendments that wait to be found, or not, in a lost place; by what they correct. */
  readonly waiting: ReadonlyMap<string, string>;

  constructor(outbox: Outbox) {
    this.inRows = new Set(outbox.batches().flatMap(({ requests }) => requests.map(({ id }) => id)));
    this.waiting = new Map(
      outbox.waitingAmendments().map(({ request }) => [request.amends?.id ?? '', request.id]),
    );
  }
}

/** The places of one lane that a copy may lack. */
class LaneSearch {
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

  constructor(options: StoreAndLedger, lane: string, rows: readonly OutboxBatch[], findings: Findings) {
    this.#options = options;
    this.#lane = lane;
    this.#rows = rows;
    this.#findings = findings;
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
          this.#note(event, batch.start + index);
        });
      });
    }
  }

  async #batchAt(seq: number): Promise<PrivateBatch | undefined> {
    const { ledger } = this.#options;
    const record = await ledger.findBatch(this.#lane, seq);
    if (record === undefined) {
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
   * @param end where the lane goes on when the store is a copy; `undefined` when it need not be one.
   * @param isIncomplete whether a place of any lane is lost: what is not known to be certain waits then.
   */
  finish(end: LaneSurvey | undefined, isIncomplete: boolean): void {
    const remove: OutboxBatch[] = [];
    const owe: OwedEntry[] = [];
    for (const row of this.#rows.filter(({ seq }) => this.#lost.has(seq))) {
      // The peer came back from a backup, and most likely the store with it: nothing is said about what is not owed.
      remove.push(row);
      owe.push(...row.requests.filter(isOwed).map((request) => ({ request, isWaiting: true })));
    }
    if (end !== undefined) {
      for (const row of this.#rows.filter(({ seq }) => !this.#lost.has(seq))) {
        const there = this.#present.get(row.seq);
        const isOurs = there !== undefined && isSame(there.events, row);
        const isElsewhere = there === undefined && row.requests.some(({ id }) => this.#findings.seen.has(id));
        if (isOurs) {
          this.#noteUnsaidOf(row, there);
        }
        if (isOurs || isElsewhere) {
          remove.push(row);
          owe.push(
            ...row.requests
              .filter((request) => isOwed(request) && !this.#findings.seen.has(request.id))
              .map((request) => ({ request, isWaiting: isIncomplete })),
          );
        }
      }
    }
    // While a place is lost nobody knows whether it holds the amendment.
    owe.push(...this.findings.owe.map((entry) => ({ ...entry, isWaiting: isIncomplete })));
    if (end === undefined && this.#found.length + owe.length + this.#lost.size === 0) {
      return;
    }
    const lose = [...this.#lost].map((seq): BatchPlace => ({ lane: this.#lane, seq }));
    const ofCopy: OutboxChange =
      end === undefined
        ? {}
        : {
            advance: { lane: this.#lane, seq: end.nextSeq, start: end.nextStart },
            // Nobody knows whether their requests were complete in the end, and given out.
            held: 'forget',
          };
    this.#options.outbox.write({ remove, forget: this.#found, lose, owe, ...ofCopy });
  }

  /** Of rows that stand there as they are: what they mark late and the ledger does not. */
  #noteUnsaidOf(row: OutboxBatch, there: PrivateBatch): void {
    row.requests.forEach((request, index) => {
      if (request.late && there.events[index]?.late !== true) {
        this.#owe(request, there.start + index);
      }
    });
  }

  #owe(late: AccessRequest, number: number): void {
    const request = releasedLateAmendment(late, { lane: this.#lane, number }, this.#options.names());
    this.#unsaid.set(late.id, { request });
  }

  #noteCorrected(id: string): void {
    const { inRows, waiting, amended } = this.#findings;
    const isOwedStill = this.#options.outbox.findEntry(id) !== undefined;
    const amendment = waiting.get(id);
    if (inRows.has(id) || isOwedStill) {
      amended.add(id);
    }
    // What is corrected stands somewhere, also where that place cannot be read.
    this.#found.push(...(isOwedStill ? [id] : []), ...(amendment === undefined ? [] : [amendment]));
  }

  #note(event: AccessEvent, number: number): void {
    const { outbox } = this.#options;
    const { seen, inRows } = this.#findings;
    if (event.amends !== undefined) {
      this.#noteCorrected(event.amends.id);
    }
    if (inRows.has(event.id)) {
      seen.add(event.id);
    }
    const owed = outbox.findEntry(event.id)?.request;
    if (owed === undefined) {
      return;
    }
    this.#found.push(event.id);
    if (owed.late && !event.late) {
      this.#owe(owed, number);
    }
  }
}

function isSame(events: readonly AccessEvent[], { requests }: OutboxBatch): boolean {
  return events.length === requests.length && events.every(({ id }, at) => id === requests[at]?.id);
}
