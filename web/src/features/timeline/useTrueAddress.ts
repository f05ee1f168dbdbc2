// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { useFilter } from '../../lib/useFilter';

/**
 * What of an address is not understood narrows nothing: it is taken out, or the address would say what the
 * list does not do.
 */
export function useTrueAddress(): void {
  const { hash } = useLocation();
  const { filter, setFilter } = useFilter();
  const members = new URLSearchParams(hash.slice(1)).size;
  const understood = Object.keys(filter).length;
  useEffect(() => {
    if (members !== understood) {
      setFilter(filter, true);
    }
  });
}
