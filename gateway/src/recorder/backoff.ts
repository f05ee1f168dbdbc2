// SPDX-License-Identifier: Apache-2.0
import type { LedgerErrorKind } from '../ledger/ledgerError';
import { backoff } from '../retry/backoff';

/** First and longest wait before the next try, in milliseconds, by what is known about the failed one. */
const WAITS: Readonly<Record<LedgerErrorKind, readonly [first: number, longest: number]>> = {
  retryable: [15, 1_000],
  unknown: [50, 1_000],
  unavailable: [100, 2_000],
  rejected: [250, 5_000],
};

/**
 * Milliseconds before the next try of a batch.
 * @param failures number of failures in a row, 1 for the first.
 * @param jitter from 0 to 1.
 */
export function backoffMs(kind: LedgerErrorKind, failures: number, jitter: number): number {
  const [firstMs, longestMs] = WAITS[kind];
  return backoff({ firstMs, longestMs }, failures, jitter);
}
