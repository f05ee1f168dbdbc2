// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessList } from '@api/schemas';
import {
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useQueryClient,
  type InfiniteData,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { fetchAccesses } from '../../lib/api';
import { FIRST_PAGE } from '../../lib/firstReads';
import { fits, filterQuery, isNarrowedHere, type AccessFilter } from '../../lib/accessFilter';
import { joinEntries } from './joinEntries';

const PAGE = 50;
/** Where the portal itself looks for names, it reads larger pages. */
const SEARCH_PAGE = 200;

/**
 * The list of a filter, page by page, newest first. What is loaded stays as it is: new entries are offered,
 * not slipped in.
 */
export function accessPagesQuery(filter: AccessFilter) {
  const query = filterQuery(filter);
  const isSearch = isNarrowedHere(filter);
  return infiniteQueryOptions({
    queryKey: ['accesses', query.toString(), isSearch],
    queryFn: async ({ pageParam, client, signal }) => {
      if (pageParam === null) {
        return fetchAccesses(query, { limit: isSearch ? SEARCH_PAGE : FIRST_PAGE }, signal);
      }
      const next = nextPageQuery(query, pageParam, isSearch ? SEARCH_PAGE : PAGE);
      const page = await client.query(next);
      // From here on it is part of the list.
      client.removeQueries({ queryKey: next.queryKey });
      return page;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    // Comparing thousands of loaded entries with themselves at each new page would be all that it does.
    structuralSharing: false,
  });
}

const nextPageQuery = (query: URLSearchParams, cursor: string, limit: number) =>
  queryOptions({
    queryKey: ['accessesAfter', query.toString(), cursor, limit],
    queryFn: ({ signal }) => fetchAccesses(query, { cursor, limit }, signal),
    staleTime: Infinity,
    structuralSharing: false,
    // The list that it becomes part of tries again.
    retry: false,
  });

/**
 * Asks for the page that follows the loaded ones before the reader comes to it, so that it only has to be
 * drawn then.
 * @param isWanted false as long as there is something else to load, which goes first.
 */
export function useNextPageAhead(filter: AccessFilter, { list }: AccessPages, isWanted: boolean): void {
  const queryClient = useQueryClient();
  const cursor = list.data?.pages.at(-1)?.next ?? null;
  useEffect(() => {
    if (!isWanted || cursor === null || isNarrowedHere(filter)) {
      return;
    }
    // A patient who reads on asks for it again, and sees what went wrong then.
    queryClient.query(nextPageQuery(filterQuery(filter), cursor, PAGE)).catch(() => undefined);
  }, [isWanted, cursor, filter, queryClient]);
}

export type Pages = InfiniteData<AccessList>;

export interface AccessPages {
  readonly list: UseInfiniteQueryResult<Pages>;
  /** Loaded entries that fit the filter. */
  readonly entries: readonly AccessEntry[];
  /** How many were loaded to find them. */
  readonly searched: number;
  /** Time of the oldest that was loaded. */
  readonly searchedBack: string | undefined;
}

export function useAccessPages(filter: AccessFilter): AccessPages {
  const list = useInfiniteQuery(accessPagesQuery(filter));
  const loaded = useMemo(() => joinEntries(list.data?.pages.map(({ items }) => items) ?? []), [list.data]);
  const entries = useMemo(
    () => (isNarrowedHere(filter) ? loaded.filter((entry) => fits(filter, entry)) : loaded),
    [loaded, filter],
  );
  return { list, entries, searched: loaded.length, searchedBack: loaded.at(-1)?.at };
}
