// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Notice } from '../../components/Notice';
import { formatTime } from '../../lib/dates';
import { meQuery, useMe } from '../../lib/queries';
import { inOwnTime } from '../../lib/serverClock';
import { setSessionState, signInPath } from '../../lib/sessionState';
import { useWords } from '../../words/context';

const WARN_BEFORE_MS = 120_000;
// A longer delay overflows the browser's timer.
const MAX_DELAY_MS = 2_000_000_000;

/** Says in time that the session will end, and covers the pages when it does. */
export function SessionWarning(): ReactNode {
  const words = useWords();
  const queryClient = useQueryClient();
  // The end that asking for more did not move: the session's limit.
  const [limit, setLimit] = useState<string | null>(null);
  const { sessionExpiresAt } = useMe();
  const endsAt = sessionExpiresAt === null ? null : inOwnTime(Date.parse(sessionExpiresAt));
  const isNear = useIsNear(endsAt);
  if (endsAt === null || !isNear) {
    return null;
  }
  // Any request prolongs the session, up to a limit; after that only signing in again helps.
  const stay = async (): Promise<void> => {
    await queryClient.refetchQueries({ queryKey: meQuery.queryKey });
    if (queryClient.getQueryData(meQuery.queryKey)?.sessionExpiresAt === sessionExpiresAt) {
      setLimit(sessionExpiresAt);
    }
  };
  return (
    <Notice kind="warning" title={words.text('session.soon.title')} isLive>
      <p>{words.text('session.soon.text', { time: formatTime(words.tag, new Date(endsAt)) })}</p>
      {limit === sessionExpiresAt ? (
        <a className="button" href={signInPath('/signed-in', words.tag)} target="_blank" rel="noreferrer">
          {words.text('session.soon.signIn')}
        </a>
      ) : (
        <button type="button" className="button" onClick={() => void stay()}>
          {words.text('session.soon.stay')}
        </button>
      )}
    </Notice>
  );
}

function useIsNear(endsAt: number | null): boolean {
  const [now, setNow] = useState(() => Date.now());
  const remaining = endsAt === null ? Infinity : endsAt - now;
  const isNear = remaining <= WARN_BEFORE_MS;
  useEffect(() => {
    if (remaining <= 0) {
      setSessionState('ended');
      return;
    }
    const delay = isNear ? remaining : Math.min(remaining - WARN_BEFORE_MS, MAX_DELAY_MS);
    if (delay === Infinity) {
      return;
    }
    const timer = setTimeout(() => {
      setNow(Date.now());
    }, delay);
    return () => {
      clearTimeout(timer);
    };
  }, [remaining, isNear]);
  return isNear;
}
