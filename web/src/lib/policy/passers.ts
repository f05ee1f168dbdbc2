// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { passes } from './placeRule';
import { letIn } from './standingRule';

/** Who gets past a block because a permission stands before it. */
export interface Passers {
  /** Permissions that the block's own sentence names: "nobody but …". */
  readonly but: readonly ConsentRule[];
  readonly others: readonly ConsentRule[];
}

/** The {@link Passers} of a rule of `exceptions`; nobody for a permission. */
export function passersOf(exceptions: readonly ConsentRule[], rule: ConsentRule): Passers {
  const before = exceptions.slice(
    0,
    exceptions.findIndex(({ id }) => id === rule.id),
  );
  if (rule.effect === 'permit') {
    return { but: [], others: [] };
  }
  const but = letIn(rule, before);
  return { but, others: before.filter((other) => !but.includes(other) && passes(other, rule)) };
}
