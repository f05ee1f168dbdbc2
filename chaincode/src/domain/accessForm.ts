// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, Basis, DecidedItem, Outcome, RefusalReason } from './accessEvent';
import type { AccessRequest, Emergency, Requester, RequesterPerson, RequestItem } from './accessRequest';
import type { BatchInput, BatchRecord, PrivateBatch } from './batch';
import {
  actionForm,
  codeForm,
  effectForm,
  labelForm,
  mspIdForm,
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
  line,
  list,
  matching,
  nullable,
  oneOf,
  optional,
  parseAs,
  record,
  text,
  variant,
  whole,
} from './form';
import { normaliseLabel } from './labels';
import { isEmergencyPurpose } from './purposes';
import { clientIdForm } from './registryForm';

/** Most requests of one batch. */
export const MAX_BATCH_EVENTS = 1000;
/** Most bytes of the JSON text of one batch: 1 MiB. */
export const MAX_BATCH_BYTES = 1_048_576;

const MAX_COUNT = 1_000_000_000;
/** Logical ids within one item; the rest of a larger group is only counted. */
export const MAX_ITEM_IDS = 50;

const digest256 = matching(
  /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
  'a SHA-256 digest (43 characters base64url)',
);
const startForm = whole(0, Number.MAX_SAFE_INTEGER);

const personForm = record<RequesterPerson>({ id: line(1, 256), name: line(0, 300), role: line(0, 128) });
const requesterForm = record<Requester>({
  org: mspIdForm,
  clientId: clientIdForm,
  person: nullable(personForm),
});
const emergencyForm = record<Emergency>({ reason: text(10, 500) });

const labelsForm = checked(list(labelForm, 0, 20), (labels, at, problems) => {
  const isOrdered = labels.every((label, i) => i === 0 || (labels[i - 1] ?? '') < label);
  if (!isOrdered) problems.push(`${at}: expected labels sorted and without repeats`);
  if (labels.some((label) => normaliseLabel(label) !== label))
    problems.push(`${at}: expected normalised labels`);
});
const itemFields = {
  type: resourceTypeForm,
  labels: labelsForm,
  count: whole(0, MAX_COUNT),
  ids: list(matching(/^[A-Za-z0-9.-]{1,64}$/, 'a FHIR logical id'), 0, MAX_ITEM_IDS),
};
function checkCount(item: RequestItem, at: string, problems: string[]): void {
  if (item.ids.length > item.count) problems.push(`${at}.ids: more ids than the count`);
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
};
function checkEmergency(request: Omit<AccessRequest, 'items'>, at: string, problems: string[]): void {
  if (isEmergencyPurpose(request.purpose)) return;
  if (request.emergency !== null) problems.push(`${at}.emergency: only with purpose BTG or ETREAT`);
  if (request.late) problems.push(`${at}.late: only with purpose BTG or ETREAT`);
}
const requestForm: Form<AccessRequest> = checked(
  record<AccessRequest>({ ...requestFields, items: list(itemForm, 1, 100) }),
  checkEmergency,
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
  record<DecidedItem>({ ...itemFields, decision: effectForm, basis: basisForm }),
  checkCount,
);
const eventForm: Form<AccessEvent> = record<AccessEvent>({
  ...requestFields,
  v: oneOf(1),
  holder: mspIdForm,
  at: utcForm,
  outcome: oneOf<Outcome>('permit', 'partial', 'deny'),
  items: list(decidedItemForm, 1, 100),
});

const batchForm = checked(
  record<BatchInput>({ start: startForm, requests: list(requestForm, 1, MAX_BATCH_EVENTS) }),
  ({ requests }, at, problems) => {
    const seen = new Set<string>();
    requests.forEach(({ id }, i) => {
      if (seen.has(id)) problems.push(`${at}.requests[${i}].id: another request has this id`);
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

/** One request, as a gateway sends it; `INVALID_INPUT` lists every field that does not have its documented form. */
export function parseAccessRequest(value: unknown): AccessRequest {
  return parseAs(requestForm, value, 'request');
}

/** What `Access:Record` takes; ids of requests are unique within it. The size in bytes is the caller's to check. */
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
