// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useLayoutEffect, useState, type ReactNode } from 'react';
import { inTurns } from '../lib/comeBack';
import { reloadWithDraft } from '../lib/keepDraft';
import { askVersion, type ServedVersion } from '../lib/servedVersion';
import { useWords } from '../words/context';
import { Notice } from './Notice';
import { Waiting } from './Waiting';

const TEXTS = { other: 'error.updated.text', same: 'error.part', away: 'error.unreachable' } as const;

/** Says why a part is not there. What is not saved stays, also when the page is loaded anew. */
export function MissingPart({ onRetry }: { readonly onRetry: () => void }): ReactNode {
  const words = useWords();
  const client = useQueryClient();
  const [served, setServed] = useState<ServedVersion>();
  const [isWholePage, setIsWholePage] = useState(false);
  useLayoutEffect(() => {
    setIsWholePage(document.querySelector('h1') === null);
  }, []);
  useEffect(() => {
    void askVersion().then(setServed);
  }, []);
  useEffect(() => {
    if (served !== 'away') {
      return;
    }
    return inTurns(() => {
      void askVersion().then((now) => {
        setServed(now);
        if (now === 'same') {
          onRetry();
        }
      });
    });
  }, [served, onRetry]);
  if (served === undefined) {
    return <Waiting />;
  }
  const retry = async (): Promise<void> => {
    const now = await askVersion();
    setServed(now);
    // A browser may remember that a file could not be fetched, for as long as the page stands: then only a
    // new page helps.
    if (now === 'same' && served === 'away') {
      onRetry();
    } else if (now !== 'away') {
      reloadWithDraft(client);
    }
  };
  const isUpdated = served === 'other';
  const title = words.text(isUpdated ? 'error.updated.title' : 'error.title');
  const notice = (
    <Notice kind={isUpdated ? 'info' : 'danger'} {...(!isWholePage && { title })} isLive>
      <p>{words.text(TEXTS[served])}</p>
      <button type="button" className="button" onClick={() => void retry()}>
        {words.text(isUpdated ? 'error.updated.action' : 'app.retry')}
      </button>
    </Notice>
  );
  if (!isWholePage) {
    return notice;
  }
  return (
    <div className="page page-narrow">
      <h1>{title}</h1>
      {notice}
    </div>
  );
}
