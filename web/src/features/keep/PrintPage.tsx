// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ErrorNotice } from '../../components/ErrorNotice';
import { KindList } from '../../components/KindList';
import { Name } from '../../components/Name';
import { Page } from '../../components/Page';
import { filterFragment, isEmptyFilter, type AccessFilter } from '../../lib/accessFilter';
import { isAfterHours, formatMoment } from '../../lib/dates';
import { isEmergency } from '../../lib/accessKinds';
import { countKinds } from '../../lib/itemKinds';
import { useMe } from '../../lib/queries';
import { useFilter } from '../../lib/useFilter';
import { Text, useWords } from '../../words/context';
import { FilterWords } from './FilterWords';
import { readAll } from './readAll';

/** The list on paper: every entry of the filter, what it reflects, and nothing to click. */
export function PrintPage(): ReactNode {
  const words = useWords();
  const me = useMe();
  const { filter } = useFilter();
  const { entries, error, found } = useAllEntries(filter);
  const title = words.text('print.title');
  if (error !== null) {
    return (
      <Page title={title} windowTitle={title} className="page-narrow">
        <p>{words.text('keep.failed')}</p>
        <ErrorNotice error={error} />
      </Page>
    );
  }
  if (entries === undefined)
    return (
      <p className="waiting" role="status">
        {words.text('keep.progress', { count: found })}
      </p>
    );
  const checkedAt =
    me.list.checkedAt === null
      ? words.text('trust.never')
      : formatMoment(words.tag, new Date(me.list.checkedAt));
  return (
    <Page
      title={title}
      windowTitle={title}
      lead={
        <div className="print-facts">
          <p>
            <Text k="print.person" values={{ name: <Name>{me.name}</Name> }} />
          </p>
          <p>
            {words.text('print.count', { count: entries.length })}.{' '}
            {words.text('print.position', { block: me.list.block ?? 0, moment: checkedAt })}
          </p>
          {!isEmptyFilter(filter) && (
            <p>
              <Text k="print.filter" values={{ filter: <FilterWords filter={filter} /> }} />
            </p>
          )}
          <p>{words.text('print.made', { moment: formatMoment(words.tag, new Date()) })}</p>
          <p className="screen-only">
            <button
              type="button"
              className="button button-primary"
              onClick={() => {
                window.print();
              }}
            >
              {words.text('print.action')}
            </button>
          </p>
        </div>
      }
    >
      <div className="table-scroll" role="region" aria-label={title} tabIndex={0}>
        <table className="table print-table">
          <thead>
            <tr>
              {(['time', 'who', 'data', 'reason', 'result'] as const).map((column) => (
                <th key={column} scope="col">
                  {words.text(`print.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <PrintRow key={entry.id} entry={entry} />
            ))}
          </tbody>
        </table>
      </div>
    </Page>
  );
}

function useAllEntries(filter: AccessFilter) {
  const [found, setFound] = useState(0);
  const all = useQuery({
    queryKey: ['all', filterFragment(filter)],
    queryFn: ({ signal }) => readAll(filter, signal, setFound),
    gcTime: 0,
    staleTime: Infinity,
    structuralSharing: false,
  });
  return { entries: all.data, error: all.error, found };
}

function PrintRow({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const { person, organisation } = entry.requester;
  const at = new Date(entry.at);
  const results = [
    words.text(`mark.${entry.outcome}`),
    isEmergency(entry) && words.text('mark.emergency'),
    isAfterHours(at) && words.text('mark.afterHours'),
  ];
  return (
    <tr>
      <td>{formatMoment(words.tag, at)}</td>
      <td>
        {person === null ? words.text('mark.automatic') : <Name>{person.name}</Name>}
        {person !== null && person.role !== '' && (
          <>
            , <Name>{words.code('role', person.role)}</Name>
          </>
        )}
        <br />
        <Name>{organisation.name}</Name>
      </td>
      <td>
        <KindList kinds={countKinds([entry])} isFull />
      </td>
      <td>
        {words.code('purpose', entry.purpose)}
        {entry.emergency !== null && (
          <>
            : “<Name>{entry.emergency.reason}</Name>”
          </>
        )}
      </td>
      <td>{words.list(results.filter((text) => text !== false))}</td>
    </tr>
  );
}
