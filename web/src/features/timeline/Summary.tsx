// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useMemo, type ReactNode } from 'react';
import { Link } from 'react-router';
import { Mark, type MarkKind } from '../../components/Mark';
import { filterFragment, type AccessFilter } from '../../lib/accessFilter';
import { EMERGENCY, isEmergency } from '../../lib/accessKinds';
import { dayKey } from '../../lib/dates';
import { leftAgainstRules } from '../../lib/whatLeft';
import { useWords, type Vocabulary } from '../../words/context';
import type { Key } from '../../words/languages/en';
import type { Overview } from './useOverview';

const DAYS = 30;

interface SummaryProps {
  readonly overview: Overview | undefined;
  /** The entries could not be read; they are not none. */
  readonly isUnread: boolean;
}

/** The answer in one look: how many, by whom, and whether anything stands out. */
export function Summary({ overview, isUnread }: SummaryProps): ReactNode {
  const words = useWords();
  const from = useMemo(() => daysAgo(DAYS), []);
  const recent = useMemo(
    () => overview?.entries.filter((entry) => Date.parse(entry.at) >= from.getTime()),
    [overview, from],
  );
  // More than were read, and all of those in the period: then there are more in it than are counted.
  const isMore = overview?.isCapped === true && recent?.length === overview.entries.length;
  return (
    <section className="summary">
      {recent === undefined ? (
        <p className="summary-line">{isUnread ? words.text('list.summary.unread') : '…'}</p>
      ) : (
        <p className="summary-line">{summaryLine(words, recent, isMore)}</p>
      )}
      {recent !== undefined && recent.length > 0 && <Highlights entries={recent} from={dayKey(from)} />}
    </section>
  );
}

function summaryLine(words: Vocabulary, entries: readonly AccessEntry[], isMore: boolean): string {
  if (entries.length === 0) {
    return words.text('list.summary.none', { days: DAYS });
  }
  const people = new Set(
    entries.flatMap(({ requester }) => (requester.person === null ? [] : [requester.person.id])),
  );
  const organisations = new Set(entries.map(({ requester }) => requester.organisation.mspId));
  return words.text(isMore ? 'list.summary.more' : 'list.summary', {
    count: entries.length,
    days: DAYS,
    people: words.text('list.summary.people', { count: people.size }),
    organisations: words.text('list.summary.organisations', { count: organisations.size }),
  });
}

function Highlights({
  entries,
  from,
}: {
  readonly entries: readonly AccessEntry[];
  readonly from: string;
}): ReactNode {
  const words = useWords();
  const highlights = [
    highlight('emergency', 'list.emergencies', { purpose: EMERGENCY }, isEmergency),
    highlight('against', 'list.against', { outcome: 'against' }, leftAgainstRules),
    highlight('deny', 'list.refusals', { outcome: 'deny' }, ({ outcome }) => outcome === 'deny'),
    highlight('partial', 'list.partials', { outcome: 'partial' }, ({ outcome }) => outcome === 'partial'),
  ].filter(({ isOf }) => entries.some(isOf));
  if (highlights.length === 0) {
    return <p className="highlights">{words.text('list.inOrder')}</p>;
  }
  return (
    <p className="highlights">
      {highlights.map(({ kind, text, filter, isOf }) => (
        <Link
          key={kind}
          className={`highlight highlight-${kind}`}
          to={{ hash: filterFragment({ ...filter, from }) }}
        >
          <Mark kind={kind} />
          {words.text(text, { count: entries.filter(isOf).length })}
        </Link>
      ))}
    </p>
  );
}

interface Highlight {
  readonly kind: MarkKind;
  readonly text: Key;
  /** Leads to the entries that it counts. */
  readonly filter: AccessFilter;
  readonly isOf: (entry: AccessEntry) => boolean;
}

const highlight = (
  kind: Highlight['kind'],
  text: Key,
  filter: AccessFilter,
  isOf: Highlight['isOf'],
): Highlight => ({ kind, text, filter, isOf });

function daysAgo(days: number): Date {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
}
