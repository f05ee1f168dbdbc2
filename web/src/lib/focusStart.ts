// SPDX-License-Identifier: Apache-2.0

/**
 * Puts the focus on a part of the page and its beginning below the top of the window. `focus()` alone shows
 * the middle of a part that is off the screen and higher than it.
 */
export function focusStart(part: HTMLElement | null): void {
  part?.focus({ preventScroll: true });
  part?.scrollIntoView();
}
