// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { ErrorPage } from '../../components/ErrorPage';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { formatMoment } from '../../lib/dates';
import { consentQuery, historyQuery } from '../../lib/consentQueries';
import { useWords } from '../../words/context';
import { ArrangementWords } from './ArrangementWords';

/** What holds now, in words. */
export function ConsentPage(): ReactNode {
  const words = useWords();
  const consent = useQuery(consentQuery);
  const history = useQuery(historyQuery);
  const savedVersion = useSavedVersion();
  const title = words.text('consent.title');
  if (consent.error !== null && consent.data === undefined) {
    return <ErrorPage error={consent.error} onRetry={() => void consent.refetch()} />;
  }
  if (consent.data === undefined) {
    return (
      <p className="waiting" role="status">
        {words.text('app.loading')}
      </p>
    );
  }
  const { version } = consent.data.consent;
  const saved = history.data?.find((item) => item.consent.version === version);
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      {savedVersion !== undefined && (
        <Notice kind="done" isLive>
          <p>{words.text('review.saved', { version: savedVersion })}</p>
        </Notice>
      )}
      <section className="sheet">
        <h2>{words.text('consent.now')}</h2>
        {version === 0 ? (
          <p>{words.text('consent.undecided')}</p>
        ) : (
          <>
            {saved !== undefined && (
              <p className="small">
                {words.text('consent.since', { version, date: formatMoment(words.tag, new Date(saved.at)) })}
              </p>
            )}
            <ArrangementWords policy={consent.data.consent} level={3} />
          </>
        )}
      </section>
      <p className="actions">
        <Link className="button button-primary" to="/consent/edit">
          {words.text('consent.change')}
        </Link>
        {version > 0 && (
          <Link className="button" to="/consent/history">
            {words.text('consent.history')}
          </Link>
        )}
      </p>
      <p className="small">{words.text('consent.effect')}</p>
    </Page>
  );
}

/**
 * The version that was saved a moment ago: told once, not again when the page is loaded anew or come back to.
 */
function useSavedVersion(): number | undefined {
  const state: unknown = useLocation().state;
  const navigate = useNavigate();
  const [saved] = useState(() => readSavedVersion(state));
  useEffect(() => {
    if (readSavedVersion(state) !== undefined) {
      void navigate('/consent', { replace: true, state: null });
    }
  }, [state, navigate]);
  return saved;
}

function readSavedVersion(state: unknown): number | undefined {
  if (typeof state !== 'object' || state === null || !('savedVersion' in state)) {
    return undefined;
  }
  return typeof state.savedVersion === 'number' ? state.savedVersion : undefined;
}
