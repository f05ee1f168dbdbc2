// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { Link, NavigationType, useNavigationType } from 'react-router';
import { ErrorNotice } from '../../components/ErrorNotice';
import { PartBoundary } from '../../components/PartBoundary';
import { filterFragment, isEmptyFilter, isNarrowedHere, type AccessFilter } from '../../lib/accessFilter';
import { latePart } from '../../lib/latePart';
import { useLate } from '../../lib/useLate';
import { useWords } from '../../words/context';
import { needAllWords } from '../../words/loadWords';
import { DaySection } from './DaySection';
import { groupVisits } from './groupVisits';
import { takeLastEntry } from './timelineMemory';
import type { AccessPages } from './useAccessPages';

/** Nothing is new in the first seconds. */
const loadNews = async () => {
  const [module] = await Promise.all([import('./NewEntries'), needAllWords()]);
  return module.NewEntries;
};

const Nothing = latePart(async () => {
  const [module] = await Promise.all([import('./Nothing'), needAllWords()]);
  return module.Nothing;
});
const SearchOn = latePart(async () => {
  const [module] = await Promise.all([import('./SearchOn'), needAllWords()]);
  return module.SearchOn;
});

interface AccessListProps {
  readonly filter: AccessFilter;
  readonly pages: AccessPages;
}

/** The days of the list, what is new above them and what is older below. */
export function AccessList({ filter, pages }: AccessListProps): ReactNode {
  const words = useWords();
  const { list, entries } = pages;
  const days = useMemo(() => groupVisits(entries), [entries]);
  const isReady = list.data !== undefined;
  const resultsRef = useReturnToEntry(isReady);
  const News = useLate(loadNews);
  if (!isReady && list.error !== null) {
    return <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />;
  }
  const countKey = list.hasNextPage ? 'list.entriesMore' : 'list.entries';
  return (
    <div id="results" tabIndex={-1} ref={resultsRef} className={isReady ? 'results' : undefined}>
      <p className="results-head">
        {/* Stays while a filter changes what is counted, so that a screen reader tells the new count. */}
        <span role="status" className="results-count">
          {isReady ? words.text(countKey, { count: entries.length }) : words.text('app.loading')}
        </span>
        <Link className="results-keep" to={{ pathname: '/keep', hash: filterFragment(filter) }}>
          {words.text(isEmptyFilter(filter) ? 'list.keepAll' : 'list.keepThese')}
        </Link>
      </p>
      {News !== null && <News filter={filter} pages={pages} />}
      {days.map((day, at) => (
        <DaySection key={day.date} day={day} isFirst={at === 0} />
      ))}
      {isReady && entries.length === 0 && !list.hasNextPage && (
        <PartBoundary>
          <Nothing filter={filter} />
        </PartBoundary>
      )}
      {isReady && <Older filter={filter} pages={pages} />}
    </div>
  );
}

/** What is below the loaded entries: older ones, or the end. */
function Older({ filter, pages }: AccessListProps): ReactNode {
  const words = useWords();
  const { list, entries } = pages;
  if (list.error !== null) {
    return (
      <div className="older">
        <ErrorNotice error={list.error} onRetry={() => void list.fetchNextPage()} />
      </div>
    );
  }
  if (list.hasNextPage) {
    return isNarrowedHere(filter) ? (
      <PartBoundary at={filter}>
        <SearchOn pages={pages} />
      </PartBoundary>
    ) : (
      <NextPage pages={pages} />
    );
  }
  return (
    <div className="older">
      {entries.length > 0 && (
        <p className="small">{words.text(isEmptyFilter(filter) ? 'list.end' : 'list.endFilter')}</p>
      )}
    </div>
  );
}

type PagesProps = Pick<AccessListProps, 'pages'>;

/** Loads older entries when the reader comes near the end, and on the button for those who do not scroll. */
function NextPage({ pages }: PagesProps): ReactNode {
  const words = useWords();
  const { isFetchingNextPage, fetchNextPage } = pages.list;
  const more = (): void => {
    if (!isFetchingNextPage) {
      void fetchNextPage();
    }
  };
  const sentinel = useNearScreen(!isFetchingNextPage, more);
  return (
    <div ref={sentinel} className="older">
      <button type="button" className="button" aria-disabled={isFetchingNextPage} onClick={more}>
        {words.text(isFetchingNextPage ? 'list.loadingOlder' : 'list.older')}
      </button>
    </div>
  );
}

/** Calls `onNear` when the element comes near the screen. */
function useNearScreen(isOn: boolean, onNear: () => void) {
  const ref = useRef<HTMLDivElement>(null);
  const call = useRef(onNear);
  useEffect(() => {
    call.current = onNear;
  });
  useEffect(() => {
    const element = ref.current;
    if (!isOn || element === null) {
      return;
    }
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) {
          call.current();
        }
      },
      { rootMargin: '600px' },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [isOn]);
  return ref;
}

/** Coming back from an entry puts the focus on its line again. */
function useReturnToEntry(isReady: boolean) {
  const ref = useRef<HTMLDivElement>(null);
  const arrival = useNavigationType();
  const isBack = useRef(arrival === NavigationType.Pop);
  useEffect(() => {
    if (!isReady || !isBack.current) {
      return;
    }
    isBack.current = false;
    const id = takeLastEntry();
    const line =
      id === undefined ? null : ref.current?.querySelector<HTMLElement>(`[data-entry="${CSS.escape(id)}"]`);
    line?.focus({ preventScroll: true });
    line?.scrollIntoView({ block: 'center' });
  }, [isReady]);
  return ref;
}
