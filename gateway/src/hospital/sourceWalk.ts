// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { sourceFailed } from '../fhir/sources/sourceFailed';
import { NoRoom, PageTooLarge } from '../fhir/sources/upstream';
import { type FullPage, LargerPages, placeIn } from './largerPages';
import { type LookedPage, orElse } from './looking';
import { isFar, largerThan, mayGrowAfter, smallerThan } from './pageSize';
import { beside, type PagedSource, type Place, type Stretch, withoutNames } from './pagedSource';

/** Names on a page that surely needs no place. */
const MAX_NAMES_WITHOUT_ROOM = 100;
/** Some sources make pages first and filter them afterwards; more in a row do not end. */
const MAX_EMPTY_PAGES = 100;

/**
 * Goes through the source's answer from a place to its end, one page in memory at a time. A page that is too
 * large is asked for again in smaller ones; the place is then found by counting, as it is when the source no
 * longer knows its own link. Where that would take too many pages, or one match alone is too large, the
 * source is asked for names, and each resource is read by itself.
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
  /** Pages that found no room, and lie before what is read now in smaller ones. */
  readonly #larger = new LargerPages();
  /** Whether to go on from the largest of them. */
  #isGrowing = false;
  /** Whether the page that was looked at holds more than there is room for together. */
  #isCut = false;
  /**
   * The source in whole pages, while it is asked for names; it takes their place if it does not know how to
   * tell them.
   */
  #whole: PagedSource | undefined;
  #wasBare = false;
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
    } else if (start.isBare === true && source.bare !== undefined) {
      this.#goBare(source.bare);
    }
  }

  /** Parameters that the source says it applied; undefined when it does not say, or before its first page. */
  get applied(): URLSearchParams | undefined {
    return this.#applied;
  }

  /** Whether pages lack what comes beside their matches, because it was not asked for. */
  get wasBare(): boolean {
    return this.#wasBare;
  }

  /** Where the next stretch begins. */
  get place(): Place {
    return this.#rest?.placeAfter(0) ?? this.#placeAt(this.#link, this.#skip, this.#position + this.#skip);
  }

  /** Asks for the first stretch; {@link next} then returns it. */
  prefetch(): Promise<Stretch | undefined> {
    this.#prefetched = this.#read();
    return this.#prefetched;
  }

  /**
   * The next stretch; undefined at the end.
   * @throws AppError what the source throws; UPSTREAM_FAILED when its pages do not end.
   */
  next(): Promise<Stretch | undefined> {
    const prefetched = this.#prefetched;
    this.#prefetched = undefined;
    return prefetched ?? this.#read();
  }

  /**
   * The last stretch did not suffice. One more page of its size follows, since mostly a few matches are
   * missing, and what reading on costs shows that something was withheld; then larger ones, for which the
   * source is asked from the start, or from the page that found no room.
   * @param most matches on a page.
   */
  readOn(most: number): void {
    this.#pagesOfSize += 1;
    if (!this.#larger.isEmpty) {
      this.#isGrowing = mayGrowAfter(this.#pagesOfSize) && this.#larger.isLight;
      return;
    }
    const count = largerThan(this.#count, most);
    const isWorthIt = mayGrowAfter(this.#pagesOfSize) && count >= 2 * this.#count;
    if (isWorthIt && !this.#wasTooLarge && !this.#hasEnded) {
      this.#restart(count);
    }
  }

  async #read(): Promise<Stretch | undefined> {
    let grown = this.#isGrowing ? await this.#lookAtLarger() : undefined;
    this.#isGrowing = false;
    if (this.#rest !== undefined) {
      return this.#filled(this.#rest);
    }
    for (let empty = 0; !this.#hasEnded;) {
      const page = grown ?? (await this.#fetch());
      grown = undefined;
      if (page === undefined) {
        this.#hasEnded = true;
        return undefined;
      }
      const stretch = this.#take(page);
      // A page that was skipped whole, or holds nothing, is passed by.
      if (stretch.matches.length > 0 || stretch.besides.length > 0 || stretch.isLast) {
        return this.#source.fill === undefined ? this.#noted(stretch) : this.#filled(stretch);
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
      return this.#noted(stretch);
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
    return this.#noted({
      ...stretch,
      matches: there.map(({ entry }) => entry),
      placeAfter: (further) => stretch.placeAfter(there[further]?.place ?? done),
      isLast: stretch.isLast && this.#rest === undefined,
      bytes,
      entries: done,
    });
  }

  #noted(stretch: Stretch): Stretch {
    this.#larger.note(stretch.bytes, stretch.matches.length);
    return stretch;
  }

  #assertEnding(empty: number): void {
    if (empty >= MAX_EMPTY_PAGES) {
      throw sourceFailed(`the pages of a search do not end: ${String(empty)} in a row hold nothing`);
    }
    if (empty > 0 && this.#source.hurry?.aborted === true) {
      throw sourceFailed('the pages of a search hold nothing for longer than an emergency waits');
    }
  }

  async #fetch(): Promise<LookedPage | undefined> {
    if (this.#isCut) {
      this.#isCut = false;
      this.#recover(new NoRoom());
    }
    for (;;) {
      try {
        const page = await this.#ask();
        this.#isResuming = false;
        return page;
      } catch (error) {
        const larger =
          error instanceof NoRoom && isFar(this.#position + this.#skip, smallerThan(this.#count))
            ? await this.#lookAtLarger()
            : undefined;
        if (larger !== undefined) {
          return larger;
        }
        this.#recover(error);
      }
    }
  }

  async #ask(): Promise<LookedPage | undefined> {
    const source = this.#source;
    const [link, count] = [this.#link, this.#count];
    try {
      return await (link === undefined ? source.open(count) : source.page(link));
    } catch (error) {
      // What is done on a page is not kept, so the rest may find room.
      if (source.look === undefined || !(error instanceof NoRoom) || (count > 1 && this.#skip === 0)) {
        throw error;
      }
      if (count > 1) {
        return orElse(error, source.look(link, this.#skip, count));
      }
      return (await this.#lookAtLarger()) ?? source.look(link, this.#skip, count);
    }
  }

  /**
   * Goes on from the largest page that found no room, without what is done of it; undefined where that does
   * not help.
   */
  async #lookAtLarger(): Promise<LookedPage | undefined> {
    const { position } = this.place;
    const found = await this.#larger.look(position);
    if (found === undefined) {
      return undefined;
    }
    this.#goOnFrom(found.full, position);
    return found.page;
  }

  #goOnFrom({ source, link, from, count }: FullPage, position: number): void {
    this.#source = source;
    this.#whole = undefined;
    this.#rest = undefined;
    this.#restart(count);
    this.#skip = position - from;
    this.#position = from;
    this.#link = link;
    this.#hasEnded = false;
    this.#wasTooLarge = false;
  }

  /** Goes back to the start where that helps, else throws the error. */
  #recover(error: unknown): void {
    if (this.#isResuming && error instanceof AppError && error.code === 'UPSTREAM_FAILED') {
      this.#restart(this.#count);
      return;
    }
    const isRefused = this.#whole !== undefined && error instanceof AppError && error.code === 'BAD_REQUEST';
    if (!(error instanceof PageTooLarge) && !isRefused) {
      throw error;
    }
    if (error instanceof NoRoom && this.#count > 1) {
      this.#larger.add(
        { source: this.#source, link: this.#link, from: this.#position, count: this.#count },
        this.#position + this.#skip,
      );
    }
    this.#wasTooLarge = true;
    const smaller = smallerThan(this.#count);
    if (this.#whole !== undefined) {
      this.#giveUpNames(this.#whole);
    } else if (!this.#triesNames(smaller, error instanceof NoRoom)) {
      this.#shrink(smaller, error);
    }
  }

  /**
   * Asks for names, where one match alone is too large, or counting to this place in small pages would take
   * too many.
   */
  #triesNames(smaller: number, isForRoom: boolean): boolean {
    const { bare, byName } = this.#source;
    // For want of room, what comes beside the matches is not given up.
    const mayBeFar = !isForRoom || bare === undefined;
    const tooFar = mayBeFar && isFar(this.#position + this.#skip, smaller);
    if (byName === undefined || !(tooFar || (this.#count === 1 && bare === undefined))) {
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
    this.#source = withoutNames(whole);
    this.#whole = undefined;
    this.#restart(smallerThan(this.#wholeCount ?? this.#count));
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
      this.#goBare(this.#source.bare);
    }
    this.#restart(smaller);
  }

  #goBare(bare: PagedSource): void {
    this.#wasBare = true;
    this.#source = bare;
  }

  #goByName(byName: PagedSource): void {
    this.#whole = this.#source;
    this.#wasBare = true;
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
    this.#isCut = false;
    this.#seen.clear();
    this.#larger.startAgain();
  }

  #take(page: LookedPage): Stretch {
    this.#applied ??= page.self;
    const all = page.entries.filter((entry) => this.#source.isMatch(entry));
    const skipped = Math.min(this.#skip, all.length);
    const [link, from] = [this.#link, this.#position];
    const isPassedBy = skipped === all.length && skipped > 0;
    const done = Math.min(all.length, skipped + (page.fitting ?? Infinity));
    this.#isCut = done < all.length;
    if (this.#isCut) {
      this.#skip = done;
    } else {
      this.#skip -= skipped;
      this.#position += all.length;
      this.#advance(page.next);
    }
    const mayComeBeside = isPassedBy || page.fitting !== undefined ? [] : all.slice(0, skipped);
    return {
      matches: all.slice(skipped, done),
      besides:
        this.#source.fill === undefined
          ? [...page.entries.filter((entry) => !this.#source.isMatch(entry)), ...mayComeBeside.map(beside)]
          : [],
      placeAfter: (further) => this.#placeAt(link, skipped + further, from + skipped + further),
      isLast: page.next === undefined && !this.#isCut,
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

  /**
   * A smaller page is named as a part of the larger one that it lies in: the next page of the answer may find
   * room for that.
   */
  #placeAt(link: string | undefined, index: number, position: number): Place {
    const larger = this.#larger.around(position);
    if (larger !== undefined) {
      return placeIn(larger, position);
    }
    const isByName = this.#whole !== undefined;
    const isBare = this.#wasBare && !isByName && this.#source.bare === undefined;
    const how = { count: this.#count, ...(isByName && { isByName }), ...(isBare && { isBare }) };
    return link === undefined
      ? { index: position, position, ...how }
      : { next: link, index, position, ...how };
  }
}
