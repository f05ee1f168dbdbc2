// SPDX-License-Identifier: Apache-2.0
import { lazy, useEffect, useMemo, type ReactNode } from 'react';
import { Fold } from '../../components/Fold';
import { Optional } from '../../components/Optional';
import { Page } from '../../components/Page';
import { TrustLine } from '../../components/TrustLine';
import { useFilter } from '../../lib/useFilter';
import { useHasBeenIdle } from '../../lib/useHasBeenIdle';
import { useWords } from '../../words/context';
import { AccessList } from './AccessList';
import { FilterPanel } from './FilterPanel';
import { HowToRead } from './HowToRead';
import { Summary } from './Summary';
import { useAccessPages, useNextPageAhead } from './useAccessPages';
import { useOverview, WEEKS } from './useOverview';

const WeekChart = lazy(async () => ({ default: (await import('./WeekChart')).WeekChart }));

/**
 * The list, newest first, with what narrows it and what it tells at one look. The chart and the explanation stand before the list, which
 * grows as it is read: beside it where there is room, folded above it on a small screen.
 */
export function TimelinePage(): ReactNode {
  const words = useWords();
  const { filter } = useFilter();
  const pages = useAccessPages(filter);
  const isSettled = useHasBeenIdle(pages.list.data !== undefined);
  useEffect(() => {
    // Without it the list is printed as it stands on the screen.
    if (isSettled) import('../../styles/print.css').catch(() => undefined);
  }, [isSettled]);
  const overview = useOverview(isSettled);
  useNextPageAhead(filter, pages, overview.data !== undefined);
  const counted = useMemo(() => overview.data?.entries ?? pages.entries, [overview.data, pages.entries]);
  const title = words.text('list.title');
  return (
    <Page title={title} windowTitle={title} className="page-list">
      <div className="list-top">
        <Summary overview={overview.data} />
        <p className="list-act">{words.text('list.act')}</p>
        <TrustLine />
      </div>
      <aside className="list-side">
        <Fold title={words.text('chart.title', { weeks: WEEKS })}>
          <div className="chart-place">
            {overview.data !== undefined && (
              <Optional>
                <WeekChart overview={overview.data} />
              </Optional>
            )}
          </div>
        </Fold>
        <Fold title={words.text('list.how')}>
          <HowToRead />
        </Fold>
      </aside>
      <div className="list-main">
        <FilterPanel counted={counted} />
        <AccessList filter={filter} pages={pages} />
      </div>
    </Page>
  );
}
