// SPDX-License-Identifier: Apache-2.0

/** Where the side of the list has a column of its own (`timeline.css`). */
const WIDE = '(min-width: 60.01rem)';

/** Whether there is room for two columns now. */
export function isWideScreen(): boolean {
  return window.matchMedia(WIDE).matches;
}
