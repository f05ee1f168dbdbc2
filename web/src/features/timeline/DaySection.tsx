// SPDX-License-Identifier: Apache-2.0
import { memo, useState, type ReactNode } from 'react';
import { dayKey, formatDay, formatNearDay, parseDay } from '../../lib/dates';
import { isWideScreen } from '../../lib/wideScreen';
import { useWords } from '../../words/context';
import { sameVisits, type Day, type Visit } from './groupVisits';
import { isLastEntry } from './timelineMemory';
import { useDrawnNearScreen } from './useDrawnNearScreen';
import { VisitRow } from './VisitRow';

/** Lines that are drawn, or not, together. */
const BLOCK = 4;
/**
 * Lines that are drawn with the page, as far as its first screen shows them. Others that are on the screen
 * come with its next frame.
 */
const firstBlock = (): number => (isWideScreen() ? BLOCK : 1);

interface DaySectionProps {
  readonly day: Day;
  /** The first of the list: its beginning is on the screen when the list appears. */
  readonly isFirst: boolean;
}

/** One day of the list. */
export const DaySection = memo(
  function DaySection({ day, isFirst }: DaySectionProps): ReactNode {
    const words = useWords();
    const date = parseDay(day.date) ?? new Date();
    const near = formatNearDay(words.tag, date, new Date());
    const [first] = useState(() => (isFirst ? firstBlock() : BLOCK));
    const headingId = `day-${day.date}`;
    return (
      <section className="day" aria-labelledby={headingId}>
        <h2 id={headingId} className="day-head">
          {near !== undefined && <span className="day-near">{near}</span>}
          <time dateTime={dayKey(date)}>{formatDay(words.tag, date)}</time>
        </h2>
        {blocksOf(day.visits, first).map((visits, at) => (
          <Block key={visits[0]?.key} visits={visits} isFirst={isFirst && at === 0} />
        ))}
      </section>
    );
  },
  (before, after) => before.day.date === after.day.date && sameVisits(before.day.visits, after.day.visits),
);

interface BlockProps {
  readonly visits: readonly Visit[];
  readonly isFirst: boolean;
}

/**
 * Some lines of a day. Rendered again only when one of them changes, not with every page that is added below.
 */
const Block = memo(
  function Block({ visits, isFirst }: BlockProps): ReactNode {
    const [isReturnedTo] = useState(() =>
      visits.some(({ entries }) => entries.some(({ id }) => isLastEntry(id))),
    );
    const { ref, isDrawn, style } = useDrawnNearScreen<HTMLUListElement>(
      visits.length,
      isFirst || isReturnedTo,
    );
    return (
      <ul ref={ref} className="visits" style={style}>
        {isDrawn && visits.map((visit) => <VisitRow key={visit.key} visit={visit} />)}
      </ul>
    );
  },
  (before, after) => sameVisits(before.visits, after.visits),
);

function blocksOf(visits: readonly Visit[], first: number): readonly (readonly Visit[])[] {
  const blocks = [visits.slice(0, first)];
  for (let at = first; at < visits.length; at += BLOCK) {
    blocks.push(visits.slice(at, at + BLOCK));
  }
  return blocks;
}
