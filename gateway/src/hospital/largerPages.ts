// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { PageTooLarge } from '../fhir/sources/upstream';
import type { LookedPage } from './looking';
import type { PagedSource, Place } from './pagedSource';
import { SMALL_BYTES } from './sourceMemory';

/** A page of the source that found no room. */
export interface FullPage {
  readonly source: PagedSource;
  /** undefined: the first page. */
  readonly link: string | undefined;
  /** Matches before it. */
  readonly from: number;
  /** Matches that it was asked for. */
  readonly count: number;
}

/**
 * The pages that found no room while a walk goes through them in smaller ones, the largest first. Once it is
 * past what is large, it goes on from them: else one large resource would make the rest of a chart cost a
 * question for each match.
 */
export class LargerPages {
  #pages: readonly FullPage[] = [];
  /** What was read in pages of the present size. */
  #bytes = 0;
  #matches = 0;
  /** The most that found room. */
  #mostBytes = SMALL_BYTES;

  get isEmpty(): boolean {
    return this.#pages.length === 0;
  }

  /**
   * Whether as many matches as the largest page holds would find room, were they like those that were read
   * last.
   */
  get isLight(): boolean {
    const [largest] = this.#pages;
    const each = this.#bytes / Math.max(1, this.#matches);
    return largest !== undefined && each * largest.count <= this.#mostBytes;
  }

  /**
   * @param position up to which matches are done: the walk does not return to pages that it is past, which
   *   may be full everywhere.
   */
  add(page: FullPage, position: number): void {
    if (page.source.look !== undefined) {
      this.#pages = [...this.#pages.filter((one) => position < endOf(one)), page];
    }
  }

  /** What was read, and found room. */
  note(bytes: number, matches: number): void {
    this.#bytes += bytes;
    this.#matches += matches;
    this.#mostBytes = Math.max(this.#mostBytes, bytes);
  }

  /** Pages of another size come. */
  startAgain(): void {
    this.#bytes = 0;
    this.#matches = 0;
  }

  /** The largest page that holds this place. */
  around(position: number): FullPage | undefined {
    return this.#pages.find((page) => page.from <= position && position < endOf(page));
  }

  /**
   * Looks at the largest page, without what is done of it, and forgets it and what lies in it; undefined
   * where none of them helps: they are larger than an answer may be, hold nothing that finds room, or the
   * source no longer knows them.
   * @throws what the source throws otherwise.
   */
  async look(position: number): Promise<{ full: FullPage; page: LookedPage } | undefined> {
    for (let full = this.#take(); full !== undefined; full = this.#take()) {
      try {
        const page = await full.source.look?.(full.link, position - full.from, full.count);
        if (page !== undefined) {
          this.#pages = [];
          return { full, page };
        }
      } catch (error) {
        const isGone =
          full.link !== undefined && error instanceof AppError && error.code === 'UPSTREAM_FAILED';
        if (!isGone && !(error instanceof PageTooLarge)) {
          throw error;
        }
      }
    }
    return undefined;
  }

  #take(): FullPage | undefined {
    const [largest, ...others] = this.#pages;
    this.#pages = others;
    return largest;
  }
}

/** As far as is known: the source may put fewer matches on a page. */
function endOf({ from, count }: FullPage): number {
  return from + count;
}

/** The place after so many matches, on that page. */
export function placeIn({ link, from, count }: FullPage, position: number): Place {
  return link === undefined
    ? { index: position, position, count }
    : { next: link, index: position - from, position, count };
}
