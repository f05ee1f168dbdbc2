// SPDX-License-Identifier: Apache-2.0

/**
 * Browsers keep a page that is left as it is, to show it at once on the way back; WebKit does so for as long
 * as nobody touches anything, even if another person sits there then. So the page is blank when it is left,
 * and when it comes back it shows nobody's data before it is known who is signed in.
 * @param ask covers the page and finds out.
 * @returns what ends the guard.
 */
export function guardPageCache(ask: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const { style } = document.body;
  window.addEventListener('pagehide', () => { style.display = 'none'; }, { signal }); // prettier-ignore
  window.addEventListener(
    'pageshow',
    ({ persisted }) => {
      if (persisted) {
        ask();
      }
      style.display = '';
    },
    { signal },
  );
  return () => {
    stop.abort();
  };
}
