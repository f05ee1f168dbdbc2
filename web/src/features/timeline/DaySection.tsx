// SPDX-License-Identifier: Apache-2.0
import { memo, type ReactNode } from 'react';
import { dayKey, formatDay, formatNearDay, parseDay } from '../../lib/dates';
import { useWords } from '../../words/context';
import { revisionOf, type Day, type Visit } from './groupVisits';
import { VisitRow } from './VisitRow';

// Lines are laid out and painted only near the screen (`content-visibility` on each block): they stay in the page for a screen reader and
// for the browser's search, and thousands of them scroll as a few do.
const BLOCK = 10;

/** One day of the list. */
export const DaySection = memo(
  function DaySection({ day }: { readonly day: Day }): ReactNode {
    const words = useWords();
    const date = parseDay(day.date) ?? new Date();
    const near = formatNearDay(words.tag, date, new Date());
    const headingId = `day-${day.date}`;
    return (
      <section className="day" aria-labelledby={headingId}>
        <h2 id={headingId} className="day-head">
          {near !== undefined && <span className="day-near">{near}</span>}
          <time dateTime={dayKey(date)}>{formatDay(words.tag, date)}</time>
        </h2>
        {blocksOf(day.visits).map((visits) => (
          <Block key={visits[0]?.key} visits={visits} revision={revisionOf(visits)} />
        ))}
      </section>
    );
  },
  (before, after) => before.day.date === after.day.date && before.day.revision === after.day.revision,
);

interface BlockProps {
  readonly visits: readonly Visit[];
  readonly revision: string;
}

/** Some lines of a day. Rendered again only when one of them changes, not with every page that is added below. */
const Block = memo(
  function Block({ visits }: BlockProps): ReactNode {
    return (
      <ul className={visits.length === BLOCK ? 'visits visits-full' : 'visits'}>
        {visits.map((visit) => (
          <VisitRow key={visit.key} visit={visit} />
        ))}
      </ul>
    );
  },
  (before, after) => before.revision === after.revision,
);

function blocksOf(visits: readonly Visit[]): readonly (readonly Visit[])[] {
  const blocks: Visit[][] = [];
  for (let at = 0; at < visits.length; at += BLOCK) blocks.push(visits.slice(at, at + BLOCK));
  return blocks;
}
