// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState, type ReactNode } from 'react';
import { Link } from 'react-router';
import { markWords, missingWord, quietMarks } from '../../components/AccessMarks';
import { ErrorNotice } from '../../components/ErrorNotice';
import { KindList } from '../../components/KindList';
import { Name } from '../../components/Name';
import { Page } from '../../components/Page';
import { isSound, trustSentence } from '../../components/TrustLine';
import { RoleAndPlace } from '../../components/RoleAndPlace';
import { filterFragment, isEmptyFilter, type AccessFilter } from '../../lib/accessFilter';
import { isEmergency } from '../../lib/accessKinds';
import { formatDate, formatMoment, formatTime } from '../../lib/dates';
import { happenedAt } from '../../lib/entryTime';
import { countKinds } from '../../lib/itemKinds';
import { useOrganisationName } from '../../lib/queries';
import { timeZoneName } from '../../lib/timeZone';
import { useFilter } from '../../lib/useFilter';
import { Text, useWords } from '../../words/context';
import { FilterWords } from './FilterWords';
import { readCopy } from './readAll';
import '../../styles/tables.css';

/** The list on paper: every entry of the filter, what it reflects, and nothing to click. */
export function PrintPage(): ReactNode {
  const words = useWords();
  const { filter } = useFilter();
  const { copy, error, found } = useCopy(filter);
  const title = words.text('print.title');
  if (error !== null) {
    return (
      <Page title={title} windowTitle={title} className="page-narrow">
        <p>{words.text('keep.failed')}</p>
        <ErrorNotice error={error} />
      </Page>
    );
  }
  if (copy === undefined) {
    return (
      <p className="waiting" role="status">
        {words.text('keep.progress', { count: found })}
      </p>
    );
  }
  if (copy.isCut) {
    return <TooMany title={title} />;
  }
  const { me, madeAt, entries } = copy;
  const { list } = me;
  const { state } = list;
  const checkedAt =
    list.checkedAt === null ? words.text('trust.never') : formatMoment(words.tag, new Date(list.checkedAt));
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
            {words.text('print.count', { count: entries.length })}{' '}
            {isSound(state)
              ? words.text('print.position', { block: list.block ?? 0, moment: checkedAt })
              : words.text('print.state', {
                  title: words.text(`trust.${state}.title`),
                  sentence: trustSentence(words, me),
                })}
          </p>
          {!isEmptyFilter(filter) && (
            <p>
              <Text k="print.filter" values={{ filter: <FilterWords filter={filter} /> }} />
            </p>
          )}
          <p>{words.text('print.made', { moment: formatMoment(words.tag, madeAt) })}</p>
          <p>{words.text('print.zone', { zone: timeZoneName(words.tag, madeAt) })}</p>
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
        <table className="table print-table" aria-label={title}>
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

/** More than paper is good for, and than a browser lays out in reasonable time. */
const MOST = 5000;

function TooMany({ title }: { readonly title: string }): ReactNode {
  const words = useWords();
  const { filter } = useFilter();
  const hash = filterFragment(filter);
  return (
    <Page title={title} windowTitle={title} className="page-narrow">
      <p>{words.text('print.tooMany', { most: MOST })}</p>
      <p className="actions">
        <Link className="button" to={{ pathname: '/keep', hash }}>
          {words.text('keep.title')}
        </Link>
        <Link className="button" to={{ pathname: '/', hash }}>
          {words.text('print.choosePeriod')}
        </Link>
      </p>
    </Page>
  );
}

function useCopy(filter: AccessFilter) {
  const [found, setFound] = useState(0);
  const all = useQuery({
    queryKey: ['all', filterFragment(filter)],
    queryFn: ({ client, signal }) => readCopy(client, filter, signal, setFound, MOST),
    gcTime: 0,
    staleTime: Infinity,
    structuralSharing: false,
  });
  return { copy: all.data, error: all.error, found };
}

function PrintRow({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const organisationName = useOrganisationName();
  const { person, organisation } = entry.requester;
  const at = happenedAt(entry);
  return (
    <tr>
      <td data-label={words.text('print.time')}>
        {formatDate(words.tag, at)}
        <br />
        {formatTime(words.tag, at)}
      </td>
      <td data-label={words.text('print.who')}>
        <strong>
          {person === null ? (
            <Text
              k="list.system"
              values={{ org: <Name>{organisationName(organisation.mspId, organisation.name)}</Name> }}
            />
          ) : (
            <Name>{person.name}</Name>
          )}
        </strong>
        <br />
        <RoleAndPlace entry={entry} isFull />
      </td>
      <td data-label={words.text('print.data')}>
        <KindList kinds={countKinds([entry])} isFull />
      </td>
      <td data-label={words.text('print.reason')}>
        <WrittenReason entry={entry} />
      </td>
      <td data-label={words.text('print.result')}>
        <ResultWords entry={entry} />
      </td>
    </tr>
  );
}

/** The purpose; in an emergency also the reason that was given, or what was missing. */
function WrittenReason({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const name = words.capital(words.code('purpose', entry.purpose));
  if (!isEmergency(entry)) {
    return name;
  }
  const value =
    entry.emergency === null ? (
      missingWord(words, entry)
    ) : (
      <>
        “<Name>{entry.emergency.reason}</Name>”
      </>
    );
  return <Text k="print.word" values={{ name, value }} />;
}

/** The result and the marks of the list, in words: paper may be black and white. */
function ResultWords({ entry }: { readonly entry: AccessEntry }): ReactNode {
  const words = useWords();
  const [result, ...notes] = markWords(words, { entry });
  const marks = [...notes, ...quietMarks(entry).map((mark) => words.text(`mark.${mark}`))];
  return (
    <>
      <strong>{result}</strong>
      {marks.map((text) => (
        <Fragment key={text}>
          <br />
          {text}
        </Fragment>
      ))}
    </>
  );
}
