// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';

/** Whether a rule is about everybody: no person, organisation or role is named. */
export function isForAll(rule: Omit<ConsentRule, 'id'>): boolean {
  return rule.user === undefined && rule.org === undefined && rule.role === undefined;
}
