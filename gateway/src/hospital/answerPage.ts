// SPDX-License-Identifier: Apache-2.0
import type { Candidate } from '../fhir/itemGroups';
import { keyOf } from '../fhir/includes';
import { kindOf } from '../fhir/itemGroups';
import type { FilledPage, FillMeans, PageWish } from './filledPage';
import { fillPage } from './fillPage';
import type { Foresight } from './foresight';
import { noRoom } from './inTime';
import type { PagedSource, Place } from './pagedSource';
import { type Proposal, recordAccess, type Recorded } from './recordAccess';
import type { Errand, RecordDependencies } from './recordItems';
import { SourceWalk } from './sourceWalk';

/** What may be given out, and nothing else. */
export interface PageAnswer {
  readonly permitted: readonly Candidate[];
  /** Whether the decision withheld something. */
  readonly isPartial: boolean;
  /** The release was journalled because the ledger is away; the record follows. */
  readonly isLate: boolean;
  /** Something may be given, but cannot: too large, or in an emergency not to be read. */
  readonly omits: boolean;
  /** Where the next page begins; undefined when there is nothing more to give. */
  readonly next: Place | undefined;
  /**
   * Matches over all pages that may be given; undefined where that was not found out, as where something was
   * not read.
   */
  readonly total: number | undefined;
}

export interface PageTask {
  readonly source: PagedSource;
  readonly start: Place;
  /** Begins at `start`; its first stretch may be on its way. */
  readonly walk: SourceWalk;
  readonly wish: PageWish;
  readonly means: FillMeans;
  /** @param said what the answer's records have said of kinds of matches. */
  readonly newForesight: (said: ReadonlyMap<string, boolean>) => Foresight;
  /** Adds what belongs beside the matches and stands on other pages of the source; undefined: none does. */
  readonly complete:
    ((page: FilledPage, isWhole: boolean, isBare: boolean) => Promise<readonly Candidate[]>) | undefined;
  readonly emptyType: string;
  readonly errand: Errand;
  /**
   * Whether something of these types might be given, were it known how it is labelled, so that the answer
   * must not claim to be whole.
   */
  readonly mayHide: (types: ReadonlySet<string>, recorded: Recorded) => Promise<boolean>;
}

/**
 * How often a page is filled further because the record says otherwise than what was foreseen: the consent
 * has just changed, or nothing was foreseen, in an emergency without the own peer's word. While nothing is
 * given, each round that told of a new kind is followed by another.
 */
const MAX_ROUNDS = 4;

/** What the rounds of an answer have come to. */
interface Progress {
  readonly records: Recorded[];
  omits: boolean;
  /** Whether what is counted is all: no round ended before the source did. */
  isCounted: boolean;
  /** Where the last recorded round ended. */
  next: Place | undefined;
}

/**
 * Fills a page, records it, and gives what the record permits. If that is less than was foreseen, the page is
 * filled further and the rest recorded as an access of its own. What an earlier round gave is neither given
 * nor recorded again; what its record said is foreseen. A later round that fails takes nothing back: what is
 * recorded as given is given, and the next link leads to where that round began.
 */
export async function answerPage(task: PageTask, recording: RecordDependencies): Promise<PageAnswer> {
  const progress: Progress = { records: [], omits: false, isCounted: true, next: undefined };
  const { records } = progress;
  let { walk } = task;
  let said: ReadonlyMap<string, boolean> = new Map();
  try {
    for (;;) {
      const given = givenBy(records);
      const page = await fillPage(walk, wishBeside(given, task), task.means, task.newForesight(said));
      const isAll = records.length === 0 && isWhole(page, task);
      const besides =
        task.complete === undefined ? page.besides : await task.complete(page, isAll, walk.wasBare);
      const recorded = await recordAccess(proposalOf(page, besides, given, task), task.errand, recording);
      note(progress, page, recorded);
      if (!progress.omits && page.untold.size > 0) {
        progress.omits = await task.mayHide(page.untold, recorded);
      }
      if (isStuck(page, recorded)) {
        return stuckAnswer(progress, task);
      }
      if (page.next === undefined) {
        return answer(progress, task);
      }
      const known = said.size;
      said = saidBy(records);
      if (isFull(records, page, task.wish) || isSettled(records, page, recorded, said.size > known)) {
        return answer(progress, task);
      }
      walk = new SourceWalk(task.source, page.next);
    }
  } catch (error) {
    if (matchesIn(records).length === 0) {
      throw error;
    }
    recording.log.warn({ err: error }, 'a page could not be filled further; what is recorded is given');
    return answer({ ...progress, isCounted: false }, task);
  }
}

function note(progress: Progress, page: FilledPage, recorded: Recorded): void {
  progress.records.push(recorded);
  progress.next = page.next;
  progress.isCounted &&= !page.endsEarly;
  progress.omits ||= mayGive(page.unreadable, recorded);
}

