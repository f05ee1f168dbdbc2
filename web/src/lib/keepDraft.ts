// SPDX-License-Identifier: Apache-2.0
import type { QueryClient } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { getDraft, getOpenRule, isUnsaved, KEPT, noteKept } from './draft';
import { meQuery } from './queries';

/**
 * Writes what is not saved into the tab's own storage, for the person who is signed in.
 * @returns whether it is there.
 */
function keepUnsaved(client: QueryClient, isAskedFor: boolean): boolean {
  const subject = client.getQueryData(meQuery.queryKey)?.subject;
  if (!isUnsaved() || subject === undefined) {
    return false;
  }
  try {
    const kept = { subject, at: Date.now(), isAskedFor, draft: getDraft(), openRule: getOpenRule() };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    return true;
  } catch {
    // The browser allows no storage, and asks before it leaves the page.
    return false;
  }
}

/**
 * Loads the portal anew and keeps what is not saved, for the same person only. Where the browser allows no
 * storage it asks, as for any page with unsaved changes.
 */
export function reloadWithDraft(client: QueryClient): void {
  if (keepUnsaved(client, true)) {
    noteKept();
  }
  window.location.reload();
}

/**
 * Keeps what is not saved when the page goes. No browser says whether it goes for good or is loaded anew: the
 * page that comes next takes it out of the storage, and uses it only where it is this one loaded anew
 * (`restoreDraft`).
 */
export function useKeptOverReload(): void {
  const client = useQueryClient();
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    window.addEventListener('pagehide', () => void keepUnsaved(client, false), { signal });
    // Out of the browser's memory: everything is still here.
    window.addEventListener('pageshow', forgetKept, { signal });
    return () => {
      stop.abort();
    };
  }, [client]);
}

function forgetKept(): void {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // The browser allows no storage: there is nothing in it.
  }
}
