// SPDX-License-Identifier: Apache-2.0
import type { RecorderLimits } from './limits';

/** Beyond what it takes to find out that the ledger is away, in milliseconds. */
const MARGIN_MS = 1_000;

type Times = Pick<
  RecorderLimits,
  'deadlineMs' | 'readingMs' | 'emergencyWaitMs' | 'awayAfterMs' | 'evaluateMs'
>;

/** A request as its deadline sees it. Moments are of the recorder's scheduler. */
export interface Handed {
  readonly isEmergency: boolean;
  /** When it was admitted; absent: when it is handed in. */
  readonly admittedAt: number | undefined;
  /** When it is handed in to be recorded. */
  readonly handedInAt: number;
}

/**
 * Until when a request is answered. An emergency: `emergencyWaitMs` from its admission, whatever the time
 * went into. Any other: `deadlineMs` from its hand-in, and no later than that and the time for reading the
 * source, `readingMs`, from its admission.
 *
 * A request that is handed in with little time left has {@link leastLeft} all the same: a source that is slow
 * must not look like a ledger that is away, and an emergency must live to see that the ledger is away. Pure.
 */
export function answerBy({ isEmergency, admittedAt, handedInAt }: Handed, limits: Times): number {
  const since = Math.min(admittedAt ?? handedInAt, handedInAt);
  const { deadlineMs, readingMs, emergencyWaitMs } = limits;
  const whole = isEmergency
    ? since + emergencyWaitMs
    : Math.min(handedInAt + deadlineMs, since + readingMs + deadlineMs);
  return Math.max(whole, handedInAt + leastLeft(isEmergency, limits));
}

/**
 * Time that a request has from its hand-in on in any case, in milliseconds; never more than its whole
 * deadline.
 */
function leastLeft(
  isEmergency: boolean,
  { deadlineMs, emergencyWaitMs, awayAfterMs, evaluateMs }: Times,
): number {
  return Math.min(isEmergency ? emergencyWaitMs : deadlineMs, awayAfterMs + evaluateMs + MARGIN_MS);
}
