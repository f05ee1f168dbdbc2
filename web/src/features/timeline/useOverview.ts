// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { fetchAccesses } from '../../lib/api';
import { startOfWeek } from '../../lib/dates';
import { countAfterKnown, joinEntries } from './joinEntries';

export const WEEKS = 12;
const PAGE = 200;
/** What has come since the last reading is seldom more. */
const NEWS_PAGE = 50;
const MAX_PAGES = 15;
/** How long a reading is kept for the way back to the list. */
const KEPT_MS = 300_000;

/** The accesses of the last weeks, for the summary, the chart and the choices of the filters. */
export interface Overview {
  readonly since: Date;
  /** Newest first. */
  readonly entries: readonly AccessEntry[];
  /** Whether there are more in the period than were read. */
  readonly isCapped: boolean;
}

interface Counted {
  readonly overview: Overview | undefined;
  /** Nothing was read yet because it failed. */
  readonly isUnread: boolean;
}

const overviewQuery = (day: string, position: number) =>
  queryOptions({
    queryKey: ['overview', day, position] as const,
    queryFn: ({ client, signal }) => readOverview(latestOverview(client, day), new Date(), signal),
    staleTime: 60_000,
    gcTime: KEPT_MS,
    structuralSharing: false,
  });

/**
 * Read again whenever the ledger position moves, so that no entry is in the list that the counts leave out.
 * What was read before is shown meanwhile, and also when the reading fails.
 * @param isWanted false as long as the list itself is not there: it goes first.
 * @param position the ledger position that the counts must reach.
 */
export function useOverview(isWanted: boolean, position: number): Counted {
  const client = useQueryClient();
  const day = new Date().toDateString();
  const { data, error } = useQuery({ ...overviewQuery(day, position), enabled: isWanted });
  const overview = data ?? latestOverview(client, day);
  return { overview, isUnread: overview === undefined && error !== null };
}

function latestOverview(client: QueryClient, day: string): Overview | undefined {
  let latest: { readonly at: number; readonly overview: Overview } | undefined;
  for (const query of client.getQueryCache().findAll({ queryKey: ['overview', day] })) {
    const overview = query.state.data as Overview | undefined;
    const at = query.state.dataUpdatedAt;
    if (overview !== undefined && (latest === undefined || at >= latest.at)) {
      latest = { at, overview };
    }
  }
  return latest?.overview;
}

/** @param before an earlier reading: only what has come after it is read then. */
async function readOverview(before: Overview | undefined, now: Date, signal: AbortSignal): Promise<Overview> {
  const week = startOfWeek(now);
  const since = new Date(week.getFullYear(), week.getMonth(), week.getDate() - 7 * (WEEKS - 1));
  const query = new URLSearchParams({ from: since.toISOString() });
  const known = new Set(before?.entries.map(({ id }) => id));
  const pages: (readonly AccessEntry[])[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const list = await fetchAccesses(query, { cursor, limit: known.size > 0 ? NEWS_PAGE : PAGE }, signal);
    pages.push(list.items);
    if (before !== undefined && countAfterKnown(list.items, (id) => known.has(id)) !== undefined) {
      return { since, entries: joinEntries([...pages, before.entries]), isCapped: before.isCapped };
    }
    cursor = list.next;
    if (cursor === null) {
      break;
    }
  }
  return { since, entries: joinEntries(pages), isCapped: cursor !== null };
}
