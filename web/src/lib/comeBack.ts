// SPDX-License-Identifier: Apache-2.0
import { hashKey, useQueryClient, type Query, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isSomebodyHere } from './activity';
import { ApiError } from './apiError';

const AGAIN_EVERY_MS = 10_000;

/**
 * Calls `ask` in turns, and at once when the browser says that the network is back, as long as somebody is
 * there to read the answer.
 * @returns what ends it.
 */
export function inTurns(ask: () => void): () => void {
  const askForSomebody = (): void => {
    if (isSomebodyHere()) {
      ask();
    }
  };
  const timer = setInterval(askForSomebody, AGAIN_EVERY_MS);
  window.addEventListener('online', askForSomebody);
  return () => {
    clearInterval(timer);
    window.removeEventListener('online', askForSomebody);
  };
}

/**
 * Reads again by itself what a page shows and could not read because something was away. Until the answer is
 * there the page goes on saying so: it does not flicker, and a screen reader does not hear it anew.
 */
export function useComeBack(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      inTurns(() => {
        const failed = client
          .getQueryCache()
          .findAll({ type: 'active', fetchStatus: 'idle', predicate: isAway });
        for (const query of failed) {
          void readAgain(client, query);
        }
      }),
    [client],
  );
}

function isAway({ state }: Query): boolean {
  return state.error instanceof ApiError && state.error.isAway;
}

async function readAgain(client: QueryClient, query: Query): Promise<void> {
  const { data, fetchMeta } = query.state;
  try {
    if (data !== undefined) {
      // What is shown, and what failed, stay until the answer is there. Of a list only the page that failed
      // is read.
      await query.fetch(undefined, fetchMeta ? { meta: fetchMeta } : {});
      return;
    }
    // Under a key of its own: reading the same again would first take back what the page says.
    const queryKey = ['again', ...query.queryKey];
    const fresh = { queryKey, queryHash: hashKey(queryKey), retry: false, staleTime: 0, gcTime: 0 };
    const answer = await client.query({ ...query.options, ...fresh });
    // Somebody else may be signed in by now, and the page may have read it meanwhile.
    const isAsked = client.getQueryCache().get(query.queryHash) === query && query.state.data === undefined;
    if (isAsked) {
      query.setData(answer);
    }
  } catch {
    // Still away: the next turn asks again.
  }
}
