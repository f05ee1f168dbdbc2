// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';
import {
  coveredByDenial,
  type ConsentRule as DomainRule,
  purposeMatches,
  whoPasses,
} from '@chartwitness/chaincode/domain';

/** A rule before it has its id. */
export type RuleDraft = Omit<ConsentRule, 'id'>;

/**
 * Adds an exception where it does what a person expects. The first rule that fits decides, so a rule for one
 * person goes before one for an organisation, that before one for a role, that before one for everybody; and
 * of two about the same, the newer goes first. A block wins: it goes before every permission that could pass
 * it, in an emergency too where it holds in one, and a permission after every block that it could pass; but
 * for an *express* permission, one for fewer people and about no more than the block is about ("nobody but
 * …").
 */
export function placeRule(rules: readonly ConsentRule[], added: ConsentRule): readonly ConsentRule[] {
  return putRule(rules, added, rankPlace(rules, added));
}

/** The place before what is as particular as `added` or less. */
export function rankPlace(rules: readonly ConsentRule[], added: RuleDraft): number {
  const at = rules.findIndex((rule) => rank(rule) >= rank(added));
  return at === -1 ? rules.length : at;
}

/** As {@link placeRule}, at `wanted` or as near to it as a block that wins allows. */
export function putRule(
  rules: readonly ConsentRule[],
  added: ConsentRule,
  wanted: number,
): readonly ConsentRule[] {
  const place =
    added.effect === 'deny'
      ? Math.min(wanted, lastPlace(rules, added))
      : Math.max(wanted, firstPlace(rules, added));
  return [...rules.slice(0, place), added, ...rules.slice(place)];
}

function lastPlace(rules: readonly ConsentRule[], block: ConsentRule): number {
  const at = rules.findIndex((rule) => passes(rule, block) && !isExpress(rule, block));
  return at === -1 ? rules.length : at;
}

function firstPlace(rules: readonly ConsentRule[], permission: ConsentRule): number {
  // Of two for the same people the newer wins.
  return (
    1 +
    rules.findLastIndex(
      (rule) => passes(permission, rule) && !(rank(permission) <= rank(rule) && isWithin(permission, rule)),
    )
  );
}

/** Whether the permission lets somebody past the block, as long as it stands before it. */
export function passes(permission: ConsentRule, block: ConsentRule): boolean {
  const { ordinary, emergency } = whoPasses([toDomain(permission), toDomain(block)], block.id);
  return ordinary.length > 0 || (block.holdsInEmergency === true && emergency.length > 0);
}

/**
 * The same rule as the ledger's domain types it: what the API leaves out it has not, instead of being
 * undefined.
 */
export function toDomain(rule: ConsentRule): DomainRule {
  return rule as DomainRule;
}

/**
 * Whether a permission is for fewer people than the block and about no more: its writer meant it as an
 * exemption from just that.
 */
export function isExpress(permission: RuleDraft, block: RuleDraft): boolean {
  return permission.effect === 'permit' && rank(permission) < rank(block) && isWithin(permission, block);
}

/** Whether a permission is about no more data and reasons than the block. */
function isWithin(permission: RuleDraft, block: RuleDraft): boolean {
  return (
    isPart(permission.types, block.types, (type, blocked) => type === blocked) &&
    isPart(permission.purposes, block.purposes, (purpose, blocked) => purposeMatches(blocked, purpose)) &&
    isPart(permission.labels, block.labels, (label, blocked) => isCovered(label, blocked))
  );
}

function isCovered(label: string, blocked: string): boolean {
  return label === blocked || (coveredByDenial(blocked)?.has(label) ?? false);
}

/** Whether every one of `part` lies in one of `whole`; a missing list stands for everything. */
function isPart(
  part: readonly string[] | undefined,
  whole: readonly string[] | undefined,
  lies: (one: string, within: string) => boolean,
): boolean {
  if (whole === undefined) {
    return true;
  }
  return part?.every((one) => whole.some((within) => lies(one, within))) ?? false;
}

/** From the most particular to the most general: a person, an organisation, a role, everybody. */
function rank(rule: RuleDraft): number {
  if (rule.user !== undefined) {
    return 0;
  }
  if (rule.org !== undefined) {
    return 1;
  }
  return rule.role !== undefined ? 2 : 3;
}

/** An id that says what the rule is about, for those who read the document itself. */
export function wantedId(rule: RuleDraft): string {
  const subject = rule.user ?? rule.org ?? rule.role ?? rule.labels?.[0] ?? rule.types?.[0] ?? 'all';
  const word = subject
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(-40);
  return `${rule.effect === 'deny' ? 'block' : 'allow'}-${word === '' ? 'rule' : word}`;
}

/** Exchanges a rule with its neighbour above (-1) or below (1); unchanged at the ends. */
export function moveRule(rules: readonly ConsentRule[], at: number, by: -1 | 1): readonly ConsentRule[] {
  const rule = rules[at];
  const other = rules[at + by];
  if (rule === undefined || other === undefined) {
    return rules;
  }
  return rules.map((kept, index) => (index === at ? other : index === at + by ? rule : kept));
}
