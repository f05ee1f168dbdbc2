// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useLocation, useNavigate, useParams } from 'react-router';
import { ErrorPage } from '../../components/ErrorPage';
import { NotFound } from '../../components/NotFound';
import { Page } from '../../components/Page';
import { formatMoment } from '../../lib/dates';
import { useDraft } from '../../lib/draft';
import { draftPolicy } from '../../lib/draftChanges';
import { consentQuery, historyQuery } from '../../lib/consentQueries';
import { useWords } from '../../words/context';
import { ArrangementWords } from './ArrangementWords';

/** A consent as it was, and the way to bring it back. */
export function VersionPage(): ReactNode {
  const words = useWords();
  const { version: wanted = '' } = useParams();
  const history = useQuery(historyQuery);
  const { decided, entry } = useOrigin();
  if (history.data === undefined) {
    if (history.error !== null) {
      return <ErrorPage error={history.error} onRetry={() => void history.refetch()} />;
    }
    return (
      <p className="waiting" role="status">
        {words.text('app.loading')}
      </p>
    );
  }
  const at = history.data.findIndex(({ consent }) => String(consent.version) === wanted);
  const version = history.data[at];
  if (version === undefined) {
    return <NotFound />;
  }
  const next = history.data[at - 1];
  const from = formatMoment(words.tag, new Date(version.at));
  const title = words.text('history.version', { version: version.consent.version });
  return (
    <Page
      key={wanted}
      title={title}
      windowTitle={title}
      className="page-narrow"
      lead={
        <p className="lead">
          {next === undefined
            ? words.text('history.nowSince', { date: from })
            : words.text('history.period', { from, to: formatMoment(words.tag, new Date(next.at)) })}
        </p>
      }
    >
      <section className="sheet">
        <ArrangementWords policy={version.consent} level={2} decided={decided} />
      </section>
      {next !== undefined && <Revert policy={version.consent} />}
      {entry !== undefined && (
        <p>
          <Link to={`/accesses/${encodeURIComponent(entry)}`}>{words.text('history.toEntry')}</Link>
        </p>
      )}
      <p>
        <Link to="/consent/history">{words.text('consent.history')}</Link>
      </p>
    </Page>
  );
}

interface Origin {
  /** What decided the access whose page led here: a rule's id, or null for the general setting. */
  readonly decided: readonly (string | null)[];
  /** The id of its entry. */
  readonly entry: string | undefined;
}

/** The access whose page led here; nothing for a reader who came another way. */
function useOrigin(): Origin {
  const state: unknown = useLocation().state;
  const { decided, entry } = Object(state) as { readonly decided?: unknown; readonly entry?: unknown };
  return {
    decided: Array.isArray(decided) ? decided.map((rule) => (typeof rule === 'string' ? rule : null)) : [],
    entry: typeof entry === 'string' ? entry : undefined,
  };
}

function Revert({ policy }: { readonly policy: Parameters<typeof draftPolicy>[1] }): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  const onFile = useQuery(consentQuery);
  const draft = useDraft();
  return (
    <>
      <p className="actions">
        <button
          type="button"
          className="button button-primary"
          aria-disabled={onFile.data === undefined}
          onClick={() => {
            if (onFile.data === undefined) {
              return;
            }
            draftPolicy(onFile.data, { rules: policy.rules, default: policy.default });
            void navigate('/consent/review');
          }}
        >
          {words.text('history.revert')}
        </button>
      </p>
      <p className="small">
        {draft !== null && <strong>{words.text('history.revertReplaces')} </strong>}
        {words.text('history.revertHint')}
      </p>
    </>
  );
}
