// SPDX-License-Identifier: Apache-2.0
import { useMemo } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { filterFragment, parseFilter, type AccessFilter } from './accessFilter';

export interface FilterInUrl {
  readonly filter: AccessFilter;
  /** @param isReplacing changes the current history entry instead of adding one: for typing. */
  readonly setFilter: (filter: AccessFilter, isReplacing?: boolean) => void;
}

/** The filter that the URL holds. The back button undoes a change of it. */
export function useFilter(): FilterInUrl {
  const { hash } = useLocation();
  const navigate = useNavigate();
  const filter = useMemo(() => parseFilter(hash), [hash]);
  return {
    filter,
    setFilter: (next, isReplacing = false) => {
      void navigate({ hash: filterFragment(next) }, { replace: isReplacing, preventScrollReset: true });
    },
  };
}

/** `filter` with one member set, or taken out when `value` is empty. */
export function withMember<K extends keyof AccessFilter>(
  filter: AccessFilter,
  name: K,
  value: AccessFilter[K] | '' | undefined,
): AccessFilter {
  const others = Object.fromEntries(Object.entries(filter).filter(([other]) => other !== name));
  return value === '' || value === undefined ? others : { ...others, [name]: value };
}
