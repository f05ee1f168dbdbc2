// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { SearchEntry } from '../fhir/resource';
import { sourceFailed } from '../fhir/sourceFailed';
import { NoRoom, PageTooLarge, type SourcePage } from '../fhir/upstream';
import type { Filled } from './piecemeal';

/** How far an answer of the source has been gone through. */
export interface Place {
  /** The source's own link to the page; absent: matches are counted from the start. */
  readonly next?: string;
  /** Matches of that page that are done; without `next`, the same as `position`. */
  readonly index: number;
  /** Matches that are done since the start. */
  readonly position: number;
  /** Matches that the source was asked to put on a page. */
  readonly count: number;
  /** Whether the source is asked for names alone from here on. */
  readonly isByName?: boolean;
}

/** A search or an operation, asked of the source page by page. */
export interface PagedSource {
  /** The first page; undefined: there is nothing by this name. Throws as the source does. */
  open(count: number): Promise<SourcePage | undefined>;
  page(next: string): Promise<SourcePage>;
  /** What is asked for, as against what comes beside it. */
  readonly isMatch: (entry: SearchEntry) => boolean;
  /** In an emergency, aborted when no further page is to be asked for while none holds anything. */
  readonly hurry?: AbortSignal | undefined;
  /** The same without what comes beside the matches, for when one match with it is too large. */
  readonly bare?: PagedSource;
  /** The same by names alone, for pages that cannot be made small enough. */
  readonly byName?: PagedSource | undefined;
  /**
   * Looks at a page for which there is no room; undefined link: the first one, with one match. What there is no room for comes without its
   * content.
   * @param skip matches of the page that are done.
   */
  readonly look?: (link: string | undefined, skip: number) => Promise<SourcePage | undefined>;
  /** Of a source by names: reads the resources themselves. */
  readonly fill?: (names: readonly SearchEntry[]) => Promise<Filled>;
}

/** What one page of the source holds from a place on. */
export interface Stretch {
  readonly matches: readonly SearchEntry[];
  /** Everything else on the page, also what belongs to matches before the place, and these themselves. */
  readonly besides: readonly SearchEntry[];
  /** The place after so many of `matches`. */
  placeAfter(done: number): Place;
  readonly isLast: boolean;
  /** Size of the whole page as JSON. */
  readonly bytes: number;
  /** Entries of the whole page. */
  readonly entries: number;
}

/** By how much a page is made smaller when it exceeds the bound of bytes. */
const SHRINK = 4;
/** By how much pages become larger when reading on, and how many are read of one size before. */
const GROWTH = 4;
const PAGES_OF_A_SIZE = 2;
/** Names on a page that surely needs no place. */
const MAX_NAMES_WITHOUT_ROOM = 100;
/** Rather than counting through more small pages from the start, a source is asked for names. */
const MAX_SKIPPED_PAGES = 50;
/** Some sources make pages first and filter them afterwards; more in a row do not end. */
const MAX_EMPTY_PAGES = 100;

/**
 * Goes through the source's answer from a place to its end, one page in memory at a time. A page that is too large is asked for again in
 * smaller ones; the place is then found by counting, as it is when the source no longer knows its own link. Where that would take too many
 * pages, or one match alone is too large, the source is asked for names, and each resource is read by itself.
 */
export class SourceWalk {
  #source: PagedSource;
  #link: string | undefined;
  #position: number;
  #skip: number;
  #count: number;
  readonly #startCount: number;
  #isResuming: boolean;
  /** Stretches of this size that did not suffice. */
  #pagesOfSize = 0;
  #wasTooLarge = false;
  /** The source in whole pages, while it is asked for names; it takes their place if it does not know how to tell them. */
  #whole: PagedSource | undefined;
  /** Matches on a page of it before names were asked for; undefined where the walk began with names. */
  #wholeCount: number | undefined;
  /** Names of the last page that are not read yet. */
  #rest: Stretch | undefined;
  #hasEnded = false;
  #prefetched: Promise<Stretch | undefined> | undefined;
  readonly #seen = new Set<string>();
  #applied: URLSearchParams | undefined;

  constructor(source: PagedSource, start: Place) {
    this.#source = source;
    this.#link = start.next;
    this.#position = start.position - (start.next === undefined ? start.position : start.index);
    this.#skip = start.next === undefined ? start.position : start.index;
    this.#count = start.count;
    this.#startCount = start.count;
    this.#isResuming = start.next !== undefined;
    if (start.isByName === true && source.byName !== undefined) {
      this.#goByName(source.byName);
    }
  }

