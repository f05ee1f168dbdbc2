// SPDX-License-Identifier: Apache-2.0
import { useEffect, type ReactNode } from 'react';
import { useAnnounce } from '../../components/announce';
import { Icon } from '../../components/Icon';
import { Mark } from '../../components/Mark';
import type { AccessFilter } from '../../lib/accessFilter';
import { useWords } from '../../words/context';
import type { AccessPages } from './useAccessPages';
import { useNewEntries } from './useNewEntries';
import '../../styles/listLater.css';

export interface NewEntriesProps {
  readonly filter: AccessFilter;
  readonly pages: AccessPages;
}

/** The way to entries that came since the list was loaded. It says when there is an emergency among them. */
export function NewEntries({ filter, pages }: NewEntriesProps): ReactNode {
  const words = useWords();
  const announce = useAnnounce();
  const { count, isMany, emergencies, show } = useNewEntries(filter, pages);
  const entries = words.text(isMany ? 'news.many' : 'news.entries', { count });
  const label =
    emergencies === 0
      ? entries
      : words.text('news.emergency', {
          entries,
          emergencies: words.text('list.emergencies', { count: emergencies }),
        });
  useEffect(() => {
    if (count > 0) {
      announce(label);
    }
  }, [count, label, announce]);
  if (count === 0) {
    return null;
  }
  return (
    <button
      type="button"
      className="button button-primary results-new"
      onClick={() => {
        show();
        window.scrollTo(0, 0);
        document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
      }}
    >
      {emergencies === 0 ? <Icon name="up" /> : <Mark kind="emergency" />}
      {label}
    </button>
  );
}
