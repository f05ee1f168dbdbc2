// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { periodEndMs, periodStartMs } from '@chartwitness/chaincode/domain';

/** On how many of some days a rule holds. */
export type DaysHeld = 'all' | 'partly' | 'never';

/**
 * On how many of the days from `since` to `until` a rule's period lets it hold; a rule without a period
 * always does.
 */
export function daysHeld({ period }: Pick<ConsentRule, 'period'>, since: Date, until: Date): DaysHeld {
  const start = period?.start === undefined ? undefined : periodStartMs(period.start);
  const end = period?.end === undefined ? undefined : periodEndMs(period.end);
  const from = start ?? -Infinity;
  const to = end ?? Infinity;
  if (from > until.getTime() || to <= since.getTime()) {
    return 'never';
  }
  return from <= since.getTime() && to > until.getTime() ? 'all' : 'partly';
}
