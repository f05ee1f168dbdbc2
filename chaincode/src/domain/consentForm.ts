// SPDX-License-Identifier: Apache-2.0
import {
  type Action,
  type ConsentDocument,
  type ConsentPolicy,
  type ConsentRule,
  type Effect,
  HOLDER,
  type RulePeriod,
} from './consent';
import {
  checked,
  flag,
  type Form,
  line,
  list,
  matching,
  oneOf,
  optional,
  parseAs,
  record,
  satisfying,
  whole,
} from './form';
import { periodEndMs, periodStartMs } from './period';
import { isPersonId, isRoleCode } from './personText';
import { isUtcMilliseconds } from './instant';
import { EVERY_LABEL, MAX_LABEL_LENGTH } from './labels';
import { MSP_ID } from './lane';
import { SUBJECT } from './subject';

export const effectForm = oneOf<Effect>('permit', 'deny');
export const actionForm = oneOf<Action>('create', 'read', 'update', 'delete', 'search');
export const mspIdForm = matching(MSP_ID, 'an MSP id (1–128 letters, digits, . _ -)');
export const subjectForm = matching(SUBJECT, 'a subject pseudonym (43 characters base64url)');
export const personIdForm = satisfying(
  isPersonId,
  '1–256 visible characters, among them a letter or a number',
);
export const ruleIdForm = matching(/^[A-Za-z0-9._-]{1,64}$/, '1–64 characters A–Z a–z 0–9 . _ -');
export const resourceTypeForm = matching(/^[A-Z][A-Za-z]{0,63}$/, 'a FHIR resource type');
/** FHIR `code`: no white space at the ends, single spaces inside. */
export const codeForm = matching(
  /^(?=.{1,64}$)[\x21-\x7e]+(?: [\x21-\x7e]+)*$/,
  'a code of 1–64 characters without white space at its ends',
);
export const labelForm = line(1, MAX_LABEL_LENGTH);
/** `*` stands for labels that cannot be told; a rule names labels. */
const ruleLabelForm = checked(labelForm, (label, at, problems) => {
  if (label === EVERY_LABEL) {
    problems.push(`${at}: expected a label, not ${EVERY_LABEL}`);
  }
});
export const versionForm = whole(1, Number.MAX_SAFE_INTEGER);

export const utcForm = satisfying(isUtcMilliseconds, 'an instant YYYY-MM-DDThh:mm:ss.sssZ');
export const random128Form = matching(
  /^[A-Za-z0-9_-]{21}[AQgw]$/,
  '128 random bits (22 characters base64url)',
);
/** A change's id: it also salts the stored value. */
export const changeIdForm = random128Form;
/** In decimal digits; 0 when no consent is on file. */
export const expectedVersionForm = matching(/^(?:0|[1-9][0-9]{0,14})$/, 'a whole number in decimal digits');

const MAX_RULES = 200;
/** Most bytes of a policy's JSON text on the ledger: 128 KiB. */
export const MAX_POLICY_BYTES = 131_072;

/** Whether `org` names one organisation: a person's id means that person there and nobody elsewhere. */
export function isOneOrganisation(org: string | undefined): boolean {
  return org !== undefined && org !== HOLDER;
}

const orgForm = satisfying(
  (value) => value === HOLDER || MSP_ID.test(value),
  'an MSP id (1–128 letters, digits, . _ -) or @holder',
);
const periodForm: Form<RulePeriod> = checked(
  record<RulePeriod>({
    start: optional(
      satisfying((text) => periodStartMs(text) !== undefined, 'a date YYYY-MM-DD or an RFC 3339 instant'),
    ),
    end: optional(
      satisfying((text) => periodEndMs(text) !== undefined, 'a date YYYY-MM-DD or an RFC 3339 instant'),
    ),
  }),
  ({ start, end }, at, problems) => {
    if (start === undefined && end === undefined) {
      problems.push(`${at}: expected start, end or both`);
    }
    const from = start === undefined ? -Infinity : (periodStartMs(start) ?? -Infinity);
    const to = end === undefined ? Infinity : (periodEndMs(end) ?? Infinity);
    if (from >= to) {
      problems.push(`${at}: ends before it starts`);
    }
  },
);

const ruleForm: Form<ConsentRule> = checked(
  record<ConsentRule>({
    id: ruleIdForm,
    effect: effectForm,
    org: optional(orgForm),
    user: optional(personIdForm),
    role: optional(satisfying(isRoleCode, '1–128 visible characters')),
    purposes: optional(list(codeForm, 1, 50)),
    labels: optional(list(ruleLabelForm, 1, 50)),
    types: optional(list(resourceTypeForm, 1, 150)),
    actions: optional(list(actionForm, 1, 5)),
    period: optional(periodForm),
    holdsInEmergency: optional(flag),
  }),
  (rule, at, problems) => {
    if (rule.holdsInEmergency === true && rule.effect === 'permit') {
      problems.push(`${at}.holdsInEmergency: only a deny rule can hold in an emergency`);
    }
    if (rule.effect === 'permit' && rule.user !== undefined && !isOneOrganisation(rule.org)) {
      problems.push(`${at}.org: a permission for a person names the organisation, not @holder`);
    }
  },
);
const rulesForm = checked(list(ruleForm, 0, MAX_RULES), (rules, at, problems) => {
  const seen = new Set<string>();
  rules.forEach(({ id }, i) => {
    if (seen.has(id)) {
      problems.push(`${at}[${i}].id: another rule has this id`);
    }
    seen.add(id);
  });
});

export const policyForm: Form<ConsentPolicy> = record<ConsentPolicy>({
  rules: rulesForm,
  default: effectForm,
});
export const documentForm: Form<ConsentDocument> = record<ConsentDocument>({
  subject: subjectForm,
  version: versionForm,
  rules: rulesForm,
  default: effectForm,
});

/**
 * A policy of at most 200 rules; `INVALID_INPUT` lists every field that does not have its documented form.
 */
export function parsePolicy(value: unknown): ConsentPolicy {
  return parseAs(policyForm, value, 'policy');
}

/** A subject's consent document; errors as {@link parsePolicy}. */
export function parseConsentDocument(value: unknown): ConsentDocument {
  return parseAs(documentForm, value, 'consent');
}
