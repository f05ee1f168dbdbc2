// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { useLocation } from 'react-router';
import { ErrorPage } from '../components/ErrorPage';
import { PartBoundary } from '../components/PartBoundary';
import { ApiError } from '../lib/apiError';
import { inTurns, useComeBack } from '../lib/comeBack';
import { meQuery, MeProvider } from '../lib/queries';
import { guardPageCache } from '../lib/pageCache';
import { hearOtherTabs, setSessionState, useSessionState } from '../lib/sessionState';
import { Waiting } from '../components/Waiting';
import { AppRoutes } from './AppRoutes';
import { Frame } from './Frame';
import { SessionEndedPage, SignedInPage, SignInPage } from './lazyPages';

/** Shows the pages to somebody who is signed in, and the way in to everybody else. */
export function SessionGate(): ReactNode {
  const { pathname } = useLocation();
  const session = useSessionState();
  const me = useQuery({ ...meQuery, enabled: session === 'open' });
  const resume = useResume();
  useComeBack();
  useEffect(() => {
    if (session !== 'asking') {
      return;
    }
    return inTurns(() => void resume());
  }, [session, resume]);
  useEffect(
    () =>
      hearOtherTabs((message) => {
        if (message === 'signedOut') {
          setSessionState('ended');
        } else {
          void resume();
        }
      }),
    [resume],
  );
  useEffect(
    () =>
      guardPageCache(() => {
        flushSync(() => {
          setSessionState('asking');
        });
        void resume();
      }),
    [resume],
  );
  if (session === 'ended') {
    return framed(<SessionEndedPage onResume={resume} />);
  }
  if (session === 'asking') {
    const { error } = me;
    const isAway = error instanceof ApiError && error.isAway;
    return framed(isAway ? <ErrorPage error={error} onRetry={() => void resume()} /> : <Waiting />);
  }
  if (me.data !== undefined) {
    if (pathname === '/signed-in') {
      return framed(<SignedInPage />);
    }
    return (
      <MeProvider value={me.data}>
        <AppRoutes key={me.data.subject} />
      </MeProvider>
    );
  }
  if (me.error === null) {
    return framed(<Waiting />);
  }
  if (me.error instanceof ApiError && me.error.isSignedOut) {
    return framed(<SignInPage />);
  }
  return framed(<ErrorPage error={me.error} onRetry={() => void me.refetch()} />);
}

function framed(page: ReactNode): ReactNode {
  return (
    <Frame>
      <PartBoundary>{page}</PartBoundary>
    </Frame>
  );
}

/**
 * Asks for the session again and opens the pages when it is there; false when there is none or no answer
 * came.
 */
function useResume(): () => Promise<boolean> {
  const queryClient = useQueryClient();
  return useCallback(async () => {
    try {
      await queryClient.query({ ...meQuery, staleTime: 0, retry: false });
    } catch (error) {
      if (error instanceof ApiError) {
        return false;
      }
      throw error;
    }
    setSessionState('open');
    return true;
  }, [queryClient]);
}
