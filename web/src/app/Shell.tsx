// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import { DialogNotices } from '../components/dialogNotices';
import { Name } from '../components/Name';
import { Notice } from '../components/Notice';
import { PartBoundary } from '../components/PartBoundary';
import { ApiError } from '../lib/apiError';
import { isDraftKept, isUnsaved, useIsUnsaved } from '../lib/draft';
import { useKeptOverReload } from '../lib/keepDraft';
import { meQuery, useMe } from '../lib/queries';
import { signOut } from '../lib/signOut';
import { useHasBeenIdle } from '../lib/useHasBeenIdle';
import { useLate } from '../lib/useLate';
import { useNews } from '../lib/useNews';
import { useWords } from '../words/context';
import { needAllWords } from '../words/loadWords';
import { Frame } from './Frame';
import { PrintFacts, SignOutDialog } from './lazyPages';

/** The frame of somebody who is signed in. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const { pathname } = useLocation();
  const hasBeenIdle = useHasBeenIdle();
  return (
    <DialogNotices value={<Late load={loadWarning} />}>
      <Frame navigation={<Navigation />} account={<Account />} notices={<Notices />}>
        {hasBeenIdle && pathname !== '/keep/print' && (
          <PartBoundary otherwise={null}>
            <PrintFacts />
          </PartBoundary>
        )}
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
          if (isUnsaved()) {
            setHeld('unsaved');
          } else {
            leave();
          }
        }}
      >
        {words.text('app.signOut')}
      </button>
      {held !== null && (
        <PartBoundary>
          <SignOutDialog
            error={held === 'unsaved' ? null : held}
            onClose={() => {
              setHeld(null);
            }}
            onSignOut={leave}
          />
        </PartBoundary>
      )}
    </div>
  );
}

function Notices(): ReactNode {
  const words = useWords();
  const hasUnsaved = useIsUnsaved();
  const { pathname } = useLocation();
  const { error } = useQuery(meQuery);
  useNews();
  useWarnBeforeClosing(hasUnsaved);
  useKeptOverReload();
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
      <Late load={loadLate} />
    </div>
  );
}

/** The browser asks before it closes a tab with unsaved changes: they live in this tab only. */
function useWarnBeforeClosing(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) {
      return;
    }
    const warn = (event: BeforeUnloadEvent): void => {
      if (!isDraftKept()) {
        event.preventDefault();
      }
    };
    window.addEventListener('beforeunload', warn);
    return () => {
      window.removeEventListener('beforeunload', warn);
    };
  }, [isUnsaved]);
}

/**
 * No session ends in its first seconds: its guard is not part of the first download. A request that finds no
 * session ends it all the same.
 */
const loadLate = async () => {
  const [module] = await Promise.all([import('./LateNotices'), needAllWords()]);
  return module.LateNotices;
};
const loadWarning = async () => {
  const [module] = await Promise.all([import('../features/session/SessionWarning'), needAllWords()]);
  return module.SessionWarning;
};

function Late({ load }: { readonly load: typeof loadLate }): ReactNode {
  const Part = useLate(load);
  return Part !== null && <Part />;
}
