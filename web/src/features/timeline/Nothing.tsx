// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useWords } from '../../words/context';
import '../../styles/listLater.css';

/** In place of a list without an entry: whether there is none at all, or none that fits. */
export function Nothing({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const words = useWords();
  return (
    <div className="nothing">
      <h2>{words.text(isFiltered ? 'nothing.fits' : 'nothing.yet')}</h2>
      <p>{words.text(isFiltered ? 'nothing.fits.text' : 'nothing.yet.text')}</p>
      {isFiltered && (
        <p>
          <Link className="button" to={{ hash: '' }}>
            {words.text('filter.clear')}
          </Link>
        </p>
      )}
    </div>
  );
}
