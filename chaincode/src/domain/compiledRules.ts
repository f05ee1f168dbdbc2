// SPDX-License-Identifier: Apache-2.0
import type { RequestItem, Requester } from './accessRequest';
import { type Action, type ConsentRule, HOLDER } from './consent';
import { compileDenial, compilePermission, type LabelFacts, type LabelTest, readLabels } from './labelMatch';
import { isWithin } from './period';
import { normalisePersonId } from './personText';
import { isKnownPurpose, purposeMatches } from './purposes';
import { mayBeSamePerson, personParts } from './samePerson';

/** What of a request a rule looks at, beside its items. */
export interface Asked {
  readonly requester: Requester;
  readonly purpose: string;
  readonly action: Action;
  /** MSP id of the organisation that holds the record. */
  readonly holder: string;
  readonly atMs: number;
  /** In the compared form; undefined where no person asks. */
  readonly user: string | undefined;
  readonly role: string | undefined;
}

export interface CompiledRule {
  readonly rule: ConsentRule;
  readonly isPermission: boolean;
  /** Read in an emergency: every permission, and every denial that holds. */
  readonly isReadInEmergency: boolean;
  matchesRequest(asked: Asked): boolean;
  /** @param facts the item's labels, read when a rule first asks for them. */
  matchesItem(item: RequestItem, facts: () => LabelFacts): boolean;
}

/** Shorter lists are compiled faster than a weak entry is collected. */
const WORTH_KEEPING = 16;
const known = new WeakMap<readonly ConsentRule[], readonly CompiledRule[]>();

/**
 * What does not depend on the request is worked out once for each long list of rules, which must not be
 * changed afterwards.
 */
export function compileRules(rules: readonly ConsentRule[]): readonly CompiledRule[] {
  if (rules.length < WORTH_KEEPING) {
    return rules.map(compile);
  }
  const compiled = known.get(rules) ?? rules.map(compile);
  known.set(rules, compiled);
  return compiled;
}

/** The labels of an item, read at the first call. */
export function lazyLabels({ labels }: RequestItem): () => LabelFacts {
  let facts: LabelFacts | undefined;
  return () => (facts ??= readLabels(labels));
}

function compile(rule: ConsentRule): CompiledRule {
  const { effect, purposes, actions, period } = rule;
  const isPermission = effect === 'permit';
  const isAskedBy = compileRequester(rule);
  const types = rule.types && new Set(rule.types);
  const labels = rule.labels && compileAtFirstUse(rule.labels, isPermission);
  return {
    rule,
    isPermission,
    isReadInEmergency: isPermission || rule.holdsInEmergency === true,
    matchesRequest: (asked) =>
      isAskedBy(asked) &&
      (purposes === undefined ||
        purposes.some((purpose) => purposeMatches(purpose, asked.purpose)) ||
        // A purpose that nobody knows may be any of those that are denied.
        (!isPermission && !isKnownPurpose(asked.purpose))) &&
      (actions === undefined || actions.includes(asked.action)) &&
      (period === undefined || isWithin(period, asked.atMs)),
    matchesItem: (item, facts) =>
      (types === undefined || types.has(item.type)) && (labels === undefined || labels(facts())),
  };
}

/** Most rules of a long list never see an item: who asks, or for what, does not match. */
function compileAtFirstUse(labels: readonly string[], isPermission: boolean): LabelTest {
  let test: LabelTest | undefined;
  return (facts) => (test ??= (isPermission ? compilePermission : compileDenial)(labels))(facts);
}

/**
 * A denial of a person holds at every organisation, so its own `org` is not asked; a permission for one holds
 * only where it says.
 */
function compileRequester(rule: ConsentRule): (asked: Asked) => boolean {
  const { org } = rule;
  const user = rule.user === undefined ? undefined : normalisePersonId(rule.user);
  const role = rule.role === undefined ? undefined : normalisePersonId(rule.role);
  const isForPerson = user !== undefined;
  const denied = isForPerson && rule.effect === 'deny' ? personParts(user) : undefined;
  const isUser = (asked: string | undefined): boolean =>
    user === asked ||
    (denied !== undefined && asked !== undefined && mayBeSamePerson(denied, personParts(asked)));
  if (isForPerson && rule.effect === 'permit' && (org === undefined || org === HOLDER)) {
    return () => false;
  }
  const bound = isForPerson && rule.effect === 'deny' ? undefined : org;
  return (asked) =>
    (bound === undefined || (bound === HOLDER ? asked.holder : bound) === asked.requester.org) &&
    (user === undefined || isUser(asked.user)) &&
    (role === undefined || role === asked.role);
}