  /** Parameters that the source says it applied; undefined when it does not say, or before its first page. */
  get applied(): URLSearchParams | undefined {
    return this.#applied;
  }

  /** Whether the source is asked for names alone; what comes beside the matches is unknown then. */
  get isByName(): boolean {
    return this.#whole !== undefined;
  }

  /** Where the next stretch begins. */
  get place(): Place {
    return this.#rest?.placeAfter(0) ?? this.#placeAt(this.#link, this.#skip, this.#position + this.#skip);
  }

  /** Asks for the first stretch; {@link next} then returns it. */
  async prefetch(): Promise<Stretch | undefined> {
    this.#prefetched = this.#read();
    return this.#prefetched;
  }

  /** The next stretch; undefined at the end. @throws AppError what the source throws; UPSTREAM_FAILED when its pages do not end. */
  async next(): Promise<Stretch | undefined> {
    const prefetched = this.#prefetched;
    this.#prefetched = undefined;
    return prefetched ?? this.#read();
  }

  /**
   * The last stretch did not suffice. One more page of its size follows, since mostly a few matches are missing, and what reading on costs
   * shows that something was withheld; then larger ones, for which the source is asked from the start.
   * @param most matches on a page.
   */
  readOn(most: number): void {
    this.#pagesOfSize += 1;
    const count = Math.min(most, this.#count * GROWTH);
    const isWorthIt = this.#pagesOfSize >= PAGES_OF_A_SIZE && count >= 2 * this.#count;
    if (isWorthIt && !this.#wasTooLarge && !this.#hasEnded) {
      this.#restart(count);
    }
  }

  async #read(): Promise<Stretch | undefined> {
    if (this.#rest !== undefined) {
      return this.#filled(this.#rest);
    }
    for (let empty = 0; !this.#hasEnded;) {
      const page = await this.#fetch();
      if (page === undefined) {
        this.#hasEnded = true;
        return undefined;
      }
      const stretch = this.#take(page);
      // A page that was skipped whole, or holds nothing, is passed by.
      if (stretch.matches.length > 0 || stretch.besides.length > 0 || stretch.isLast) {
        return this.#filled(stretch);
      }
      empty = page.entries.length > 0 ? 0 : empty + 1;
      this.#assertEnding(empty);
    }
    return undefined;
  }

