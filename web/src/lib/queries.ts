// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry, Me } from '@api/schemas';
import { QueryCache, QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, use } from 'react';
import { fetchAccess, fetchAccesses, fetchMe } from './api';
import { ApiError } from './apiError';
import { useWords } from '../words/context';
import { forgetUnsaved } from './draft';
import { nameOfOrganisation } from './organisationNames';

const RETRIES = 2;
const ME_KEY = ['me'] as const;

/** @param onSignedOut called when any read says that there is no session. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof ApiError && error.isSignedOut) {
          onSignedOut();
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        gcTime: Infinity,
        networkMode: 'always',
        retry: (count, error) => count < RETRIES && error instanceof ApiError && error.isAway,
        retryDelay: (count) => 400 * 2 ** count,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export const meQuery = queryOptions({
  queryKey: ME_KEY,
  queryFn: async ({ client, signal }) => {
    const now = await fetchMe(signal);
    const before = client.getQueryData<Me>(ME_KEY);
    if (before !== undefined && before.subject !== now.subject) {
      forgetEverything(client);
    }
    return now;
  },
});

/** What one person loaded or began is not shown to the next one in the same tab. */
export function forgetEverything(client: QueryClient): void {
  forgetUnsaved();
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME_KEY[0] });
}

/**
 * One entry. A later line of the ledger may correct it or add a part, so it is read again when it is opened
 * again.
 */
export const entryQuery = (id: string) =>
  queryOptions({
    queryKey: ['access', id],
    queryFn: ({ signal }) => fetchAccess(id, signal),
  });

/** The newest entry of a person: where a name for an identifier in a rule comes from. */
const personQuery = (id: string) =>
  queryOptions({
    queryKey: ['person', id],
    queryFn: async ({ signal }): Promise<AccessEntry | null> => {
      const list = await fetchAccesses(new URLSearchParams({ user: id }), { limit: 1 }, signal);
      return list.items[0] ?? null;
    },
    staleTime: Infinity,
  });

const MeContext = createContext<Me | null>(null);
/** Gives the pages the caller, so that only one place watches the session. */
export const MeProvider = MeContext.Provider;

/** The caller, once the session is known to be there. */
export function useMe(): Me {
  const me = use(MeContext);
  if (me === null) {
    throw new Error('useMe needs a MeProvider');
  }
  return me;
}

/**
 * The name of a person who appears in the list; undefined while it is looked for and when the person does not
 * appear.
 */
export function usePersonName(id: string | undefined): string | undefined {
  const { data } = useQuery({ ...personQuery(id ?? ''), enabled: id !== undefined });
  return data?.requester.person?.name;
}

/** {@link nameOfOrganisation} in the page's words. */
export function useOrganisationName(): (mspId: string, given?: string) => string {
  const words = useWords();
  const { organisations } = useMe();
  return (mspId, given) => nameOfOrganisation(words, organisations, mspId, given);
}

/** Somebody who has asked for the caller's data. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Where this person worked when asking last. */
  readonly organisation: { readonly mspId: string; readonly name: string };
}

const PEOPLE_FROM = 200;

/** The people behind the newest entries, by name. */
export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }): Promise<readonly Person[]> => {
    const { items } = await fetchAccesses(new URLSearchParams(), { limit: PEOPLE_FROM }, signal);
    const people = new Map<string, Person>();
    for (const { requester } of items) {
      const { person, organisation } = requester;
      if (person !== null && !people.has(person.id)) {
        people.set(person.id, { ...person, organisation });
      }
    }
    return [...people.values()].sort((a, b) => a.name.localeCompare(b.name));
  },
  staleTime: 60_000,
});
