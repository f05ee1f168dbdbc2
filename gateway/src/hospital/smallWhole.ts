// SPDX-License-Identifier: Apache-2.0
import { keyOf } from '../fhir/includes';
import type { Candidate } from '../fhir/itemGroups';
import type { FilledPage, PageWish } from './filledPage';
import type { Stretch } from './pagedSource';
import { SMALL_BYTES } from './sourceMemory';

/** A quarter of what needs no place: as it is written, it may be larger than it was read. */
const SURELY_SMALL_BYTES = SMALL_BYTES / 4;

/** All that the source has, where it is a small page as it is: there is nothing to foresee or to weigh. */
export function smallWhole(
  { isLast, bytes, besides }: Stretch,
  chosen: readonly (Candidate | undefined)[],
  { wanted, fits }: PageWish,
): FilledPage | undefined {
  if (!isLast || besides.length > 0 || bytes > SURELY_SMALL_BYTES || chosen.length > wanted || !fits(bytes)) {
    return undefined;
  }
  const matches = chosen.filter((candidate) => candidate !== undefined);
  const isPlain = matches.every(({ isUnreadable }) => isUnreadable !== true);
  return isPlain && new Set(matches.map(keyOf)).size === matches.length
    ? { ...WHOLE, matches, foreseen: matches }
    : undefined;
}

const WHOLE: Omit<FilledPage, 'matches' | 'foreseen'> = {
  besides: [],
  further: [],
  next: undefined,
  endsEarly: false,
  nextKind: undefined,
  unreadable: new Set(),
  untold: new Set(),
  isStuck: false,
  lacksBesides: false,
};
