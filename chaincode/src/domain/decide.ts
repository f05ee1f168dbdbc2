// SPDX-License-Identifier: Apache-2.0
import { type Basis, type DecidedItem, hasLeft, type Outcome } from './accessEvent';
import type { AccessRequest, RequestItem } from './accessRequest';
import type { ConsentDocument, ConsentPolicy, ConsentRule, Effect } from './consent';
import { type Asked, type CompiledRule, compileRules, lazyLabels } from './compiledRules';
import { instantMs } from './instant';
import { normalisePersonId } from './personText';
import { isEmergencyPurpose } from './purposes';
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
 * First match wins, then the default. Without a consent on file the network's policy decides instead. In an
 * emergency (purpose exactly `BTG` or `ETREAT`, a person, a reason; else refused) the list is read without
 * the denials that lack `holdsInEmergency`: the first match of that shorter list decides, and where none
 * matches the item is open, whatever the default. Items keep in `otherwise` what the full list says. A denial
 * therefore never opens: adding one at any place leaves every request as it was, or more closed.
 *
 * @param consent the subject's consent on file, if any. Its rules, and those of `defaultPolicy`, must not be
 *   changed afterwards.
 * @param holder MSP id of the organisation that holds the record, which `@holder` in a rule stands for.
 * @param at the instant of the decision, RFC 3339: transaction time on the ledger. Nothing matches a period
 *   at an unreadable instant.
 */
export function decide(
  consent: ConsentDocument | undefined,
  defaultPolicy: ConsentPolicy,
  request: DecisionRequest,
  holder: string,
  at: string,
): DecidedItem[] {
  const { requester, purpose, action } = request;
  const { person } = requester;
  const isEmergency = isEmergencyPurpose(purpose);
  if (isEmergency && (person === null || request.emergency === null)) {
    return refuse(request.items, { kind: 'refused', reason: 'emergencyIncomplete' });
  }
  const asked: Asked = {
    requester,
    purpose,
    action,
    holder,
    atMs: instantMs(at) ?? NaN,
    user: person === null ? undefined : normalisePersonId(person.id),
    role: person === null ? undefined : normalisePersonId(person.role),
  };
  const policy = consent ?? defaultPolicy;
  const rules = compileRules(policy.rules).filter((rule) => rule.matchesRequest(asked));
  const shorter = isEmergency ? rules.filter(({ isReadInEmergency }) => isReadInEmergency) : [];
  const items = request.items.map((item) => {
    const facts = lazyLabels(item);
    const first = (list: readonly CompiledRule[], fallback: Effect): Verdict => {
      const rule = list.find((one) => one.matchesItem(item, facts))?.rule;
      return { effect: rule?.effect ?? fallback, rule };
    };
    const full = first(rules, policy.default);
    return isEmergency
      ? decidedInEmergency(item, first(shorter, 'permit'), full, consent)
      : decided(item, full.effect, basisOf(consent, full));
  });
  return withholdUnreached(items);
}

function decidedInEmergency(
  item: RequestItem,
  verdict: Verdict,
  otherwise: Verdict,
  consent: ConsentDocument | undefined,
): DecidedItem {
  const isOverride = verdict.effect === 'permit' && otherwise.effect === 'deny';
  const basis = isOverride ? emergencyBasis(consent, otherwise) : basisOf(consent, verdict);
  const rule = otherwise.rule === undefined ? {} : { rule: otherwise.rule.id };
  return {
    ...decided(item, verdict.effect, basis),
    otherwise: { decision: otherwise.effect, ...rule },
  };
}

/** Denies every item for a reason that lies outside the rules. */
export function refuse(
  items: readonly RequestItem[],
  basis: Extract<Basis, { kind: 'refused' }>,
): DecidedItem[] {
  return items.map((item) => decided(item, 'deny', basis));
}

/**
 * `permit` when every item left ({@link hasLeft}), `deny` when none did (or there is none), else `partial`.
 */
export function outcomeOf(items: readonly Pick<DecidedItem, 'decision' | 'released'>[]): Outcome {
  const left = items.filter(hasLeft).length;
  if (left === 0) {
    return 'deny';
  }
  return left === items.length ? 'permit' : 'partial';
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
