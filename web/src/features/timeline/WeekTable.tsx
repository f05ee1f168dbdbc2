// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Mark } from '../../components/Mark';
import { formatShortDate } from '../../lib/dates';
import { useWords } from '../../words/context';
import { SeriesName, type CountsProps } from './SeriesName';
import { weekStart } from './weekCounts';
import '../../styles/tables.css';

/**
 * The chart's numbers, week by week, the newest first. What stands out comes before what there may be many
 * of: the place is narrow.
 */
export function WeekTable({ counts, split }: CountsProps): ReactNode {
  const words = useWords();
  return (
    <div className="table-scroll" role="region" aria-label={words.text('chart.caption')} tabIndex={0}>
      <table className="table table-counts">
        <caption className="unseen">{words.text('chart.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{words.text('chart.week')}</th>
            <th scope="col">{words.text('chart.total')}</th>
            <th scope="col">
              <Mark kind="emergency" /> {words.text('mark.emergency')}
            </th>
            <th scope="col">
              <Mark kind="deny" /> {words.text('chart.refused')}
            </th>
            {counts.series.map((value) => (
              <th key={value ?? ''} scope="col">
                <SeriesName value={value} split={split} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.weeks.toReversed().map((week) => (
            <tr key={week.start}>
              <th scope="row">{formatShortDate(words.tag, weekStart(week))}</th>
              <td>{words.number(week.total)}</td>
              <td>{words.number(week.emergencies)}</td>
              <td>{words.number(week.refusals)}</td>
              {week.counts.map((count, at) => (
                <td key={at}>{words.number(count)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
