// SPDX-License-Identifier: Apache-2.0
import type { QueryClient } from '@tanstack/react-query';
import { getDraft, getOpenRule, isUnsaved, KEPT, noteKept } from './draft';
import { meQuery } from './queries';

/**
 * Loads the portal anew and keeps what is not saved, for the same person only. Where the browser allows no storage it asks, as for any
 * page with unsaved changes.
 */
export function reloadWithDraft(client: QueryClient): void {
  const subject = client.getQueryData(meQuery.queryKey)?.subject;
  if (isUnsaved() && subject !== undefined) {
    try {
      const kept = { subject, at: Date.now(), draft: getDraft(), openRule: getOpenRule() };
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
      noteKept();
    } catch {
      // The browser then asks before it leaves the page.
    }
  }
  window.location.reload();
}
