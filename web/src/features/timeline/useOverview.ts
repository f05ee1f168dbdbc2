// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { fetchAccesses } from '../../lib/api';
import { startOfWeek } from '../../lib/dates';

export const WEEKS = 12;
const PAGE = 200;
const MAX_PAGES = 15;

/** The accesses of the last weeks, for the summary, the chart and the choices of the filters. */
export interface Overview {
  readonly since: Date;
  /** Newest first. */
  readonly entries: readonly AccessEntry[];
  /** Whether there are more in the period than were read. */
  readonly isCapped: boolean;
}

const overviewQuery = (day: string) =>
  queryOptions({
    queryKey: ['overview', day],
    queryFn: ({ signal }) => readOverview(new Date(), signal),
    staleTime: 60_000,
    structuralSharing: false,
  });

/** @param isWanted false as long as the list itself is not there: it goes first. */
export function useOverview(isWanted: boolean) {
  return useQuery({ ...overviewQuery(new Date().toDateString()), enabled: isWanted });
}

async function readOverview(now: Date, signal: AbortSignal): Promise<Overview> {
  const week = startOfWeek(now);
  const since = new Date(week.getFullYear(), week.getMonth(), week.getDate() - 7 * (WEEKS - 1));
  const query = new URLSearchParams({ from: since.toISOString() });
  const entries: AccessEntry[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = await fetchAccesses(query, { cursor, limit: PAGE }, signal);
    entries.push(...list.items);
    cursor = list.next;
    if (cursor === null) break;
  }
  return { since, entries, isCapped: cursor !== null };
}
