// SPDX-License-Identifier: Apache-2.0
import type {
  AccessEvent,
  Basis,
  DecidedItem,
  EventKind,
  Otherwise,
  Outcome,
  RefusalReason,
} from './accessEvent';
import type {
  AccessRequest,
  Amends,
  Emergency,
  LateBasis,
  Requester,
  RequesterPerson,
  RequestItem,
  RequestPart,
} from './accessRequest';
import type { BatchInput, BatchRecord, PrivateBatch } from './batch';
import {
  actionForm,
  codeForm,
  effectForm,
  labelForm,
  mspIdForm,
  personIdForm,
  random128Form,
  resourceTypeForm,
  ruleIdForm,
  subjectForm,
  utcForm,
  versionForm,
} from './consentForm';
import {
  checked,
  flag,
  type Form,
  list,
  matching,
  nullable,
  oneOf,
  optional,
  parseAs,
  record,
  satisfying,
  variant,
  whole,
} from './form';
import { EVERY_LABEL, MAX_LABELS, normaliseLabel } from './labels';
import { parseLane } from './lane';
import { isPersonName, isReason, isRoleCode, REASON_IN_WORDS } from './personText';
import { isEmergencyPurpose } from './purposes';
import { clientIdForm } from './registryForm';

/** Most requests of one batch. */
export const MAX_BATCH_EVENTS = 1000;
/** Most bytes of the JSON text of one batch: 1 MiB. */
export const MAX_BATCH_BYTES = 1_048_576;

const MAX_COUNT = 1_000_000_000;
/** Items of one event. */
export const MAX_ITEMS = 100;
/** Events that record one request together. */
export const MAX_PARTS = 1000;
/** Logical ids within one item; a larger group is several items. */
export const MAX_ITEM_IDS = 50;

const digest256 = matching(
  /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
  'a SHA-256 digest (43 characters base64url)',
);
const startForm = whole(0, Number.MAX_SAFE_INTEGER);

const personForm = record<RequesterPerson>({
  id: personIdForm,
  name: satisfying(isPersonName, 'a name of 1–300 visible characters in NFC, with a letter'),
  role: satisfying((role) => role === '' || isRoleCode(role), 'at most 128 visible characters'),
});
const requesterForm = record<Requester>({
  org: mspIdForm,
  clientId: clientIdForm,
  person: nullable(personForm),
});
const emergencyForm = record<Emergency>({
  reason: satisfying(isReason, `${REASON_IN_WORDS}, in their reading order`),
});

const labelsForm = checked(list(labelForm, 0, MAX_LABELS), (labels, at, problems) => {
  const isOrdered = labels.every((label, i) => i === 0 || (labels[i - 1] ?? '') < label);
  if (!isOrdered) {
    problems.push(`${at}: expected labels sorted and without repeats`);
  }
  if (labels.some((label) => normaliseLabel(label) !== label)) {
    problems.push(`${at}: expected normalised labels`);
  }
  if (labels.length > 1 && labels.includes(EVERY_LABEL)) {
    problems.push(`${at}: expected ${EVERY_LABEL} alone`);
  }
});
const itemFields = {
  type: resourceTypeForm,
  labels: labelsForm,
  count: whole(0, MAX_COUNT),
  ids: list(matching(/^[A-Za-z0-9.-]{1,64}$/, 'a FHIR logical id'), 0, MAX_ITEM_IDS),
  further: optional(whole(1, MAX_COUNT)),
  via: optional(list(whole(0, MAX_ITEMS - 1), 1, MAX_ITEMS)),
  released: optional(flag),
};
function checkCount({ ids, count, via }: RequestItem, at: string, problems: string[]): void {
  if (ids.length > count) {
    problems.push(`${at}.ids: more ids than the count`);
  }
  const isOrdered = via?.every((index, i) => i === 0 || (via[i - 1] ?? 0) < index) ?? true;
  if (!isOrdered) {
    problems.push(`${at}.via: expected indices sorted and without repeats`);
  }
}
const itemForm: Form<RequestItem> = checked(record<RequestItem>(itemFields), checkCount);

const requestFields = {
  id: random128Form,
  salt: random128Form,
  subject: subjectForm,
  requester: requesterForm,
  purpose: codeForm,
  action: actionForm,
  emergency: nullable(emergencyForm),
  requestedAt: utcForm,
  late: flag,
  lateBasis: optional(oneOf<LateBasis>('ownPeer', 'deployment')),
  part: optional(
    checked(
      record<RequestPart>({ request: random128Form, number: whole(1, MAX_PARTS), of: whole(2, MAX_PARTS) }),
      ({ number, of }, at, problems) => {
        if (number > of) {
          problems.push(`${at}.number: more than the request has parts`);
        }
      },
    ),
  ),
  amends: optional(
    record<Amends>({
      lane: satisfying(isLane, 'a lane <MSP id>/<gateway name>'),
      number: startForm,
      id: random128Form,
      why: oneOf<Amends['why']>('releasedLate', 'nothingGiven'),
    }),
  ),
};
function isLane(text: string): boolean {
  try {
    parseLane(text);
    return true;
  } catch {
    return false;
  }
}

