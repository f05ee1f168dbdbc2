// SPDX-License-Identifier: Apache-2.0
import type { LedgerError } from '../ledger/ledgerError';
import type { SuspectGroup } from './suspects';

/** How long owed entries rest after the ledger refused them. */
export const OWED_REST_MS = 30_000;
/**
 * Peers that were only behind one another agree within moments: so soon an owed entry about which they differ
 * is tried again, by its tries.
 */
const SOON_MS: readonly number[] = [100, 200, 400, 800, 1_600, 3_200];

/**
 * An owed entry alone, until its next try. Mere differences count as no tries at first: peers need the time
 * to agree.
 * @param now in milliseconds, the scheduler's.
 */
export function resting(group: SuspectGroup, error: LedgerError, now: number): SuspectGroup {
  const soon = error.kind === 'rejected' ? undefined : SOON_MS[group.differences];
  return soon === undefined
    ? { ...group, tries: group.tries + 1, restsUntil: now + OWED_REST_MS }
    : { ...group, differences: group.differences + 1, restsUntil: now + soon };
}
