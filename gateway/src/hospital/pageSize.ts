// SPDX-License-Identifier: Apache-2.0

/** By how much a page is made smaller when it exceeds the bound of bytes. */
const SHRINK = 4;
/** By how much pages become larger when reading on, and how many are read of one size before. */
const GROWTH = 4;
const PAGES_OF_A_SIZE = 2;
/** Rather than counting through more small pages from the start, a source is asked for names. */
const MAX_SKIPPED_PAGES = 50;

/** Matches on the next smaller page, at least one. */
export function smallerThan(count: number): number {
  return Math.max(1, Math.floor(count / SHRINK));
}

/** Matches on the next larger page, at most `most`. */
export function largerThan(count: number, most: number): number {
  return Math.min(most, count * GROWTH);
}

/** Whether so many pages of one size did not suffice that a larger one is due. */
export function mayGrowAfter(pagesOfSize: number): boolean {
  return pagesOfSize >= PAGES_OF_A_SIZE;
}

/** Whether counting to the place of match `position` in pages of `count` takes too many. */
export function isFar(position: number, count: number): boolean {
  return position / count > MAX_SKIPPED_PAGES;
}
