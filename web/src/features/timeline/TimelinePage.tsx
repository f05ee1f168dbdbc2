// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, type ReactNode } from 'react';
import { Fold } from '../../components/Fold';
import { PartBoundary } from '../../components/PartBoundary';
import { Page } from '../../components/Page';
import { TrustLine } from '../../components/TrustLine';
import { focusStart } from '../../lib/focusStart';
import { latePart } from '../../lib/latePart';
import { useMe } from '../../lib/queries';
import { useFilter } from '../../lib/useFilter';
import { useHasBeenIdle } from '../../lib/useHasBeenIdle';
import { useWords } from '../../words/context';
import { needAllWords } from '../../words/loadWords';
import { AccessList } from './AccessList';
import { FilterPanel } from './FilterPanel';
import { highestBlock } from './joinEntries';
import { Summary } from './Summary';
import { useAccessPages, useNextPageAhead } from './useAccessPages';
import { useOverview, WEEKS } from './useOverview';
import { useTrueAddress } from './useTrueAddress';

const HowToRead = latePart(async () => {
  const [module] = await Promise.all([import('./HowToRead'), needAllWords()]);
  return module.HowToRead;
});
const WeekChart = latePart(async () => (await import('./WeekChart')).WeekChart);

/**
 * The list, newest first, with what narrows it and what it tells at one look. The chart and the explanation
 * stand before the list, which grows as it is read: beside it where there is room, folded above it on a small
 * screen.
 */
export function TimelinePage(): ReactNode {
  const words = useWords();
  const { filter } = useFilter();
  useTrueAddress();
  const pages = useAccessPages(filter);
  const isSettled = useHasBeenIdle(pages.list.data !== undefined);
  useEffect(() => {
    // Without it the list is printed as it stands on the screen.
    if (isSettled) {
      import('../../styles/print.css').catch(() => undefined);
    }
  }, [isSettled]);
  const { list: position } = useMe();
  const newestLoaded = useMemo(() => highestBlock(pages.list.data?.pages[0]?.items ?? []), [pages.list.data]);
  const { overview, isUnread } = useOverview(isSettled, Math.max(position.block ?? 0, newestLoaded));
  useNextPageAhead(filter, pages, overview !== undefined);
  const counted = overview?.entries ?? pages.entries;
  const isEmpty = pages.list.data !== undefined && pages.entries.length === 0;
  const title = words.text('list.title');
  return (
    <Page title={title} windowTitle={title} className="page-list">
      <button
        type="button"
        className="skip"
        onClick={() => {
          focusStart(document.getElementById('results'));
        }}
      >
        {words.text('list.skip')}
      </button>
      <div className="list-top">
        <Summary overview={overview} isUnread={isUnread} />
        {!isEmpty && <p className="list-act">{words.text('list.act')}</p>}
        <TrustLine />
      </div>
      <aside className="list-side">
        <Fold title={words.text('chart.title', { weeks: WEEKS })}>
          <div className="chart-place">
            {isUnread && <p className="small">{words.text('list.summary.unread')}</p>}
            {overview !== undefined && (
              <PartBoundary otherwise={null}>
                <WeekChart overview={overview} />
              </PartBoundary>
            )}
          </div>
        </Fold>
        <Fold title={words.text('list.how')}>
          <PartBoundary>
            <HowToRead />
          </PartBoundary>
        </Fold>
      </aside>
      <div className="list-main">
        <FilterPanel counted={counted} />
        <AccessList filter={filter} pages={pages} />
      </div>
    </Page>
  );
}
