// SPDX-License-Identifier: Apache-2.0
import type { SearchEntry } from '../fhir/resource';
import type { SourcePage } from '../fhir/sources/upstream';
import type { LookedPage } from './looking';
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
  /** Whether the search is asked without what comes beside its matches. */
  readonly isBare?: boolean;
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
  readonly bare?: PagedSource | undefined;
  /** The same by names alone, for pages that cannot be made small enough. */
  readonly byName?: PagedSource | undefined;
  /**
   * Looks at a page for which there is no room; undefined link: the first one, with `count` matches. What
   * there is no room for comes without its content.
   * @param skip matches of the page that are done.
   */
  look?(link: string | undefined, skip: number, count: number): Promise<LookedPage | undefined>;
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

/** A match as what may come beside another one. */
export function beside({ resource }: SearchEntry): SearchEntry {
  return { resource, mode: 'include' };
}

/** The source, which does not know how to tell names. */
export function withoutNames(source: PagedSource): PagedSource {
  return {
    open: (count) => source.open(count),
    page: (next) => source.page(next),
    isMatch: source.isMatch,
    hurry: source.hurry,
    bare: source.bare,
    ...(source.look && { look: source.look.bind(source) }),
  };
}

/** A page that is at hand already, as a source. */
export function sourceOf(page: SourcePage, isMatch: PagedSource['isMatch']): PagedSource {
  return { open: () => Promise.resolve(page), page: () => Promise.resolve(page), isMatch };
}
