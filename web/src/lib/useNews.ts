// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isSomebodyHere } from './activity';
import { meQuery } from './queries';

const NEWS_EVERY_MS = 15_000;

/**
 * Asks in turns how far the list is, as long as somebody is there to read it. Part of the first download: who
 * loses the server in the first seconds must be told too.
 */
export function useNews(): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    const timer = setInterval(() => {
      if (isSomebodyHere()) {
        void queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
      }
    }, NEWS_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [queryClient]);
}
