// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, DecidedItem, Outcome, RefusalReason } from './accessEvent';
import type { AccessRequest } from './accessRequest';
import type { ConsentDocument, ConsentPolicy } from './consent';
import { decide, outcomeOf, refuse } from './decide';

/** What the ledger adds to a request. */
export interface DecisionContext {
  /** MSP id of the organisation that holds the record. */
  readonly holder: string;
  /** Transaction time: RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  readonly consent: ConsentDocument | undefined;
  readonly defaultPolicy: ConsentPolicy;
  /** Why the registry refuses the requester; it outranks every rule and break-glass. */
  readonly refusal: RefusalReason | undefined;
}

/** The access event of a request: pure, and the only way in which one is made. */
export function completeEvent(request: AccessRequest, context: DecisionContext): AccessEvent {
  const { holder, at, consent, defaultPolicy, refusal } = context;
  const items =
    refusal === undefined
      ? decide(consent, defaultPolicy, request, holder, at)
      : refuse(request.items, { kind: 'refused', reason: refusal });
  const { id, salt, subject, requester, purpose, action, emergency, requestedAt, late } = request;
  const { lateBasis, part, amends } = request;
  const outcome = outcomeOf(items);
  // Spelled out: only what belongs to an event is hashed.
  return {
    v: 2,
    kind: amends === undefined ? 'access' : 'amendment',
    id,
    salt,
    holder,
    subject,
    requester,
    purpose,
    action,
    emergency,
    requestedAt,
    late,
    ...(lateBasis === undefined ? {} : { lateBasis }),
    ...(part === undefined ? {} : { part }),
    ...(amends === undefined ? {} : { amends }),
    at,
    outcome,
    items,
  };
}

export interface Replayed {
  readonly outcome: Outcome;
  readonly items: readonly DecidedItem[];
}

/**
 * How a recorded access would have ended under another consent, at the time when it was made. What the
 * registry refused stays refused. For previews only: the result is nobody's record.
 *
 * @param version stands in the bases of the result; the version that the draft would get.
 */
export function replay(event: AccessEvent, draft: ConsentPolicy, version: number): Replayed {
  const isRegistryRefusal = event.items.some(
    ({ basis }) => basis.kind === 'refused' && basis.reason !== 'emergencyIncomplete',
  );
  if (isRegistryRefusal) {
    return { outcome: event.outcome, items: event.items };
  }
  const consent = { ...draft, subject: event.subject, version };
  const items = decide(consent, draft, event, event.holder, event.at);
  return { outcome: outcomeOf(items), items };
}
