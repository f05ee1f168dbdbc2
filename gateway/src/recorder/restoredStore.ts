// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AccessRequest, PrivateBatch } from '@chartwitness/chaincode/domain';
import { areEventsLost, eventsAt } from './eventsAt';
import { type EntryNames, isOwed, releasedLateAmendment } from './lateMark';
import { type LaneSurvey, placesFrom } from './laneSurvey';
import { assertNotBehind, ownLanes, surveyAtTrustee } from './ownLanes';
import type { BatchPlace, LaneHead, Outbox, OutboxBatch, OutboxChange, OwedEntry } from './outbox';
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

/**
 * How many entries the store holds that the ledger may lack: late releases and amendments, those set aside
 * and those in batches included.
 */
export function entriesOwed(outbox: Outbox): number {
  const { entries, setAside, waiting } = outbox.owed();
  const placed = outbox.batches().flatMap(({ requests }) => requests.filter(isOwed));
  return entries + setAside + waiting + placed.length;
}

/**
 * Takes from the store what the ledger's lanes hold already: a store that was restored from a copy would
 * record it a second time. Looks, while something is owed or under way, at every lane of the own organisation
 * that the ledger has: a lane that was opened after the copy is not in the store. A lane that goes on behind
 * the store's head shows that the store is a copy. So does a lane that the store does not know, where it
 * holds what the store owes, or corrects what the store has under way. Then the rows of all lanes no longer
 * prove that nothing was given out, so nothing is said about that. Where nobody gives the events of a place,
 * it is noted as lost, and what is owed by now waits: {@link findLost}. A lane of which the store has a batch
 * under way, though its entries stand elsewhere, is fenced: the copy is older than what became of that place.
 * Nothing is written before everything has been read.
 * @param own the lane that is written now, and where it ends.
 * @returns ids of entries in the store's batches that the lanes hold.
 * @throws LedgerError while the ledger is away.
 */
export async function forgetRecorded(
  options: StoreAndLedger,
  own: { readonly lane: string; readonly survey: LaneSurvey },
): Promise<ReadonlySet<string>> {
  const { outbox } = options;
  const findings = new Findings(outbox);
  // A new store has nothing to look for. What is under way was owed, it may be, after the copy was made.
  const isWorthIt = entriesOwed(outbox) + outbox.held() + outbox.batches().length > 0;
  const searches = [await searchOwn(options, own, findings, isWorthIt)];
  if (isWorthIt) {
    searches.push(...(await searchOthers(options, own.lane, findings)));
  }
  findings.moved.delete(own.lane);
  for (const lane of new Set([...findings.overtaken, ...findings.moved])) {
    outbox.write({ fence: lane });
  }
  const isIncomplete = searches.some(({ search }) => search.isIncomplete);
  // One lane shows it, and it is so of what the store has under way in all of them.
  const isCopy = searches.some(({ copy }) => copy !== undefined);
  for (const { search, copy, end } of searches) {
    search.finish(copy ?? (isCopy ? {} : undefined), end, isIncomplete);
  }
  if (outbox.held() > 0) {
    // The callers of these requests are gone with the process.
    outbox.write({ held: 'owe' });
  }
  return new Set(findings.seen.keys());
}

/** One lane that was searched, and whether that shows the store to be a copy. */
interface Searched {
  readonly search: LaneSearch;
  readonly copy: Copy | undefined;
  /** Where the lane ends on the ledger. */
  readonly end: LaneSurvey;
}

async function searchOwn(
  options: StoreAndLedger,
  { lane, survey }: { readonly lane: string; readonly survey: LaneSurvey },
  findings: Findings,
  isWorthIt: boolean,
): Promise<Searched> {
  const search = new LaneSearch(options, lane, findings);
  if (isWorthIt) {
    await search.read(placesFrom(search.lowest, survey.nextSeq));
  }
  return { search, copy: copyBy(search, survey, options.outbox.head(lane)), end: survey };
}

async function searchOthers(
  options: StoreAndLedger,
  ownLane: string,
  findings: Findings,
): Promise<readonly Searched[]> {
  const { ledger, outbox } = options;
  const known = new Set([ownLane, ...outbox.lanes()]);
  const searched: Searched[] = [];
  for (const lane of [...known].filter((one) => one !== ownLane)) {
    const head = outbox.head(lane);
    const survey = await surveyAtTrustee(ledger, lane, head.nextSeq);
    const search = new LaneSearch(options, lane, findings);
    await search.read(placesFrom(search.lowest, survey.nextSeq));
    searched.push({ search, copy: copyBy(search, survey, head), end: survey });
  }
  for (const lane of (await ownLanes(ledger)).filter((one) => !known.has(one))) {
    const end = await surveyAtTrustee(ledger, lane, 0);
    const search = new LaneSearch(options, lane, findings);
    await search.read(placesFrom(await search.firstSince(end.nextSeq), end.nextSeq));
    // Most are other gateways', of which this store knows nothing.
    searched.push({ search, copy: search.hasFound ? {} : undefined, end });
  }
  return searched;
}

/** Whether the lane has what the store's head does not count: more batches, or as many of another length. */
export function isPast(survey: LaneSurvey, { nextSeq, nextStart }: LaneHead): boolean {
  return survey.nextSeq > nextSeq || (survey.nextSeq === nextSeq && survey.nextStart !== nextStart);
}

/** Whether a lane that the store knows shows it to be a copy. */
function copyBy(search: LaneSearch, survey: LaneSurvey, head: LaneHead): Copy | undefined {
  if (isPast(survey, head)) {
    return { advance: survey };
  }
  return search.hasCorrection ? {} : undefined;
}

/** The store is one. */
interface Copy {
  /** Where the lane ends, if the store is to know it. */
  readonly advance?: LaneSurvey;
}

/**
 * Looks again at the places whose events nobody gave before. Once all of them are read, what waited is owed
 * no more where it stands there, and owed again where it does not.
 * @returns whether that is done.
 * @throws LedgerError while the ledger is away.
 */
export async function findLost(options: StoreAndLedger): Promise<boolean> {
  const { outbox } = options;
  const places = outbox.lostPlaces();
  const findings = new Findings(outbox);
  const searches: LaneSearch[] = [];
  for (const lane of new Set(places.map((place) => place.lane))) {
    const search = new LaneSearch(options, lane, findings);
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

interface EntryPlace {
  readonly lane: string;
  readonly number: number;
}

/** What is found over all lanes: an entry may be corrected in another lane than its own. */
class Findings {
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
