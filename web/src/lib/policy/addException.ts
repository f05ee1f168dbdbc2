// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import { blockEffect } from '@chartwitness/chaincode/domain';
import { sameMeaning, toPolicy, type Arrangement } from './arrangement';
import { isExpress, placeRule, putRule, rankPlace, toDomain, type RuleDraft } from './placeRule';

/** A block that the consent has already, so that there is nothing to add. */
export interface BlockAtHand {
  /** Of the rule that blocks it; it may be one of the general setting's. */
  readonly id: string;
  /** It blocks more than what was asked for, or holds in an emergency where that would not. */
  readonly isStronger: boolean;
}

export interface Addition {
  readonly exceptions: readonly ConsentRule[];
  /** Present: nothing was added. */
  readonly known?: BlockAtHand;
}

/**
 * Adds an exception to an arrangement. A block that is there already, or a stronger one, is not added again;
 * one that is there without holding in an emergency, or behind a permission that passes it, is made to do
 * what was asked for and keeps its id. Adding a block never makes any request more permitted, in an emergency
 * or not.
 */
export function addException(arrangement: Arrangement, added: RuleDraft, id: string): Addition {
  const { exceptions } = arrangement;
  const rule: ConsentRule = { ...added, id };
  const same = exceptions.find((other) => isSameBut(other, rule));
  if (rule.effect === 'permit') {
    return { exceptions: placeRule(withoutRule(exceptions, same), same ?? rule) };
  }
  // "Nobody but": what the patient exempted expressly stays exempted.
  const rules = toPolicy(arrangement).rules.filter((other) => !isExpress(other, rule));
  const effect = blockEffect(rules.map(toDomain), toDomain(rule));
  if (effect.kind === 'exists') {
    return { exceptions, known: { id: effect.rule.id, isStronger: effect.isStronger } };
  }
  if (same === undefined) {
    return { exceptions: placeRule(exceptions, rule) };
  }
  const others = withoutRule(exceptions, same);
  const wanted = Math.min(exceptions.indexOf(same), rankPlace(others, rule));
  return { exceptions: putRule(others, holdingLike(same, rule), wanted) };
}

/**
 * Makes a block hold in an emergency, or not; then it stands where it does so. Unchanged without such a
 * block.
 */
export function holdInEmergency(
  exceptions: readonly ConsentRule[],
  id: string,
  holds: boolean,
): readonly ConsentRule[] {
  const at = exceptions.findIndex((rule) => rule.id === id && rule.effect === 'deny');
  const block = exceptions[at];
  if (block === undefined) {
    return exceptions;
  }
  const { holdsInEmergency, ...rest } = block;
  if ((holdsInEmergency === true) === holds) {
    return exceptions;
  }
  return putRule(withoutRule(exceptions, block), holds ? { ...rest, holdsInEmergency: true } : rest, at);
}

/** Puts a changed exception in the place of the one with its id, or where it does what it says. */
export function changeException(
  exceptions: readonly ConsentRule[],
  changed: ConsentRule,
): readonly ConsentRule[] {
  const at = exceptions.findIndex(({ id }) => id === changed.id);
  const old = exceptions[at];
  return old === undefined ? exceptions : putRule(withoutRule(exceptions, old), changed, at);
}

function holdingLike(same: ConsentRule, rule: ConsentRule): ConsentRule {
  return same.holdsInEmergency === true || rule.holdsInEmergency === true
    ? { ...same, holdsInEmergency: true }
    : same;
}

function isSameBut(a: ConsentRule, b: ConsentRule): boolean {
  return sameMeaning({ ...a, holdsInEmergency: false }, { ...b, holdsInEmergency: false });
}

function withoutRule(rules: readonly ConsentRule[], gone: ConsentRule | undefined): readonly ConsentRule[] {
  return rules.filter((rule) => rule !== gone);
}
