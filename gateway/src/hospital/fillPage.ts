// SPDX-License-Identifier: Apache-2.0
import { keyOf, reachFrom } from '../fhir/includes';
import { type Candidate, type FurtherKind, kindOf, recordedLabels } from '../fhir/itemGroups';
import type { FilledPage, FillMeans, PageWish } from './filledPage';
import type { Foresight } from './foresight';
import type { Place, Stretch } from './pagedSource';
import { smallWhole } from './smallWhole';
import type { SourceWalk } from './sourceWalk';

/**
 * Reads on until the page is full and one more match is foreseen, or the source ends: so a next link says
 * that there is more to give, and nothing about what is withheld. Withheld matches in between are kept by
 * number and bytes as a page may hold, and only counted beyond: their content is gone then, so they cannot be
 * given even if the record permits them.
 */
export async function fillPage(
  walk: SourceWalk,
  wish: PageWish,
  means: FillMeans,
  foresight: Foresight,
): Promise<FilledPage> {
  const first = await walk.next();
  const chosen = first?.matches.map(means.choose) ?? [];
  const whole = first && smallWhole(first, chosen, wish);
  if (whole !== undefined) {
    return whole;
  }
  const filler = new Filler(wish, means, foresight);
  for (let stretch = first; stretch !== undefined; stretch = await nextStretch(walk, filler, means)) {
    const isFirst = stretch === first;
    const isDone = await filler.add(stretch, isFirst ? chosen : stretch.matches.map(means.choose), isFirst);
    if (isDone || stretch.isLast) {
      break;
    }
    walk.readOn(means.sourceCount);
  }
  return filler.page();
}

async function nextStretch(
  walk: SourceWalk,
  filler: Filler,
  { endsEarly }: FillMeans,
): Promise<Stretch | undefined> {
  if (filler.hasSomething && endsEarly()) {
    filler.stopAt(walk.place);
    return undefined;
  }
  try {
    return await walk.next();
  } catch (error) {
    if (!filler.hasSomething || !endsEarly(error)) {
      throw error;
    }
    filler.stopAt(walk.place);
    return undefined;
  }
}

class Filler {
  readonly #wish: PageWish;
  readonly #means: FillMeans;
  readonly #foresight: Foresight;
  readonly #matches = new Map<string, Candidate>();
  readonly #foreseen = new Set<string>();
  readonly #besides = new Map<string, Candidate>();
  readonly #further = new Map<string, FurtherKind>();
  readonly #unreadable = new Set<string>();
  readonly #untold = new Set<string>();
  /** Of what is foreseen to be given. */
  #bytes = 0;
  /** Besides that are counted in them. */
  readonly #counted = new Set<string>();
  /** Besides that may be given, and are kept because a withheld match leads to them. */
  readonly #forWithheld = new Set<string>();
  /** Of withheld matches, and of what only they lead to. */
  #kept = 0;
  #keptBytes = 0;
  #lacksBesides = false;
  #next: Place | undefined;
  #nextKind: string | undefined;
  #isStuck = false;
  #endsEarly = false;

  constructor(wish: PageWish, means: FillMeans, foresight: Foresight) {
    this.#wish = wish;
    this.#means = means;
    this.#foresight = foresight;
  }

  get hasSomething(): boolean {
    return this.#foreseen.size > 0;
  }

  stopAt(place: Place): void {
    this.#endsEarly = true;
    this.#next ??= place;
  }

  /**
   * @param chosen the stretch's matches as candidates.
   * @returns whether nothing more is needed of the source.
   */
  async add(
    stretch: Stretch,
    chosen: readonly (Candidate | undefined)[],
    isFirst: boolean,
  ): Promise<boolean> {
    const { wanted } = this.#wish;
    const { choose } = this.#means;
    const foresight = this.#foresight;
    const all = chosen.filter((candidate) => candidate !== undefined);
    const isAll = isFirst && stretch.isLast && this.#fitsWhole(all, stretch.bytes);
    const found = stretch.besides.flatMap((entry) => choose(entry) ?? []).filter(isBeside);
    if (wanted > 0 && !isAll) {
      await foresight.learn([...all, ...found]);
    }
    const permits = (candidate: Candidate): boolean => isAll || foresight.permits(candidate);
    const leads = this.#leadsTo(found, permits, stretch);
    const here: Candidate[] = [];
    for (const [place, candidate] of chosen.entries()) {
      if (
        candidate !== undefined &&
        this.#take(candidate, permits(candidate) ? leads : undefined, place, stretch)
      ) {
        here.push(candidate);
      }
      if (this.#isDone) {
        break;
      }
    }
    // A match that is not on this page may belong beside one that is.
    const isHere = new Set(here);
    const left = all.filter((one) => !isHere.has(one) && one.isUnreadable !== true).map(asBeside);
    this.#addBesides(here, this.#wish.isPoolShared ? found : [...found, ...left], permits, stretch);
    return this.#isDone;
  }

