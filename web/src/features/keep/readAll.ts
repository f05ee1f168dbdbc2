// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { QueryClient } from '@tanstack/react-query';
import { fetchAccesses } from '../../lib/api';
import { fits, filterQuery, type AccessFilter } from '../../lib/accessFilter';
import { meQuery } from '../../lib/queries';
import type { ExportFacts } from './exportFiles';

const PAGE = 200;

interface Copy extends ExportFacts {
  /** There are more entries than were asked for at most: what was read is not the whole. */
  readonly isCut: boolean;
}

/**
 * The copy of a filter. The ledger position is read before the entries: they hold at least everything up to
 * it.
 * @param most reading stops when more entries than this are found.
 * @throws as {@link readAll}.
 */
export async function readCopy(
  queryClient: QueryClient,
  filter: AccessFilter,
  signal: AbortSignal,
  onProgress: (found: number) => void,
  most = Infinity,
): Promise<Copy> {
  const me = await queryClient.query({ ...meQuery, staleTime: 0 });
  const madeAt = new Date();
  const entries = await readAll(filter, signal, onProgress, most);
  return { me, filter, madeAt, entries, isCut: entries.length > most };
}

/**
 * Every entry that fits a filter, newest first, over all pages.
 * @param onProgress called with how many have been found so far.
 * @throws ApiError when a page cannot be read: a part is never given out as the whole. AbortError when
 *   stopped.
 */
async function readAll(
  filter: AccessFilter,
  signal: AbortSignal,
  onProgress: (found: number) => void,
  most: number,
): Promise<readonly AccessEntry[]> {
  const query = filterQuery(filter);
  const entries: AccessEntry[] = [];
  let cursor: string | null = null;
  do {
    const page = await fetchAccesses(query, { cursor, limit: PAGE }, signal);
    for (const entry of page.items) {
      if (fits(filter, entry)) {
        entries.push(entry);
      }
    }
    onProgress(entries.length);
    cursor = page.next;
  } while (cursor !== null && entries.length <= most);
  return entries;
}
