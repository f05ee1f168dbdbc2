// SPDX-License-Identifier: Apache-2.0
import { type ConsentRule, HOLDER, type RulePeriod } from './consent';
import { compileDenial, compilePermission, denialCovers, readLabels } from './labelMatch';
import { CONFIDENTIALITY_LABELS } from './labelTable';
import { periodEndMs, periodStartMs } from './period';
import { normalisePersonId } from './personText';
import { isEmergencyPurpose, purposeMatches } from './purposes';

/** A rule before it has its place; only its criteria are looked at. */
export type RuleCriteria = Omit<ConsentRule, 'id'>;
type Mode = 'ordinary' | 'emergency';

/** What a block would add to a list of rules. */
export type BlockEffect =
  /**
   * A rule of the list blocks all of it already, at least as firmly, and no permission passes it.
   * `isStronger`: it blocks more than that.
   */
  | { readonly kind: 'exists'; readonly rule: ConsentRule; readonly isStronger: boolean }
  | {
      readonly kind: 'new';
      /**
       * Anywhere up to this place it blocks all that it says: no permission that could pass it stands before.
       */
      readonly latest: number;
      /** Ids of blocks that say no more than it and can go once it stands at `latest` or before. */
      readonly replaces: readonly string[];
    };

/** Permissions that let somebody past a block, because they stand before it and can match the same. */
export interface Passing {
  readonly ordinary: readonly ConsentRule[];
  /** In an emergency; all of them matter only where the block holds in one. */
  readonly emergency: readonly ConsentRule[];
}

/**
 * What a proposed denial would add. Adding one never makes any request more permitted, wherever it stands;
 * this says whether it adds anything, and where it must stand to do what it says. Rules are compared one by
 * one: a block that only several rules make up together counts as new.
 */
export function blockEffect(rules: readonly ConsentRule[], proposed: RuleCriteria): BlockEffect {
  const found = rules.findIndex(
    (rule, i) =>
      rule.effect === 'deny' &&
      isAtLeastAsFirm(rule, proposed) &&
      covers(rule, proposed) &&
      passingOf(rules.slice(0, i), proposed).length === 0,
  );
  const rule = rules[found];
  if (rule !== undefined) {
    const isEqual = covers(proposed, rule) && isAtLeastAsFirm(proposed, rule);
    return { kind: 'exists', rule, isStronger: !isEqual };
  }
  const latest = placeHoldingDenial(rules, proposed);
  const replaces = rules
    .slice(latest)
    .filter((old) => old.effect === 'deny' && isAtLeastAsFirm(proposed, old) && covers(proposed, old));
  return { kind: 'new', latest, replaces: replaces.map(({ id }) => id) };
}

/**
 * The last place at which a denial blocks all that it says: before every permission that could pass it, in an
 * emergency too where it holds in one. The list's length where none could.
 */
export function placeHoldingDenial(rules: readonly ConsentRule[], denial: RuleCriteria): number {
  const [first] = passingOf(rules, denial);
  return first === undefined ? rules.length : rules.indexOf(first);
}

/**
 * Who passes the denial `id` of a list, for a sentence that names them. Nobody where the list has no such
 * denial.
 */
export function whoPasses(rules: readonly ConsentRule[], id: string): Passing {
  const at = rules.findIndex((rule) => rule.id === id && rule.effect === 'deny');
  const denial = rules[at];
  if (denial === undefined) {
    return { ordinary: [], emergency: [] };
  }
  const before = rules.slice(0, at);
  const those = (mode: Mode): ConsentRule[] => before.filter((rule) => couldPass(rule, denial, mode));
  return { ordinary: those('ordinary'), emergency: those('emergency') };
}

function passingOf(rules: readonly ConsentRule[], denial: RuleCriteria): ConsentRule[] {
  return rules.filter(
    (rule) =>
      couldPass(rule, denial, 'ordinary') ||
      (denial.holdsInEmergency === true && couldPass(rule, denial, 'emergency')),
  );
}

/** Whether some request can match both a permission and a denial; true where it cannot be told. */
function couldPass(permission: RuleCriteria, denial: RuleCriteria, mode: Mode): boolean {
  return (
    permission.effect === 'permit' &&
    couldAskBoth(permission, denial) &&
    sharePurpose(permission.purposes, denial.purposes, mode) &&
    intersect(permission.types, denial.types) &&
    intersect(permission.actions, denial.actions) &&
    overlap(permission.period, denial.period) &&
    shareItem(permission.labels, denial.labels)
  );
}

