// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, AccessList } from '@api/schemas';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { filterQuery, fits, type AccessFilter } from '../../lib/accessFilter';
import { EMERGENCY, isEmergency } from '../../lib/accessKinds';
import { fetchAccesses } from '../../lib/api';
import { meQuery } from '../../lib/queries';
import { countAfterKnown } from './joinEntries';
import { accessPagesQuery, type AccessPages, type Pages } from './useAccessPages';

/** The most new entries that are counted one by one. */
const PAGE = 50;

interface NewEntries {
  /** Entries after the newest loaded one; `isMany` when there are more than were looked at. */
  readonly count: number;
  readonly isMany: boolean;
  /** How many of them are emergencies, as far as is known: more than none when there is any. */
  readonly emergencies: number;
  readonly show: () => void;
}

const NONE: readonly AccessEntry[] = [];

/** Looks for entries after the newest loaded one whenever the ledger position of the list has moved. */
export function useNewEntries(filter: AccessFilter, { list }: AccessPages): NewEntries {
  const queryClient = useQueryClient();
  const options = accessPagesQuery(filter);
  const me = useQuery(meQuery);
  const first = list.data?.pages[0]?.items[0];
  const reading = useQuery({
    queryKey: ['newest', ...options.queryKey, me.data?.list.block ?? null, first?.id ?? null],
    queryFn: ({ signal }) => readNewest(filter, first, signal),
    enabled: list.data !== undefined && me.dataUpdatedAt > list.dataUpdatedAt,
    staleTime: Infinity,
    gcTime: 0,
    // What was found stays offered while the list is asked once more.
    placeholderData: (before) => before,
    structuralSharing: false,
  }).data;
  const known = useMemo(
    () => new Set(list.data?.pages.flatMap(({ items }) => items.map(({ id }) => id))),
    [list.data],
  );
  const isOfThis = reading?.of === options.queryKey.join();
  const newest = isOfThis ? reading.list.items : NONE;
  const end = countAfterKnown(newest, (id) => known.has(id));
  return {
    ...newsOf(filter, newest.slice(0, end), isOfThis && end === undefined ? reading : undefined),
    show: () => {
      // The newest page has no known entry: what lies between is not read, so the list begins anew.
      if (end === undefined) {
        void queryClient.resetQueries({ queryKey: options.queryKey });
      } else {
        // What is known comes along as it was read now: it may have been corrected.
        const read = newest.filter(({ id }, at) => at < end || known.has(id));
        queryClient.setQueryData(options.queryKey, (data) => data && withNewest(data, read));
      }
    },
  };
}

/** @param beyond the reading, where all of it is new: there may be more behind it. */
function newsOf(
  filter: AccessFilter,
  arrived: readonly AccessEntry[],
  beyond: Reading | undefined,
): Omit<NewEntries, 'show'> {
  const fitting = arrived.filter((entry) => fits(filter, entry));
  const isMany = beyond !== undefined && beyond.list.next !== null;
  const further = beyond?.emergency;
  const hasFurther = isMany && further !== undefined && fits(filter, further);
  return {
    count: fitting.length,
    isMany,
    emergencies: fitting.filter(isEmergency).length || Number(hasFurther),
  };
}

interface Reading {
  /** The list that was read: a reading of another filter says nothing about this one. */
  readonly of: string;
  readonly list: AccessList;
  /** The newest emergency among new entries that are more than a page. */
  readonly emergency?: AccessEntry | undefined;
}

async function readNewest(
  filter: AccessFilter,
  known: AccessEntry | undefined,
  signal: AbortSignal,
): Promise<Reading> {
  const of = accessPagesQuery(filter).queryKey.join();
  const list = await fetchAccesses(filterQuery(filter), { limit: PAGE }, signal);
  if (known === undefined || list.next === null || list.items.some(({ id }) => id === known.id)) {
    return { of, list };
  }
  if (filter.purpose !== undefined && filter.purpose !== EMERGENCY) {
    return { of, list };
  }
  const emergencies = filterQuery({ ...filter, purpose: EMERGENCY });
  const [newest] = (await fetchAccesses(emergencies, { limit: 1 }, signal)).items;
  const isNew = newest !== undefined && newest.ledger.block > known.ledger.block;
  return { of, list, emergency: isNew ? newest : undefined };
}

function withNewest(data: Pages, items: readonly AccessEntry[]): Pages {
  return {
    pages: [{ items: [...items], next: null }, ...data.pages],
    pageParams: [null, ...data.pageParams],
  };
}
