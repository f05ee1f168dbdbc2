// SPDX-License-Identifier: Apache-2.0
import { useRef, type ReactNode } from 'react';
import { Icon } from '../../components/Icon';
import { Name } from '../../components/Name';
import { useFilterParts } from '../../lib/filterParts';
import { withMember, type FilterInUrl } from '../../lib/useFilter';
import { useWords } from '../../words/context';
import '../../styles/filters.css';

/**
 * What narrows the list now, each with the way to take it away. The searched name stands in its own field.
 */
export function ActiveFilters({ filter, setFilter }: FilterInUrl): ReactNode {
  const words = useWords();
  const list = useRef<HTMLUListElement>(null);
  const parts = useFilterParts(filter).filter(({ member }) => member !== 'q');
  if (parts.length === 0) {
    return null;
  }
  return (
    <ul ref={list} className="chips" aria-label={words.text('field.active')}>
      {parts.map(({ member, name, value }, at) => (
        <li key={member}>
          <button
            type="button"
            className="chip"
            onClick={() => {
              // What was pressed goes away: the focus moves to its neighbour, or to the search.
              const others = [...(list.current?.querySelectorAll('button') ?? [])].filter(
                (_other, place) => place !== at,
              );
              const next =
                others[Math.min(at, others.length - 1)] ??
                document.querySelector<HTMLElement>('.find-name input');
              setFilter(withMember(filter, member, ''));
              next?.focus();
            }}
          >
            <span className="unseen">{words.text('field.remove')} </span>
            {name}
            {value !== undefined && (
              <>
                {': '}
                <Name isShort>{value}</Name>
              </>
            )}
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
