// SPDX-License-Identifier: Apache-2.0
import type { ConsentRule } from '@api/schemas';

/** A rule before it has its id. */
export type RuleDraft = Omit<ConsentRule, 'id'>;

/**
 * Adds an exception where it does what a person expects: the first rule that fits decides, so a rule for one person goes before one for
 * an organisation, that before one for a role, that before one for everybody; and of two about the same, the newer goes first.
 */
export function placeRule(rules: readonly ConsentRule[], added: ConsentRule): readonly ConsentRule[] {
  const at = rules.findIndex((rule) => rank(rule) >= rank(added));
  const place = at === -1 ? rules.length : at;
  return [...rules.slice(0, place), added, ...rules.slice(place)];
}

function rank(rule: RuleDraft): number {
  if (rule.user !== undefined) return 0;
  if (rule.org !== undefined) return 1;
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
  if (rule === undefined || other === undefined) return rules;
  return rules.map((kept, index) => (index === at ? other : index === at + by ? rule : kept));
}
