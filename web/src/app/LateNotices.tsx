// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { FailedSignIns } from '../features/session/FailedSignIns';
import { SessionWarning } from '../features/session/SessionWarning';
import { isSomebodyHere } from '../lib/activity';
import { meQuery } from '../lib/queries';

/** What watches a page that stays open: the session's end, news, and what is told once after a sign-in. */
export function LateNotices(): ReactNode {
  useNews();
  return (
    <>
      <FailedSignIns />
      <SessionWarning />
    </>
  );
}

const NEWS_EVERY_MS = 15_000;

/** Asks in turns how far the list is, as long as somebody is there to read it. */
function useNews(): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    const timer = setInterval(() => {
      if (isSomebodyHere()) void queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    }, NEWS_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [queryClient]);
}