  /**
   * What a match would bring beside it that is not counted yet. Not asked where all of the stretch has room,
   * and so each part of it.
   */
  #leadsTo(
    found: readonly Candidate[],
    permits: (candidate: Candidate) => boolean,
    { bytes }: Stretch,
  ): (match: Candidate) => readonly Candidate[] {
    const { rules, isPoolShared, keeps } = this.#wish;
    const pool = isPoolShared ? [...this.#besides.values(), ...found] : found;
    if (pool.length === 0 || keeps(this.#bytes + bytes)) {
      return () => [];
    }
    return (match) =>
      reachFrom([match], pool, rules).reached.filter(
        (one) => permits(one) && !this.#counted.has(keyOf(one)) && !this.#foreseen.has(keyOf(one)),
      );
  }

  /** What fits whole needs no foresight: the record alone decides. */
  #fitsWhole(all: readonly Candidate[], bytes: number): boolean {
    const { wanted, fits } = this.#wish;
    return all.length <= wanted && !all.some(({ lacksRoom }) => lacksRoom === true) && fits(bytes);
  }

  get #isDone(): boolean {
    return this.#next !== undefined && !this.#wish.countsAll;
  }

  /** Puts a match on the page, or counts it; the first foreseen one without room begins the next page. */
  #take(candidate: Candidate, leads: Leads | undefined, place: number, stretch: Stretch): boolean {
    const isReadable = candidate.isUnreadable !== true;
    const isPermitted = leads !== undefined;
    if (isReadable && this.#next === undefined && this.#place(candidate, leads, shareIn(stretch))) {
      return true;
    }
    this.#count(candidate);
    if (candidate.isUntold === true) {
      this.#untold.add(candidate.resource.resourceType);
    }
    if (!isReadable && !(isPermitted && this.#mayComeLater(candidate))) {
      this.#unreadable.add(kindOfCandidate(candidate));
    } else if (isPermitted && this.#wish.wanted > 0 && this.#next === undefined) {
      this.#next = stretch.placeAfter(place);
      this.#nextKind = kindOfCandidate(candidate);
      this.#isStuck = !isReadable && !this.hasSomething;
    }
    return false;
  }

  /** What lacks room begins the next page, which may find some. */
  #mayComeLater({ lacksRoom = false }: Candidate): boolean {
    return lacksRoom && this.#wish.wanted > 0 && (this.hasSomething || !this.#means.stepsOver);
  }

  /** Puts a match on the page; false when there is no room. */
  #place(candidate: Candidate, leads: Leads | undefined, share: number): boolean {
    const key = keyOf(candidate);
    const known = this.#matches.get(key);
    if (known !== undefined) {
      this.#matches.set(key, merged(known, candidate));
      return true;
    }
    const fits = leads === undefined ? this.#keep(share) : this.#give(candidate, key, leads);
    if (fits) {
      this.#matches.set(key, candidate);
    }
    return fits;
  }

  #give(candidate: Candidate, key: string, leads: Leads): boolean {
    const { wanted, fits, mayExceed } = this.#wish;
    if (this.#foreseen.size >= wanted) {
      return false;
    }
    const { sizeOf } = this.#means;
    const besides = leads(candidate).map((one) => ({ key: keyOf(one), size: sizeOf(one) }));
    const size = sizeOf(candidate);
    const isFirst = mayExceed && this.#foreseen.size === 0;
    if (!fits(besides.reduce((sum, one) => sum + one.size, this.#bytes + size))) {
      if (!isFirst) {
        return false;
      }
      fits(size);
    }
    this.#foreseen.add(key);
    this.#bytes += size;
    for (const one of besides) {
      // Beside the first one comes what there is room for.
      if (!isFirst || fits(this.#bytes + one.size)) {
        this.#bytes += one.size;
        this.#counted.add(one.key);
      }
    }
    return true;
  }

  #keep(share: number): boolean {
    const { wanted, keeps } = this.#wish;
    if (this.#kept >= wanted || (this.#kept > 0 && !keeps(this.#keptBytes + share))) {
      return false;
    }
    this.#kept += 1;
    this.#keptBytes += share;
    return true;
  }

  #count(candidate: Candidate): void {
    const kind = { type: candidate.resource.resourceType, labels: recordedLabels(candidate.facts) };
    const key = kindOf(kind);
    this.#further.set(key, { ...kind, count: (this.#further.get(key)?.count ?? 0) + 1 });
  }

  #addBesides(
    here: readonly Candidate[],
    found: readonly Candidate[],
    permits: (candidate: Candidate) => boolean,
    stretch: Stretch,
  ): void {
    const { rules, isPoolShared, keeps } = this.#wish;
    if (found.length === 0) {
      return;
    }
    const [isGiven, isLeftOut] = this.#giveBesides(here, found, permits);
    const share = shareIn(stretch);
    for (const candidate of isPoolShared ? found : reachFrom(here, found, rules).reached) {
      const key = keyOf(candidate);
      const known = this.#besides.get(key);
      if (known !== undefined) {
        this.#besides.set(key, merged(known, candidate));
      } else if (isGiven.has(key)) {
        this.#besides.set(key, candidate);
      } else if (!isLeftOut.has(key) && keeps(this.#keptBytes + share)) {
        this.#keptBytes += share;
        this.#besides.set(key, candidate);
        if (permits(candidate)) {
          this.#forWithheld.add(key);
        }
      } else {
        this.#lacksBesides = true;
      }
    }
  }

  /** Keys of what given matches lead to: what there is room for, and what is left out. */
  #giveBesides(
    here: readonly Candidate[],
    found: readonly Candidate[],
    permits: (candidate: Candidate) => boolean,
  ): readonly [ReadonlySet<string>, ReadonlySet<string>] {
    const { rules, isPoolShared } = this.#wish;
    // Only what is given counts against the room for more, or the room would tell what is withheld.
    const given = here.filter((candidate) => this.#foreseen.has(keyOf(candidate)));
    const pool = isPoolShared ? [...this.#besides.values(), ...found] : found;
    const isGiven = new Set<string>();
    const isLeftOut = new Set<string>();
    for (const candidate of reachFrom(given, pool, rules).reached.filter(permits)) {
      const key = keyOf(candidate);
      if (this.#mayCome(candidate, key)) {
        isGiven.add(key);
      } else {
        isLeftOut.add(key);
        this.#besides.delete(key);
        this.#lacksBesides = true;
      }
    }
    return [isGiven, isLeftOut];
  }

  /** Whether there is room for it beside what is given. */
  #mayCome(candidate: Candidate, key: string): boolean {
    if (!this.#counted.has(key)) {
      const size = this.#means.sizeOf(candidate);
      if (!this.#wish.fits(this.#bytes + size)) {
        return false;
      }
      this.#bytes += size;
      this.#counted.add(key);
    }
    return true;
  }

  /** Matches that are foreseen to be given. */
  get #given(): readonly Candidate[] {
    return [...this.#matches].flatMap(([key, one]) => (this.#foreseen.has(key) ? [one] : []));
  }

  /**
   * A given match may lead to what is kept for a withheld one's sake, though there was no room for it beside
   * the given one. It must not come along: nobody learns that something withheld leads to it as well.
   */
  #dropUncounted(): void {
    const uncounted = [...this.#forWithheld].filter((key) => !this.#counted.has(key));
    if (uncounted.length === 0) {
      return;
    }
    const { reached } = reachFrom(this.#given, [...this.#besides.values()], this.#wish.rules);
    const isLed = new Set(reached.map(keyOf));
    for (const key of uncounted) {
      if (isLed.has(key)) {
        this.#besides.delete(key);
        this.#lacksBesides = true;
      }
    }
  }

  page(): FilledPage {
    this.#dropUncounted();
    for (const [key, candidate] of this.#matches) {
      const beside = this.#besides.get(key);
      if (beside !== undefined) {
        this.#matches.set(key, merged(candidate, beside));
        this.#besides.delete(key);
      }
    }
    return {
      matches: [...this.#matches.values()],
      foreseen: this.#given,
      besides: [...this.#besides.values()],
      further: [...this.#further.values()],
      next: this.#next,
      endsEarly: this.#endsEarly,
      nextKind: this.#nextKind,
      unreadable: this.#unreadable,
      untold: this.#untold,
      isStuck: this.#isStuck,
      lacksBesides: this.#lacksBesides,
    };
  }
}

/** What a match that is given would bring beside it. */
type Leads = (match: Candidate) => readonly Candidate[];

function isBeside({ mode }: Candidate): boolean {
  return mode === 'include';
}

/** Bytes of one entry of the page, as it was read. */
function shareIn({ bytes, entries }: Stretch): number {
  return bytes / Math.max(1, entries);
}

function asBeside(candidate: Candidate): Candidate {
  return { ...candidate, mode: 'include' };
}

export function kindOfCandidate({ resource, facts }: Candidate): string {
  return kindOf({ type: resource.resourceType, labels: recordedLabels(facts) });
}

/**
 * One candidate for a resource that the source gave twice, on two pages or as match and beside one: a match
 * if either is, and as sensitive as both together, since it may have been labelled in between.
 */
export function merged(first: Candidate, second: Candidate): Candidate {
  const labels = [...new Set([...first.facts.labels, ...second.facts.labels])].sort();
  const mode = first.mode === 'match' ? first.mode : second.mode;
  return { ...first, facts: { ...first.facts, labels }, mode };
}