  /** The resources of the first names, if names are all that is known; the others are the next stretch. */
  async #filled(stretch: Stretch): Promise<Stretch> {
    const { fill } = this.#source;
    this.#rest = undefined;
    if (fill === undefined) {
      return stretch;
    }
    const { entries, bytes } = await fill(stretch.matches);
    const done = entries.length;
    if (done < stretch.matches.length) {
      this.#rest = {
        ...stretch,
        matches: stretch.matches.slice(done),
        placeAfter: (further) => stretch.placeAfter(done + further),
      };
    }
    const there = entries.flatMap((entry, place) => (entry === undefined ? [] : [{ entry, place }]));
    return {
      ...stretch,
      matches: there.map(({ entry }) => entry),
      placeAfter: (further) => stretch.placeAfter(there[further]?.place ?? done),
      isLast: stretch.isLast && this.#rest === undefined,
      bytes,
      entries: done,
    };
  }

  #assertEnding(empty: number): void {
    if (empty >= MAX_EMPTY_PAGES) {
      throw sourceFailed(`the pages of a search do not end: ${String(empty)} in a row hold nothing`);
    }
    if (empty > 0 && this.#source.hurry?.aborted === true) {
      throw sourceFailed('the pages of a search hold nothing for longer than an emergency waits');
    }
  }

  async #fetch(): Promise<SourcePage | undefined> {
    for (;;) {
      try {
        const page = await this.#ask();
        this.#isResuming = false;
        return page;
      } catch (error) {
        this.#recover(error);
      }
    }
  }

  async #ask(): Promise<SourcePage | undefined> {
    const link = this.#link;
    const { look } = this.#source;
    try {
      return await (link === undefined ? this.#source.open(this.#count) : this.#source.page(link));
    } catch (error) {
      if (this.#count > 1 || look === undefined || !(error instanceof NoRoom)) {
        throw error;
      }
      return look(link, this.#skip);
    }
  }

  /** Goes back to the start where that helps, else throws the error. */
  #recover(error: unknown): void {
    if (this.#isResuming && error instanceof AppError && error.code === 'UPSTREAM_FAILED') {
      this.#restart(this.#count);
      return;
    }
    const isRefused = this.isByName && error instanceof AppError && error.code === 'BAD_REQUEST';
    if (!(error instanceof PageTooLarge) && !isRefused) {
      throw error;
    }
    this.#wasTooLarge = true;
    const smaller = Math.max(1, Math.floor(this.#count / SHRINK));
    if (this.#whole !== undefined) {
      this.#giveUpNames(this.#whole);
    } else if (!this.#triesNames(smaller, error instanceof NoRoom)) {
      this.#shrink(smaller, error);
    }
  }

  /** Asks for names, where one match alone is too large, or counting to this place in small pages would take too many. */
  #triesNames(smaller: number, isForRoom: boolean): boolean {
    const { bare, byName } = this.#source;
    // For want of room, what comes beside the matches is not given up.
    const mayBeFar = !isForRoom || bare === undefined;
    const isFar = mayBeFar && (this.#position + this.#skip) / smaller > MAX_SKIPPED_PAGES;
    if (byName === undefined || !(isFar || (this.#count === 1 && bare === undefined))) {
      return false;
    }
    this.#goByName(byName);
    const names = Math.max(this.#count, this.#startCount);
    this.#wholeCount = this.#count;
    this.#restart(isForRoom ? Math.min(names, MAX_NAMES_WITHOUT_ROOM) : names);
    return true;
  }

  /** A source that gives whole resources when it is asked for names is asked in whole pages again. */
  #giveUpNames(whole: PagedSource): void {
    this.#source = { ...whole, byName: undefined };
    this.#whole = undefined;
    this.#restart(Math.max(1, Math.floor((this.#wholeCount ?? this.#count) / SHRINK)));
  }

  #shrink(smaller: number, error: unknown): void {
    if (this.#count === 1) {
      if (this.#source.bare === undefined) {
        if (error instanceof NoRoom) {
          throw error;
        }
        const reason = 'a single resource exceeds the bound of one answer of the source';
        throw new AppError('UPSTREAM_FAILED', reason, { cause: error });
      }
      this.#source = this.#source.bare;
    }
    this.#restart(smaller);
  }

  #goByName(byName: PagedSource): void {
    this.#whole = this.#source;
    this.#source = byName;
    this.#wasTooLarge = true;
  }

  #restart(count: number): void {
    this.#skip += this.#position;
    this.#position = 0;
    this.#link = undefined;
    this.#count = count;
    this.#pagesOfSize = 0;
    this.#isResuming = false;
    this.#seen.clear();
  }

  #take(page: SourcePage): Stretch {
    this.#applied ??= page.self;
    const all = page.entries.filter((entry) => this.#source.isMatch(entry));
    const skipped = Math.min(this.#skip, all.length);
    const [link, from] = [this.#link, this.#position];
    const isPassedBy = skipped === all.length && skipped > 0;
    this.#skip -= skipped;
    this.#position += all.length;
    this.#advance(page.next);
    return {
      matches: all.slice(skipped),
      besides:
        this.#source.fill === undefined
          ? [
              ...page.entries.filter((entry) => !this.#source.isMatch(entry)),
              ...(isPassedBy ? [] : all.slice(0, skipped).map(beside)),
            ]
          : [],
      placeAfter: (done) => this.#placeAt(link, skipped + done, from + skipped + done),
      isLast: page.next === undefined,
      bytes: page.bytes,
      entries: page.entries.length,
    };
  }

  #advance(next: string | undefined): void {
    if (next === undefined) {
      this.#hasEnded = true;
      return;
    }
    if (this.#seen.has(next)) {
      throw new AppError('UPSTREAM_FAILED', 'the pages of a search go round in circles', {
        retryAfterSeconds: 5,
      });
    }
    this.#seen.add(next);
    this.#link = next;
  }

  #placeAt(link: string | undefined, index: number, position: number): Place {
    const how = { count: this.#count, ...(this.#whole === undefined ? {} : { isByName: true }) };
    return link === undefined
      ? { index: position, position, ...how }
      : { next: link, index, position, ...how };
  }
}

/** A match as what may come beside another one. */
export function beside({ resource }: SearchEntry): SearchEntry {
  return { resource, mode: 'include' };
}

/** A page that is at hand already, as a source. */
export function sourceOf(page: SourcePage, isMatch: PagedSource['isMatch']): PagedSource {
  return { open: () => Promise.resolve(page), page: () => Promise.resolve(page), isMatch };
}
