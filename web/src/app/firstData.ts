// SPDX-License-Identifier: Apache-2.0
import type { Me } from '@api/schemas';
import type { QueryClient } from '@tanstack/react-query';
import { accessPagesQuery } from '../features/timeline/useAccessPages';
import { isUnderWay } from '../lib/earlyRequests';
import { KEPT } from '../lib/draft';
import { FIRST_LIST } from '../lib/firstReads';
import { meQuery } from '../lib/queries';

/**
 * How long the first page waits for what it shows when its code and words are there. What takes longer is
 * announced on the page.
 */
const LATE_MS = { session: 500, list: 150 } as const;

/**
 * Reads what the first page shows, so that it is drawn once and whole; on a slow device each time costs more
 * than the wait. A failure is shown by the page, which asks for the same.
 */
export async function readFirstData(queryClient: QueryClient): Promise<void> {
  // Not tried again here: the page does that, and says why it waits.
  const session = queryClient.query({ ...meQuery, retry: false });
  await within(LATE_MS.session, session);
  await within(LATE_MS.session, restoreKept(session));
  if (isUnderWay(FIRST_LIST)) {
    await within(LATE_MS.list, queryClient.infiniteQuery(accessPagesQuery({})));
  }
}

/** What a reload kept comes back before the first page is drawn: its code is loaded for that alone. */
async function restoreKept(session: Promise<Me>): Promise<void> {
  if (!isKept()) {
    return;
  }
  const [{ restoreDraft }, { subject }] = await Promise.all([import('../lib/restoreDraft'), session]);
  restoreDraft(subject, Date.now());
}

function isKept(): boolean {
  try {
    return sessionStorage.getItem(KEPT) !== null;
  } catch {
    return false;
  }
}

/** Resolves when `reading` has ended, well or not, or after `ms`. */
async function within(ms: number, reading: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  const ended = reading.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, late]);
  clearTimeout(timer);
}