/** What a further round may add to what is given. */
function wishBeside(given: readonly Candidate[], { wish, means }: PageTask): PageWish {
  if (given.length === 0) {
    return wish;
  }
  const bytes = given.reduce((sum, candidate) => sum + means.sizeOf(candidate), 0);
  const matches = given.filter(isMatch).length;
  return {
    ...wish,
    wanted: wish.wanted - matches,
    fits: (more) => wish.fits(bytes + more),
    mayExceed: wish.mayExceed && matches === 0,
  };
}

function proposalOf(
  { matches, further }: FilledPage,
  besides: readonly Candidate[],
  given: readonly Candidate[],
  { wish: { rules }, emptyType }: PageTask,
): Proposal {
  return { matches, besides, rules, further, emptyType, held: new Set(given.map(keyOf)) };
}

/** Whether all that the source has is on the page. */
function isWhole({ next, lacksBesides }: FilledPage, { start }: PageTask): boolean {
  return start.position === 0 && next === undefined && !lacksBesides;
}

/** Whether there is no room for more: by number, or beside what is given by bytes. */
function isFull(
  records: readonly Recorded[],
  { foreseen }: FilledPage,
  { wanted, countsAll }: PageWish,
): boolean {
  const given = matchesIn(records).length;
  return countsAll || given >= wanted || (given > 0 && foreseen.length === 0);
}

/** Whether a further round would hardly give more. */
function isSettled(
  records: readonly Recorded[],
  page: FilledPage,
  recorded: Recorded,
  isSaidNew: boolean,
): boolean {
  const isEnough = records.length >= MAX_ROUNDS && (matchesIn(records).length > 0 || !isSaidNew);
  return isEnough || isAsForeseen(page, recorded);
}

/** @throws AppError OVERLOADED when there is nothing else to give. */
function stuckAnswer(progress: Progress, task: PageTask): PageAnswer {
  if (matchesIn(progress.records).length === 0) {
    throw noRoom();
  }
  return answer(progress, task);
}

/** Whether nothing on the page can be given, and what comes next is permitted but lacks room. */
function isStuck(page: FilledPage, recorded: Recorded): boolean {
  return page.isStuck && page.nextKind !== undefined && mayGive(new Set([page.nextKind]), recorded);
}

/** Whether the page is as full as it was meant to be, and the next one begins with something to give. */
function isAsForeseen(
  { foreseen, nextKind }: FilledPage,
  { permitted, items, decisions }: Recorded,
): boolean {
  const isNextPermitted = nextKind !== undefined && mayGive(new Set([nextKind]), { items, decisions });
  const given = permitted.filter(isMatch).length;
  return given > 0 && given >= foreseen.length && (nextKind === undefined || isNextPermitted);
}

/** Whether the record permits what is asked for by itself of one of these kinds. */
function mayGive(
  kinds: ReadonlySet<string>,
  { items, decisions }: Pick<Recorded, 'items' | 'decisions'>,
): boolean {
  return (
    kinds.size > 0 &&
    items.some(
      (item, place) => item.via === undefined && kinds.has(kindOf(item)) && decisions[place] === true,
    )
  );
}

function answer({ records, next, omits, isCounted }: Progress, { start, wish }: PageTask): PageAnswer {
  const matches = matchesIn(records).length;
  // A page that gives nothing has no next link, and says how many there are: else it would tell that
  // something was withheld.
  const isEmpty = matches === 0;
  const isAll = start.position === 0 && (next === undefined || (isEmpty && wish.wanted > 0));
  const counted =
    wish.countsAll && isCounted ? records.reduce((sum, record) => sum + countedIn(record), 0) : undefined;
  return {
    permitted: givenBy(records),
    isPartial: records.some(({ decisions }) => decisions.includes(false)),
    isLate: records.some(({ isLate }) => isLate),
    omits,
    next: isEmpty ? undefined : next,
    total: omits ? undefined : (counted ?? (isAll ? matches : undefined)),
  };
}

function matchesIn(records: readonly Recorded[]): readonly Candidate[] {
  return givenBy(records).filter(isMatch);
}

function isMatch({ mode }: Candidate): boolean {
  return mode === 'match';
}

/**
 * What the rounds give together, each once as the first of them gave it; a match if it is one in any round.
 */
function givenBy(records: readonly Recorded[]): readonly Candidate[] {
  const [first, ...others] = records;
  if (others.length === 0) {
    return first?.permitted ?? [];
  }
  const given = new Map<string, Candidate>();
  for (const candidate of records.flatMap(({ permitted }) => permitted)) {
    const key = keyOf(candidate);
    const known = given.get(key);
    given.set(key, known?.mode === 'include' ? { ...known, mode: candidate.mode } : (known ?? candidate));
  }
  return [...given.values()];
}

/** What the records say of each kind of matches, the last word counting. */
function saidBy(records: readonly Recorded[]): ReadonlyMap<string, boolean> {
  return new Map(
    records.flatMap(({ items, decisions }) =>
      items.flatMap((item, place) =>
        item.via === undefined ? [[kindOf(item), decisions[place] === true] as const] : [],
      ),
    ),
  );
}

function countedIn({ items, decisions }: Recorded): number {
  return items.reduce((sum, { via, count, further = 0 }, place) => {
    return via === undefined && decisions[place] === true ? sum + count + further : sum;
  }, 0);
}
