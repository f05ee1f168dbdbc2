// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import { DialogNotices } from '../components/dialogNotices';
import { Name } from '../components/Name';
import { Notice } from '../components/Notice';
import { ApiError } from '../lib/apiError';
import { isUnsaved, useIsUnsaved } from '../lib/draft';
import { isSomebodyHere } from '../lib/activity';
import { meQuery, useMe } from '../lib/queries';
import { signOut } from '../lib/signOut';
import { useWords } from '../words/context';
import { Frame } from './Frame';
import { SignOutDialog } from './lazyPages';

/** The frame of somebody who is signed in. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <DialogNotices value={<LateSessionWarning />}>
      <Frame navigation={<Navigation />} account={<Account />} notices={<Notices />}>
        {children}
      </Frame>
    </DialogNotices>
  );
}

function Navigation(): ReactNode {
  const words = useWords();
  return (
    <nav className="nav" aria-label={words.text('app.menu')}>
      <NavLink to="/" end>
        {words.text('nav.accesses')}
      </NavLink>
      <NavLink to="/consent">{words.text('nav.consent')}</NavLink>
      <NavLink to="/keep">{words.text('nav.keep')}</NavLink>
    </nav>
  );
}

function Account(): ReactNode {
  const words = useWords();
  const me = useMe();
  const queryClient = useQueryClient();
  const [held, setHeld] = useState<Error | 'unsaved' | null>(null);
  const leave = (): void => {
    signOut(queryClient, me.csrfToken ?? '').catch((error: unknown) => {
      setHeld(error instanceof Error ? error : new Error(String(error)));
    });
  };
  return (
    <div className="account">
      <span className="account-name">
        <span className="unseen">{words.text('app.signedInAs')} </span>
        <Name>{me.name}</Name>
      </span>
      <button
        type="button"
        className="button button-quiet"
        onClick={() => {
          if (isUnsaved()) setHeld('unsaved');
          else leave();
        }}
      >
        {words.text('app.signOut')}
      </button>
      {held !== null && (
        <Suspense fallback={null}>
          <SignOutDialog
            error={held === 'unsaved' ? null : held}
            onClose={() => {
              setHeld(null);
            }}
            onSignOut={leave}
          />
        </Suspense>
      )}
    </div>
  );
}

function Notices(): ReactNode {
  const words = useWords();
  const hasUnsaved = useIsUnsaved();
  const { pathname } = useLocation();
  const { error } = useQuery(meQuery);
  useWarnBeforeClosing(hasUnsaved);
  useNews();
  const isEditing = pathname === '/consent/edit' || pathname === '/consent/review';
  return (
    <div className="notices">
      {error instanceof ApiError && error.isAway && (
        <Notice kind="warning" isLive>
          <p>{words.text('error.unreachable.stale')}</p>
        </Notice>
      )}
      {hasUnsaved && !isEditing && (
        <Notice kind="info">
          <p>
            {words.text('warning.draft')} <Link to="/consent/edit">{words.text('warning.resume')}</Link>
          </p>
        </Notice>
      )}
      <LateSessionWarning />
    </div>
  );
}

/** The browser asks before it closes a tab with unsaved changes: they live in this tab only. */
function useWarnBeforeClosing(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const warn = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => {
      window.removeEventListener('beforeunload', warn);
    };
  }, [isUnsaved]);
}

const LATE_MS = 3_000;

/**
 * No session ends in its first seconds: its guard is not part of the first download. A download that fails is tried again: the page goes
 * on without the guard, and a request that finds no session ends it all the same.
 */
function LateSessionWarning(): ReactNode {
  const [Warning, setWarning] = useState<ComponentType | null>(null);
  useEffect(() => {
    if (Warning !== null) return;
    const timer = setInterval(() => {
      import('../features/session/SessionWarning').then(
        ({ SessionWarning }) => {
          setWarning(() => SessionWarning);
        },
        () => undefined,
      );
    }, LATE_MS);
    return () => {
      clearInterval(timer);
    };
  }, [Warning]);
  return Warning !== null && <Warning />;
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
