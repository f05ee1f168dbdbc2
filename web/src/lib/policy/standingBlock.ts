// SPDX-License-Identifier: Apache-2.0
import type { ConsentHistory, ConsentPolicy, ConsentRule } from '@api/schemas';
import { addException, type BlockAtHand } from './addException';
import { readArrangement, type Preset } from './arrangement';

/** Everything of one person, or of one organisation. */
export type Blocked = { readonly user: string } | { readonly org: string };

export interface StandingBlock {
  /** The exception that blocks; undefined where the general setting does. */
  readonly rule: ConsentRule | undefined;
  readonly preset: Preset;
  /** The first version that has blocked it without a break until now. */
  readonly since: number;
  /** Not even an emergency opens it. */
  readonly isAlways: boolean;
}

/**
 * The block of a person or an organisation that holds now, by the newest of a consent's `versions`; undefined
 * where none does.
 */
export function standingBlock(
  versions: ConsentHistory['items'],
  blocked: Blocked,
): StandingBlock | undefined {
  const newestFirst = [...versions].sort((a, b) => b.consent.version - a.consent.version);
  const newest = newestFirst[0]?.consent;
  const block = newest && blockIn(newest, blocked, false);
  if (newest === undefined || block === undefined) {
    return undefined;
  }
  let since = newest.version;
  for (const { consent } of newestFirst) {
    if (blockIn(consent, blocked, false) === undefined) {
      break;
    }
    since = consent.version;
  }
  const { exceptions, preset } = readArrangement(newest);
  return {
    rule: exceptions.find(({ id }) => id === block.id),
    preset,
    since,
    isAlways: blockIn(newest, blocked, true) !== undefined,
  };
}

/**
 * What adding the block would find there already: asked of the rule that adds it, so that the two cannot
 * differ.
 */
function blockIn(policy: ConsentPolicy, blocked: Blocked, holds: boolean): BlockAtHand | undefined {
  const rule = { effect: 'deny', ...blocked, ...(holds && { holdsInEmergency: true }) } as const;
  return addException(readArrangement(policy), rule, 'asked').known;
}
