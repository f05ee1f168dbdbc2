// SPDX-License-Identifier: Apache-2.0

/** For a browser without idle callbacks (Safari): long enough to let what was pressed or arrived go first. */
const MOMENT_MS = 50;

/**
 * Calls back when the page has nothing else to do, at the latest after `latestMs`, also on a page that is
 * always busy.
 * @param call told whether there was no such moment, or none could be known.
 * @returns what cancels it.
 */
export function whenIdle(call: (isLate: boolean) => void, latestMs: number): () => void {
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(call, Math.min(MOMENT_MS, latestMs), true);
    return () => {
      clearTimeout(timer);
    };
  }
  const handle = requestIdleCallback(
    ({ didTimeout }) => {
      call(didTimeout);
    },
    { timeout: latestMs },
  );
  return () => {
    cancelIdleCallback(handle);
  };
}