function couldAskBoth(permission: RuleCriteria, denial: RuleCriteria): boolean {
  if (!isSame(permission.role, denial.role) || !isSame(permission.user, denial.user)) {
    return false;
  }
  // A denial of a person holds at every organisation.
  if (denial.user !== undefined || permission.org === undefined || denial.org === undefined) {
    return true;
  }
  return permission.org === denial.org || permission.org === HOLDER || denial.org === HOLDER;
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || normalisePersonId(a) === normalisePersonId(b);
}

const EMERGENCIES = ['BTG', 'ETREAT'] as const;

function sharePurpose(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
  mode: Mode,
): boolean {
  if (mode === 'emergency') {
    return EMERGENCIES.some((code) => (a?.includes(code) ?? true) && (b?.includes(code) ?? true));
  }
  const ordinary = (codes: readonly string[] | undefined): readonly string[] | undefined =>
    codes?.filter((code) => !isEmergencyPurpose(code));
  const [mine, other] = [ordinary(a), ordinary(b)];
  if (mine === undefined || other === undefined) {
    return (mine ?? other)?.length !== 0;
  }
  return mine.some((code) => other.some((one) => purposeMatches(code, one) || purposeMatches(one, code)));
}

function intersect<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  return a === undefined || b === undefined || a.some((one) => b.includes(one));
}

function overlap(a: RulePeriod | undefined, b: RulePeriod | undefined): boolean {
  const [first, second] = [boundsOf(a), boundsOf(b)];
  return Math.max(first.start, second.start) < Math.min(first.end, second.end);
}

function boundsOf(period: RulePeriod | undefined): { readonly start: number; readonly end: number } {
  const { start, end } = period ?? {};
  return {
    start: (start === undefined ? undefined : periodStartMs(start)) ?? -Infinity,
    end: (end === undefined ? undefined : periodEndMs(end)) ?? Infinity,
  };
}

/**
 * Whether some item carries labels that both match: tried with what the two name, alone and with each
 * confidentiality.
 */
function shareItem(permitted: readonly string[] | undefined, denied: readonly string[] | undefined): boolean {
  if (permitted === undefined || denied === undefined) {
    return true;
  }
  const [permits, denies] = [compilePermission(permitted), compileDenial(denied)];
  const named = [...permitted, ...denied].map((label) => [label]);
  const sets = [...named, ...CONFIDENTIALITY_LABELS.map((code) => [code])];
  const graded = named.flatMap((set) => CONFIDENTIALITY_LABELS.map((code) => [...set, code]));
  return [...sets, ...graded].map(readLabels).some((facts) => permits(facts) && denies(facts));
}

function isAtLeastAsFirm(rule: RuleCriteria, than: RuleCriteria): boolean {
  return rule.holdsInEmergency === true || than.holdsInEmergency !== true;
}

/** Whether denial `wide` matches whatever denial `narrow` matches. */
function covers(wide: RuleCriteria, narrow: RuleCriteria): boolean {
  return (
    coversAskers(wide, narrow) &&
    coversPurposes(wide.purposes, narrow.purposes) &&
    includesAll(wide.types, narrow.types) &&
    includesAll(wide.actions, narrow.actions) &&
    coversPeriod(wide.period, narrow.period) &&
    (wide.labels === undefined || (narrow.labels !== undefined && denialCovers(wide.labels, narrow.labels)))
  );
}

function coversAskers(wide: RuleCriteria, narrow: RuleCriteria): boolean {
  const names = (a: string | undefined, b: string | undefined): boolean =>
    a === undefined || (b !== undefined && isSame(a, b));
  if (!names(wide.user, narrow.user) || !names(wide.role, narrow.role)) {
    return false;
  }
  if (wide.user !== undefined || wide.org === undefined) {
    return true;
  }
  return narrow.user === undefined && wide.org === narrow.org;
}

function coversPurposes(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  if (wide === undefined) {
    return true;
  }
  return narrow?.every((code) => wide.some((above) => purposeMatches(above, code))) ?? false;
}

function includesAll<T>(wide: readonly T[] | undefined, narrow: readonly T[] | undefined): boolean {
  return wide === undefined || (narrow?.every((one) => wide.includes(one)) ?? false);
}

function coversPeriod(wide: RulePeriod | undefined, narrow: RulePeriod | undefined): boolean {
  const [outer, inner] = [boundsOf(wide), boundsOf(narrow)];
  return outer.start <= inner.start && outer.end >= inner.end;
}
