// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { fetchAccesses } from '../../lib/api';
import { fits, filterQuery, type AccessFilter } from '../../lib/accessFilter';

const PAGE = 200;

/**
 * Every entry that fits a filter, newest first, over all pages.
 * @param onProgress called with how many have been found so far.
 * @throws ApiError when a page cannot be read: a part is never given out as the whole. AbortError when stopped.
 */
export async function readAll(
  filter: AccessFilter,
  signal: AbortSignal,
  onProgress: (found: number) => void,
): Promise<readonly AccessEntry[]> {
  const query = filterQuery(filter);
  const entries: AccessEntry[] = [];
  let cursor: string | null = null;
  do {
    const page = await fetchAccesses(query, { cursor, limit: PAGE }, signal);
    for (const entry of page.items) if (fits(filter, entry)) entries.push(entry);
    onProgress(entries.length);
    cursor = page.next;
  } while (cursor !== null);
  return entries;
}
