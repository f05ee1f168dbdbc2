// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { isEmptyFilter, type AccessFilter } from '../../lib/accessFilter';
import { useWords } from '../../words/context';
import '../../styles/listLater.css';

/** In place of a list without an entry: there is none at all, none fits, or none can fit. */
export function Nothing({ filter }: { readonly filter: AccessFilter }): ReactNode {
  const words = useWords();
  const { from, to } = filter;
  if (isEmptyFilter(filter)) {
    return (
      <div className="nothing">
        <h2>{words.text('nothing.yet')}</h2>
        <p>{words.text('nothing.yet.text')}</p>
      </div>
    );
  }
  // Days as `YYYY-MM-DD` are in the order of their text.
  const isTurned = from !== undefined && to !== undefined && to < from;
  return (
    <div className="nothing">
      <h2>{words.text('nothing.fits')}</h2>
      <p>{words.text(isTurned ? 'nothing.days' : 'nothing.fits.text')}</p>
      <p>
        <Link className="button" to={{ hash: '' }}>
          {words.text('filter.clear')}
        </Link>
      </p>
    </div>
  );
}
