// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { Notice } from '../../components/Notice';
import { useIsUnsaved } from '../../lib/draft';
import { signInPath } from '../../lib/sessionState';
import { useWords } from '../../words/context';

interface SessionEndedPageProps {
  /** Opens the pages again when there is a session; false when there is none. */
  readonly onResume: () => Promise<boolean>;
}

/**
 * Covers the pages when the session is over. With unsaved changes the sign-in opens in another tab, because
 * this tab's memory is the only place where they are.
 */
export function SessionEndedPage({ onResume }: SessionEndedPageProps): ReactNode {
  const words = useWords();
  const isUnsaved = useIsUnsaved();
  const { pathname } = useLocation();
  const [isRefused, setIsRefused] = useState(false);
  useResumeOnReturn(onResume);
  useEffect(() => {
    document.title = `${words.text('session.ended.title')} · ${words.text('app.name')}`;
  }, [words]);
  return (
    <div className="page page-narrow">
      <h1>{words.text('session.ended.title')}</h1>
      <p className="lead">{words.text('session.ended.text')}</p>
      {!isUnsaved ? (
        <p>
          <a className="button button-primary" href={signInPath(pathname, words.tag)}>
            {words.text('session.ended.action')}
          </a>
        </p>
      ) : (
        <>
          <Notice kind="info">
            <p>{words.text('session.ended.draft')}</p>
          </Notice>
          <p className="actions">
            <a
              className="button button-primary"
              href={signInPath('/signed-in', words.tag)}
              target="_blank"
              rel="noreferrer"
            >
              {words.text('session.ended.actionNewTab')}
            </a>
            <button
              type="button"
              className="button"
              onClick={() => {
                void onResume().then((isOpen) => {
                  setIsRefused(!isOpen);
                });
              }}
            >
              {words.text('session.ended.check')}
            </button>
          </p>
          {isRefused && <p role="status">{words.text('session.ended.notYet')}</p>}
        </>
      )}
    </div>
  );
}

/** Looks for a new session whenever the person comes back to this tab. */
function useResumeOnReturn(onResume: () => Promise<boolean>): void {
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible') {
        void onResume();
      }
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
    };
  }, [onResume]);
}
