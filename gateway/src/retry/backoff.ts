// SPDX-License-Identifier: Apache-2.0

/** First and longest wait before the next try, in milliseconds. */
export interface Waits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Beyond it every wait is the longest, and doubling on would leave whole numbers. */
const MOST_DOUBLINGS = 16;

/**
 * Milliseconds before the next try: doubled with each failure, spread over half of its length.
 * @param failures number of failures in a row, 1 for the first.
 * @param jitter from 0 to 1.
 */
export function backoff({ firstMs, longestMs }: Waits, failures: number, jitter: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, MOST_DOUBLINGS));
  return Math.round(full * (0.5 + jitter / 2));
}
