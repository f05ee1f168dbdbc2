// SPDX-License-Identifier: Apache-2.0
import type { LedgerErrorKind } from '../ledger/ledgerError';

/** First and longest wait before the next try, in milliseconds, by what is known about the failed one. */
const WAITS: Readonly<Record<LedgerErrorKind, readonly [first: number, longest: number]>> = {
  retryable: [15, 1_000],
  unknown: [50, 1_000],
  unavailable: [100, 2_000],
  rejected: [250, 5_000],
};

/**
 * Exponential, spread over half of its length so that batches which collided once do not collide again.
 * @param failures number of failures in a row, 1 for the first.
 * @param jitter from 0 to 1.
 */
export function backoffMs(kind: LedgerErrorKind, failures: number, jitter: number): number {
  const [first, longest] = WAITS[kind];
  const full = Math.min(longest, first * 2 ** Math.min(failures - 1, 16));
  return Math.round(full * (0.5 + jitter / 2));
}
