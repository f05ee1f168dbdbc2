// SPDX-License-Identifier: Apache-2.0
import type { ConsentPolicy, ConsentRule } from '@api/schemas';
import { blockEffect } from '@chartwitness/chaincode/domain';
import { readArrangement, type Preset } from './arrangement';
import { passes, toDomain } from './placeRule';
import { restricts, type PolicyChange } from './policyDifference';
import { isForAll } from './ruleScope';

/** What becomes of what a change closes when somebody declares an emergency: opened, or closed even then. */
export type Reach = 'opens' | 'staysClosed';

/** What a change takes away, for the warning that the law asks for. */
export type Restriction =
  /** Somebody, or everybody, no longer sees something. */
  | {
      readonly kind: 'block';
      readonly rule: ConsentRule;
      readonly reach: Reach;
      /** It is all that the change does, and about some people only: everybody else sees what they saw. */
      readonly leavesOthers: boolean;
    }
  /** What a permission opened is decided by the other choices. */
  | { readonly kind: 'permission'; readonly rule: ConsentRule; readonly reach: Reach }
  | { readonly kind: 'preset'; readonly preset: Preset; readonly reach: Reach }
  | { readonly kind: 'order' };

/** What `changes` take away, in their order. `after`: the policy that they lead to. */
export function restrictionsOf(
  changes: readonly PolicyChange[],
  after: ConsentPolicy,
): readonly Restriction[] {
  const leavesOthers = changes.length === 1 && changes.every(isOfSomeOnly);
  return changes.filter(restricts).map((change) => restrictionOf(change, after, leavesOthers));
}

/** Whether the change is one block of some people, and was of the same people before. */
function isOfSomeOnly(change: PolicyChange): boolean {
  if (change.kind === 'added') {
    return !isForAll(change.rule);
  }
  if (change.kind !== 'changed') {
    return false;
  }
  const { before, after } = change;
  const isOfSame = before.user === after.user && before.org === after.org && before.role === after.role;
  return isOfSame && !isForAll(after);
}

function restrictionOf(change: PolicyChange, after: ConsentPolicy, leavesOthers: boolean): Restriction {
  const { preset } = readArrangement(after);
  const reach: Reach = preset === 'closed' ? 'staysClosed' : 'opens';
  switch (change.kind) {
    case 'preset':
      return { kind: 'preset', preset, reach };
    case 'order':
      return { kind: 'order' };
    case 'added':
    case 'removed':
      return ruleRestriction(change.rule, reach, after, leavesOthers);
    case 'changed':
      return ruleRestriction(change.after, reach, after, leavesOthers);
  }
}

function ruleRestriction(
  rule: ConsentRule,
  settingsReach: Reach,
  after: ConsentPolicy,
  leavesOthers: boolean,
): Restriction {
  return rule.effect === 'permit'
    ? { kind: 'permission', rule, reach: settingsReach }
    : { kind: 'block', rule, reach: blockReach(rule, after), leavesOthers };
}

/**
 * A block that does not hold in an emergency is not read in one: the other rules decide then. Where one of
 * them blocks all of it even then, it stays closed.
 */
export function blockReach(block: ConsentRule, after: ConsentPolicy): Reach {
  if (block.holdsInEmergency === true) {
    return 'staysClosed';
  }
  const { exceptions, preset } = readArrangement(after);
  const held = { ...block, holdsInEmergency: true };
  const others = after.rules.filter(({ id }) => id !== block.id).map(toDomain);
  if (blockEffect(others, toDomain(held)).kind === 'exists') {
    return 'staysClosed';
  }
  return preset !== 'closed' || exceptions.some((rule) => passes(rule, held)) ? 'opens' : 'staysClosed';
}

/**
 * Whether another rule than the restriction's holds in an emergency, so that not everything can be opened in
 * one.
 */
export function othersHold({ rules }: ConsentPolicy, id: string): boolean {
  return rules.some((rule) => rule.id !== id && rule.effect === 'deny' && rule.holdsInEmergency === true);
}
