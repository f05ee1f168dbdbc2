// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Icon } from '../../components/Icon';
import { PartBoundary } from '../../components/PartBoundary';
import { isEmptyFilter } from '../../lib/accessFilter';
import { latePart } from '../../lib/latePart';
import { useFilter, withMember, type FilterInUrl } from '../../lib/useFilter';
import { useWords } from '../../words/context';
import { needAllWords } from '../../words/loadWords';

const FilterFields = latePart(async () => {
  const [module] = await Promise.all([import('./FilterFields'), needAllWords()]);
  return module.FilterFields;
});
const ActiveFilters = latePart(async () => {
  const [module] = await Promise.all([import('./ActiveFilters'), needAllWords()]);
  return module.ActiveFilters;
});
const TYPING_MS = 250;

/** Everything that narrows the list. Each change is in the URL at once. */
export function FilterPanel({ counted }: { readonly counted: readonly AccessEntry[] }): ReactNode {
  const words = useWords();
  const { filter, setFilter } = useFilter();
  const active = Object.keys(filter).filter((name) => name !== 'q').length;
  const [isOpen, setIsOpen] = useState(active > 0);
  return (
    <search className="find">
      <div className="find-line">
        <NameSearch filter={filter} setFilter={setFilter} />
        <button
          type="button"
          className="button find-more"
          aria-expanded={isOpen}
          onClick={() => {
            setIsOpen(!isOpen);
          }}
        >
          {words.text('filter.more')}
          {active > 0 && <span className="unseen"> ({words.text('filter.active', { count: active })})</span>}
          {active > 0 && (
            <span className="find-active" aria-hidden="true">
              {words.number(active)}
            </span>
          )}
        </button>
        {!isEmptyFilter(filter) && (
          <button
            type="button"
            className="button button-quiet"
            onClick={() => {
              setFilter({});
            }}
          >
            {words.text('filter.clear')}
          </button>
        )}
      </div>
      {active > 0 && (
        <PartBoundary at={filter} otherwise={null}>
          <ActiveFilters filter={filter} setFilter={setFilter} />
        </PartBoundary>
      )}
      {isOpen && (
        <PartBoundary>
          <FilterFields counted={counted} filter={filter} setFilter={setFilter} />
        </PartBoundary>
      )}
    </search>
  );
}

/** Free text over names. Typing changes the URL after a pause, and one search is one step back. */
function NameSearch({ filter, setFilter }: FilterInUrl): ReactNode {
  const words = useWords();
  const inUrl = filter.q ?? '';
  const [text, setText] = useState(inUrl);
  const sent = useRef(inUrl);
  useEffect(() => {
    if (inUrl === sent.current) {
      return;
    }
    sent.current = inUrl;
    setText(inUrl);
  }, [inUrl]);
  useEffect(() => {
    if (text === sent.current) {
      return;
    }
    const timer = setTimeout(() => {
      const isReplacing = sent.current !== '' && text !== '';
      sent.current = text.trim();
      setFilter(withMember(filter, 'q', text.trim()), isReplacing);
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [text, filter, setFilter]);
  return (
    <label className="find-name">
      <Icon name="search" />
      <span className="unseen">{words.text('filter.search')}</span>
      <input
        type="search"
        className="input"
        maxLength={100}
        autoComplete="off"
        spellCheck={false}
        placeholder={words.text('filter.search')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
    </label>
  );
}
