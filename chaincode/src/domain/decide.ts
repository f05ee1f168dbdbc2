// SPDX-License-Identifier: Apache-2.0
import { type Basis, type DecidedItem, hasLeft, type Outcome } from './accessEvent';
import type { AccessRequest, RequestItem } from './accessRequest';
import type { ConsentDocument, ConsentPolicy, ConsentRule, Effect } from './consent';
import { instantMs } from './instant';
import { normaliseLabel } from './labels';
import { isWithin } from './period';
import { isEmergencyPurpose, purposeMatches } from './purposes';
import { withholdUnreached } from './reach';

/** What of a request the decision depends on. */
export type DecisionRequest = Pick<AccessRequest, 'requester' | 'purpose' | 'action' | 'emergency' | 'items'>;

/** What decided: the first matching rule, or the default when `rule` is absent. */
interface Verdict {
  readonly effect: Effect;
  readonly rule: ConsentRule | undefined;
}

/**
 * Decides every item of a request. Pure: the same answer on every peer, in every gateway and in the portal.
 *
 * First match wins, then the default. Without a consent on file the network's policy decides instead. Break-glass (purpose exactly `BTG`
 * or `ETREAT`) overrides every denial but that of a first matching rule with `holdsInEmergency`; without a person and a reason it is
 * refused. A permission of the rules themselves is not an override.
 *
 * @param consent the subject's consent on file, if any.
 * @param holder MSP id of the organisation that holds the record, which `@holder` in a rule stands for.
 * @param at the instant of the decision, RFC 3339: transaction time on the ledger. Nothing matches a period at an unreadable instant.
 */
export function decide(
  consent: ConsentDocument | undefined,
  defaultPolicy: ConsentPolicy,
  request: DecisionRequest,
  holder: string,
  at: string,
): DecidedItem[] {
  const isEmergency = isEmergencyPurpose(request.purpose);
  if (isEmergency && (request.requester.person === null || request.emergency === null)) {
    return refuse(request.items, { kind: 'refused', reason: 'emergencyIncomplete' });
  }
  const atMs = instantMs(at) ?? NaN;
  const policy = consent ?? defaultPolicy;
  const candidates = policy.rules.filter((rule) => matchesRequest(rule, request, holder, atMs));
  const items = request.items.map((item) => {
    const rule = candidates.find((candidate) => matchesItem(candidate, item));
    const verdict = { effect: rule?.effect ?? policy.default, rule };
    return isEmergency && isOverridden(verdict)
      ? decided(item, 'permit', emergencyBasis(consent, verdict))
      : decided(item, verdict.effect, basisOf(consent, verdict));
  });
  return withholdUnreached(items);
}

/** Denies every item for a reason that lies outside the rules. */
export function refuse(
  items: readonly RequestItem[],
  basis: Extract<Basis, { kind: 'refused' }>,
): DecidedItem[] {
  return items.map((item) => decided(item, 'deny', basis));
}

/** `permit` when every item left ({@link hasLeft}), `deny` when none did (or there is none), else `partial`. */
export function outcomeOf(items: readonly Pick<DecidedItem, 'decision' | 'released'>[]): Outcome {
  const left = items.filter(hasLeft).length;
  if (left === 0) return 'deny';
  return left === items.length ? 'permit' : 'partial';
}

function matchesRequest(rule: ConsentRule, request: DecisionRequest, holder: string, atMs: number): boolean {
  return (
    matchesRequester(rule, request, holder) &&
    (rule.purposes?.some((purpose) => purposeMatches(purpose, request.purpose)) ?? true) &&
    (rule.actions?.includes(request.action) ?? true) &&
    (rule.period === undefined || isWithin(rule.period, atMs))
  );
}

function matchesRequester(rule: ConsentRule, { requester }: DecisionRequest, holder: string): boolean {
  const org = rule.org === '@holder' ? holder : rule.org;
  if (org !== undefined && org !== requester.org) return false;
  if (rule.user !== undefined && rule.user !== requester.person?.id) return false;
  return rule.role === undefined || rule.role === requester.person?.role;
}

function matchesItem(rule: ConsentRule, item: RequestItem): boolean {
  return (
    (rule.types?.includes(item.type) ?? true) &&
    (rule.labels?.some((label) => item.labels.includes(normaliseLabel(label))) ?? true)
  );
}

// Spelled out: spreading thousands of items costs a batch milliseconds.
function decided(item: RequestItem, decision: Effect, basis: Basis): DecidedItem {
  const { type, labels, count, ids, further, via, released } = item;
  if (further === undefined && via === undefined && released === undefined) {
    return { type, labels, count, ids, decision, basis };
  }
  return {
    type,
    labels,
    count,
    ids,
    ...(further === undefined ? {} : { further }),
    ...(via === undefined ? {} : { via }),
    ...(released === undefined ? {} : { released }),
    decision,
    basis,
  };
}

function isOverridden({ effect, rule }: Verdict): boolean {
  return effect === 'deny' && rule?.holdsInEmergency !== true;
}

function basisOf(consent: ConsentDocument | undefined, { rule }: Verdict): Basis {
  if (consent === undefined) {
    return rule === undefined ? { kind: 'networkDefault' } : { kind: 'networkDefault', rule: rule.id };
  }
  return rule === undefined
    ? { kind: 'default', version: consent.version }
    : { kind: 'rule', version: consent.version, rule: rule.id };
}

function emergencyBasis(consent: ConsentDocument | undefined, { rule }: Verdict): Basis {
  const version = consent?.version ?? null;
  return rule === undefined ? { kind: 'emergency', version } : { kind: 'emergency', version, rule: rule.id };
}
