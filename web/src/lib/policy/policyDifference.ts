// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import { readArrangement, sameMeaning, type Preset } from './arrangement';

export type PolicyChange =
  | { readonly kind: 'preset'; readonly before: Preset; readonly after: Preset }
  | { readonly kind: 'added'; readonly rule: ConsentRule }
  | { readonly kind: 'removed'; readonly rule: ConsentRule }
  | { readonly kind: 'changed'; readonly before: ConsentRule; readonly after: ConsentRule }
  /** The same exceptions in another order. */
  | { readonly kind: 'order' };

/** What changed between two policies, as a reader would tell it. Empty exactly when both say the same. */
export function policyDifference(before: ConsentPolicy, after: ConsentPolicy): readonly PolicyChange[] {
  const old = readArrangement(before);
  const now = readArrangement(after);
  const changes: PolicyChange[] = [];
  if (old.preset !== now.preset) {
    changes.push({ kind: 'preset', before: old.preset, after: now.preset });
  }
  for (const rule of now.exceptions) {
    const was = counterpart(old.exceptions, rule);
    if (was === undefined) {
      changes.push({ kind: 'added', rule });
    } else if (!sameMeaning(was, rule)) {
      changes.push({ kind: 'changed', before: was, after: rule });
    }
  }
  for (const rule of old.exceptions) {
    if (counterpart(now.exceptions, rule) === undefined) {
      changes.push({ kind: 'removed', rule });
    }
  }
  if (isReordered(old.exceptions, now.exceptions)) {
    changes.push({ kind: 'order' });
  }
  return changes;
}

/**
 * Whether a change can take an access away that was allowed: the law then asks for a warning first (EHDS
 * Article 8).
 */
export function restricts(change: PolicyChange): boolean {
  switch (change.kind) {
    case 'added':
      return change.rule.effect === 'deny';
    case 'removed':
      return change.rule.effect === 'permit';
    case 'changed':
      return !(change.before.effect === 'deny' && change.after.effect === 'permit');
    case 'order':
      return true;
    case 'preset':
      return OPENNESS[change.after] < OPENNESS[change.before] || change.after === 'closed';
  }
}

const OPENNESS: Readonly<Record<Preset, number>> = {
  other: 5,
  care: 4,
  hospital: 3,
  usual: 2,
  emergency: 1,
  closed: 0,
};

function counterpart(rules: readonly ConsentRule[], rule: ConsentRule): ConsentRule | undefined {
  return rules.find((other) => other.id === rule.id);
}

function isReordered(before: readonly ConsentRule[], after: readonly ConsentRule[]): boolean {
  const kept = (rules: readonly ConsentRule[], others: readonly ConsentRule[]): string =>
    rules.flatMap((rule) => (counterpart(others, rule) === undefined ? [] : [rule.id])).join('\n');
  return kept(before, after) !== kept(after, before);
}
