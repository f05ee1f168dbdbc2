// SPDX-License-Identifier: Apache-2.0
import type { ConsentHistory } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { ErrorPage } from '../../components/ErrorPage';
import { Page } from '../../components/Page';
import { formatMoment } from '../../lib/dates';
import { readArrangement } from '../../lib/policy/arrangement';
import { policyDifference } from '../../lib/policy/policyDifference';
import { historyQuery } from '../../lib/consentQueries';
import { useWords } from '../../words/context';
import { ChangeList } from './ChangeList';

type Version = ConsentHistory['items'][number];

/** Every version of the consent, newest first, with what each changed. */
export function HistoryPage(): ReactNode {
  const words = useWords();
  const history = useQuery(historyQuery);
  const title = words.text('history.title');
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
  const versions = history.data;
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      {versions.length === 0 && <p>{words.text('history.none')}</p>}
      <ol className="versions" reversed>
        {versions.map((version, at) => (
          <VersionLine
            key={version.consent.version}
            version={version}
            previous={versions[at + 1]}
            isCurrent={at === 0}
          />
        ))}
      </ol>
    </Page>
  );
}

interface VersionLineProps {
  readonly version: Version;
  readonly previous: Version | undefined;
  readonly isCurrent: boolean;
}

function VersionLine({ version, previous, isCurrent }: VersionLineProps): ReactNode {
  const words = useWords();
  const number = version.consent.version;
  const first = readArrangement(version.consent);
  const changes = previous === undefined ? undefined : policyDifference(previous.consent, version.consent);
  return (
    <li className="version">
      <h2 className="version-head">
        {words.text('history.version', { version: number })}
        {isCurrent && <span className="badge">{words.text('history.current')}</span>}
      </h2>
      <p className="small">
        <time dateTime={version.at}>{formatMoment(words.tag, new Date(version.at))}</time>
      </p>
      {changes === undefined && (
        <p>
          {words.text('history.first', {
            preset: words.text(`preset.${first.preset}`),
            exceptions: words.text('history.exceptions', { count: first.exceptions.length }),
          })}
        </p>
      )}
      {changes?.length === 0 && <p>{words.text('history.same')}</p>}
      {changes !== undefined && changes.length > 0 && (
        <ChangeList changes={changes} after={version.consent} />
      )}
      <p>
        <Link to={`/consent/versions/${String(number)}`}>
          {words.text('history.view', { version: number })}
        </Link>
      </p>
    </li>
  );
}
