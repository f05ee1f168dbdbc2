// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ReactNode } from 'react';
import { formatDate } from '../../lib/dates';
import { useWords } from '../../words/context';
import type { AccessPages } from './useAccessPages';

/**
 * Where the portal itself looks for names: pages that are read on, and matches that are enough, without being
 * asked again.
 */
const SEARCH_STEP = 10;
const ENOUGH = 25;

/**
 * Reads on by itself until there is enough to show, in bounded steps: a name that does not occur must not
 * read a whole life.
 */
export function SearchOn({ pages }: { readonly pages: AccessPages }): ReactNode {
  const words = useWords();
  const { list, entries, searched, searchedBack } = pages;
  const { isFetchingNextPage, fetchNextPage } = list;
  const pageCount = list.data?.pages.length ?? 0;
  const [allowance, setAllowance] = useState({ pages: SEARCH_STEP, found: ENOUGH });
  const isWanted = pageCount < allowance.pages && entries.length < allowance.found && !isFetchingNextPage;
  useEffect(() => {
    if (isWanted) {
      void fetchNextPage();
    }
  }, [isWanted, fetchNextPage]);
  return (
    <div className="older">
      {searchedBack !== undefined && (
        <p className="small">
          {words.text('search.back', {
            count: searched,
            date: formatDate(words.tag, new Date(searchedBack)),
          })}
        </p>
      )}
      <button
        type="button"
        className="button"
        aria-disabled={isFetchingNextPage}
        onClick={() => {
          setAllowance({ pages: pageCount + SEARCH_STEP, found: entries.length + ENOUGH });
        }}
      >
        {words.text(isFetchingNextPage ? 'list.loadingOlder' : 'search.on')}
      </button>
    </div>
  );
}