type Whole = Omit<AccessRequest, 'items'> & { readonly items: readonly RequestItem[] };
function checkWhole(request: Whole, at: string, problems: string[]): void {
  checkEmergency(request, at, problems);
  checkRelease(request, at, problems);
  request.items.forEach(({ via }, i) => {
    const isWithin = via?.every((index) => index < request.items.length && index !== i) ?? true;
    if (!isWithin) {
      problems.push(`${at}.items[${i}].via: expected indices of other items`);
    }
  });
}
function checkEmergency(request: Whole, at: string, problems: string[]): void {
  if (isEmergencyPurpose(request.purpose)) {
    return;
  }
  if (request.emergency !== null) {
    problems.push(`${at}.emergency: only with purpose BTG or ETREAT`);
  }
  if (request.late) {
    problems.push(`${at}.late: only with purpose BTG or ETREAT`);
  }
  if (request.amends?.why === 'releasedLate') {
    problems.push(`${at}.amends: only with purpose BTG or ETREAT`);
  }
}
/** What left is stated exactly where the ledger's decision cannot say it. */
function checkRelease({ late, lateBasis, amends, items }: Whole, at: string, problems: string[]): void {
  const isStated = late || amends !== undefined;
  if (items.some(({ released }) => (released !== undefined) !== isStated)) {
    problems.push(`${at}.items: expected released on ${isStated ? 'every item' : 'no item'}`);
  }
  if (late && amends !== undefined) {
    problems.push(`${at}.late: not in an amendment`);
  }
  const isLate = late || amends?.why === 'releasedLate';
  if ((lateBasis !== undefined) !== isLate) {
    problems.push(`${at}.lateBasis: exactly where data left before a record`);
  }
  if (amends?.why === 'nothingGiven' && items.some(({ released }) => released === true)) {
    problems.push(`${at}.items: an amendment that nothing was given states a release`);
  }
}
const requestForm: Form<AccessRequest> = checked(
  record<AccessRequest>({ ...requestFields, items: list(itemForm, 1, MAX_ITEMS) }),
  checkWhole,
);

const basisForm = variant<Basis>('kind', {
  rule: record<Extract<Basis, { kind: 'rule' }>>({
    kind: oneOf('rule'),
    version: versionForm,
    rule: ruleIdForm,
  }),
  default: record<Extract<Basis, { kind: 'default' }>>({ kind: oneOf('default'), version: versionForm }),
  networkDefault: record<Extract<Basis, { kind: 'networkDefault' }>>({
    kind: oneOf('networkDefault'),
    rule: optional(ruleIdForm),
  }),
  emergency: record<Extract<Basis, { kind: 'emergency' }>>({
    kind: oneOf('emergency'),
    version: nullable(versionForm),
    rule: optional(ruleIdForm),
  }),
  unreached: record<Extract<Basis, { kind: 'unreached' }>>({ kind: oneOf('unreached') }),
  refused: record<Extract<Basis, { kind: 'refused' }>>({
    kind: oneOf('refused'),
    reason: oneOf<RefusalReason>(
      'emergencyIncomplete',
      'organisationUnknown',
      'organisationSuspended',
      'clientUnknown',
      'clientSuspended',
    ),
  }),
});
const decidedItemForm: Form<DecidedItem> = checked(
  record<DecidedItem>({
    ...itemFields,
    decision: effectForm,
    basis: basisForm,
    otherwise: optional(record<Otherwise>({ decision: effectForm, rule: optional(ruleIdForm) })),
  }),
  checkCount,
);
const eventForm: Form<AccessEvent> = checked(
  record<AccessEvent>({
    ...requestFields,
    v: oneOf(2),
    kind: oneOf<EventKind>('access', 'amendment'),
    holder: mspIdForm,
    at: utcForm,
    outcome: oneOf<Outcome>('permit', 'partial', 'deny'),
    items: list(decidedItemForm, 1, MAX_ITEMS),
  }),
  (event, at, problems) => {
    checkWhole(event, at, problems);
    if ((event.kind === 'amendment') !== (event.amends !== undefined)) {
      problems.push(`${at}.kind: amendment exactly where amends is given`);
    }
  },
);

const batchForm = checked(
  record<BatchInput>({ start: startForm, requests: list(requestForm, 1, MAX_BATCH_EVENTS) }),
  ({ requests }, at, problems) => {
    const seen = new Set<string>();
    requests.forEach(({ id }, i) => {
      if (seen.has(id)) {
        problems.push(`${at}.requests[${i}].id: another request has this id`);
      }
      seen.add(id);
    });
  },
);
const privateBatchForm = record<PrivateBatch>({
  start: startForm,
  events: list(eventForm, 1, MAX_BATCH_EVENTS),
});
const batchRecordForm = record<BatchRecord>({
  start: startForm,
  count: whole(1, MAX_BATCH_EVENTS),
  batchRoot: digest256,
});

/**
 * One request, as a gateway sends it; `INVALID_INPUT` lists every field that does not have its documented
 * form.
 */
export function parseAccessRequest(value: unknown): AccessRequest {
  return parseAs(requestForm, value, 'request');
}

/**
 * What `Access:Record` takes; ids of requests are unique within it. The size in bytes is the caller's to
 * check.
 */
export function parseBatchInput(value: unknown): BatchInput {
  return parseAs(batchForm, value, 'batch');
}

/** An access event, as read from elsewhere. Says nothing about its decision: only the ledger's proof does. */
export function parseAccessEvent(value: unknown): AccessEvent {
  return parseAs(eventForm, value, 'event');
}

/** A batch's private value, as read from the ledger; `CORRUPT` when it does not have its form. */
export function parsePrivateBatch(value: unknown): PrivateBatch {
  return parseAs(privateBatchForm, value, 'batch', 'CORRUPT');
}

/** A batch's public record, as read from the ledger; `CORRUPT` when it does not have its form. */
export function parseBatchRecord(value: unknown): BatchRecord {
  return parseAs(batchRecordForm, value, 'record', 'CORRUPT');
}
