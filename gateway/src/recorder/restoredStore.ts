// SPDX-License-Identifier: Apache-2.0
import { type Copy, Findings, LaneSearch, type StoreAndLedger } from './laneSearch';
import { type LaneSurvey, placesFrom } from './laneSurvey';
import { isOwed } from './lateMark';
import { ownLanes, surveyAtTrustee } from './ownLanes';
import type { LaneHead, Outbox } from './outbox';

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
