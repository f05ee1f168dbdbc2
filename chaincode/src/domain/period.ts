// SPDX-License-Identifier: Apache-2.0
import type { RulePeriod } from './consent';
import { dateMs, instantMs, MS_PER_DAY } from './instant';

/** First millisecond of a period's `start`, or undefined for a text that is neither date nor instant. */
export function periodStartMs(start: string): number | undefined {
  return dateMs(start) ?? instantMs(start);
}

/**
 * First millisecond after a period's `end`: an instant itself, or the end of a date's day (FHIR R4 Period).
 */
export function periodEndMs(end: string): number | undefined {
  const day = dateMs(end);
  return day === undefined ? instantMs(end) : day + MS_PER_DAY;
}

/**
 * Whether `atMs` lies in the period: start inclusive, end exclusive. A bound that cannot be read is never
 * met.
 */
export function isWithin(period: RulePeriod, atMs: number): boolean {
  if (period.start !== undefined && !(atMs >= (periodStartMs(period.start) ?? NaN))) {
    return false;
  }
  return period.end === undefined || atMs < (periodEndMs(period.end) ?? NaN);
}
