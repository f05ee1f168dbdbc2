// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { AccessMarks } from '../../components/AccessMarks';
import { ErrorPage } from '../../components/ErrorPage';
import { Icon } from '../../components/Icon';
import { Name } from '../../components/Name';
import { NotFound } from '../../components/NotFound';
import { Page } from '../../components/Page';
import { RoleAndPlace } from '../../components/RoleAndPlace';
import { ApiError } from '../../lib/apiError';
import { formatMoment } from '../../lib/dates';
import { happenedAt } from '../../lib/entryTime';
import { entryQuery, useOrganisationName } from '../../lib/queries';
import { safeName } from '../../lib/safeName';
import { Text, useWords } from '../../words/context';
import { Actions } from './Actions';
import { Facts } from './Facts';
import { HowRecorded } from './HowRecorded';
import { ItemTable } from './ItemTable';
import { LedgerPlace } from './LedgerPlace';
import { Why } from './Why';

/** One entry: who, what, why it was allowed or refused, and what to do about it. */
export function EntryPage(): ReactNode {
  const { id = '' } = useParams();
  const words = useWords();
  const entry = useQuery(entryQuery(id));
  if (entry.data !== undefined) {
    return <Entry key={id} entry={entry.data} />;
  }
  if (entry.error instanceof ApiError && entry.error.status === 404) {
    return <NotFound />;
  }
  if (entry.error !== null) {
    return <ErrorPage error={entry.error} onRetry={() => void entry.refetch()} />;
  }
  return (
    <p className="waiting" role="status">
      {words.text('app.loading')}
    </p>
  );
}

function Entry({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { person, organisation } = entry.requester;
  const organisationName = useOrganisationName();
  const name =
    person?.name ??
    words.text('list.system', { org: organisationName(organisation.mspId, organisation.name) });
  const at = happenedAt(entry);
  return (
    <Page
      className="page-entry"
      windowTitle={words.text('entry.who', { name: safeName(name) })}
      title={<Text k="entry.who" values={{ name: <Name>{name}</Name> }} />}
      lead={
        <>
          <div className="entry-lead">
            <p className="entry-place">
              <RoleAndPlace entry={entry} isFull />
            </p>
            <p className="entry-marks">
              <time dateTime={at.toISOString()}>{formatMoment(words.tag, at)}</time>
              <AccessMarks entry={entry} />
            </p>
          </div>
          <BackLink />
        </>
      }
    >
      <Why entry={entry} />
      <HowRecorded entry={entry} />
      <Actions entry={entry} />
      <ItemTable items={entry.items} />
      <Facts entry={entry} />
      <LedgerPlace entry={entry} />
    </Page>
  );
}

/**
 * Back to the list as it was: a real step back where there is one, so that the filter and the place in the
 * list return.
 */
function BackLink(): ReactNode {
  const words = useWords();
  const navigate = useNavigate();
  return (
    <p className="back">
      <Link
        to="/"
        onClick={(event) => {
          if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || !cameFromHere()) {
            return;
          }
          event.preventDefault();
          void navigate(-1);
        }}
      >
        <Icon name="back" />
        {words.text('entry.back')}
      </Link>
    </p>
  );
}

/**
 * Whether the page before this one is one of the portal's: its router numbers them in the history's state.
 */
function cameFromHere(): boolean {
  const state: unknown = window.history.state;
  return (
    typeof state === 'object' &&
    state !== null &&
    'idx' in state &&
    typeof state.idx === 'number' &&
    state.idx > 0
  );
}
