// SPDX-License-Identifier: Apache-2.0
import type { RuleDraft } from './placeRule';

type Whom = 'everyone' | 'org' | 'holder' | 'user' | 'role';
type Which = 'all' | 'labels' | 'types';
type When = 'open' | 'until' | 'between';

/** An exception as the form holds it. */
export interface RuleForm {
  readonly effect: 'permit' | 'deny';
  readonly whom: Whom;
  readonly org: string;
  readonly user: string;
  readonly role: string;
  readonly which: Which;
  readonly labels: readonly string[];
  readonly types: readonly string[];
  readonly isForSome: boolean;
  readonly purposes: readonly string[];
  /**
   * `open`: until it is changed; `until`: from at once to the end of a day; `between`: from a day on, up to
   * another or open.
   */
  readonly when: When;
  /** `YYYY-MM-DD`, or empty. */
  readonly from: string;
  readonly until: string;
  readonly holds: boolean;
}

export type FormField = 'org' | 'user' | 'labels' | 'types' | 'purposes' | 'from' | 'until';
export type FormErrors = Partial<
  Record<
    FormField,
    | 'form.error.organisation'
    | 'form.error.person'
    | 'form.error.choose'
    | 'form.error.date'
    | 'form.error.from'
  >
>;

export const WHOMS: readonly Whom[] = ['everyone', 'org', 'holder', 'user', 'role'];
export const WHENS: readonly When[] = ['open', 'until', 'between'];
export const WHICHES: readonly Which[] = ['all', 'labels', 'types'];
/** The subjects that are asked about most; the others of HL7's value sets are folded below them. */
export const COMMON_LABELS = [
  'PSY',
  'MH',
  'ETH',
  'HIV',
  'STD',
  'SEX',
  'PREGNANT',
  'SDV',
  'GDIS',
  'R',
] as const;
export const TYPES = [
  'Observation', 'DiagnosticReport', 'Condition', 'MedicationRequest', 'AllergyIntolerance', 'Immunization', 'Procedure', 'Encounter',
  'ImagingStudy', 'DocumentReference', 'CarePlan', 'CareTeam', 'Claim', 'ExplanationOfBenefit', 'Patient',
] as const; // prettier-ignore
export const PURPOSES = ['TREAT', 'HPAYMT', 'HOPERAT', 'HRESCH', 'PUBHLTH', 'HMARKT', 'PATRQT'] as const;
/**
 * HL7 practitioner-role and the roles beside it that have words; those that look into records most often come
 * first.
 */
export const ROLES = [
  'doctor', 'nurse', 'pharmacist', 'psychologist', 'physiotherapist', 'midwife', 'dentist', 'socialworker', 'receptionist',
  'administrator', 'ict', 'researcher', 'teacher',
] as const; // prettier-ignore

const EMPTY: RuleForm = {
  effect: 'deny',
  whom: 'user',
  org: '',
  user: '',
  role: ROLES[0],
  which: 'all',
  labels: [],
  types: [],
  isForSome: false,
  purposes: [],
  when: 'open',
  from: '',
  until: '',
  holds: false,
};

export function formOf(rule: RuleDraft | undefined): RuleForm {
  if (rule === undefined) {
    return EMPTY;
  }
  return {
    ...EMPTY,
    ...whomOf(rule),
    effect: rule.effect,
    which: rule.labels !== undefined ? 'labels' : rule.types !== undefined ? 'types' : 'all',
    labels: rule.labels ?? [],
    types: rule.types ?? [],
    isForSome: rule.purposes !== undefined,
    purposes: rule.purposes ?? [],
    when: whenOf(rule),
    from: dayOf(rule.period?.start),
    until: dayOf(rule.period?.end),
    holds: rule.holdsInEmergency === true,
  };
}

function whomOf(rule: RuleDraft): Partial<RuleForm> {
  if (rule.user !== undefined) {
    return { whom: 'user', user: rule.user, org: rule.org ?? '' };
  }
  if (rule.role !== undefined) {
    return { whom: 'role', role: rule.role };
  }
  if (rule.org === '@holder') {
    return { whom: 'holder' };
  }
  return rule.org === undefined ? { whom: 'everyone' } : { whom: 'org', org: rule.org };
}

function whenOf({ period }: RuleDraft): When {
  if (period?.start !== undefined) {
    return 'between';
  }
  return period?.end === undefined ? 'open' : 'until';
}

const dayOf = (bound: string | undefined): string => bound?.slice(0, 10) ?? '';

/** What is missing or wrong in a form, by field, in the order of the fields. */
export function checkForm(form: RuleForm, today: string): FormErrors {
  const checks: readonly (readonly [isWrong: boolean, errors: FormErrors])[] = [
    [form.whom === 'org' && form.org === '', { org: 'form.error.organisation' }],
    [form.whom === 'user' && form.user === '', { user: 'form.error.person' }],
    [isForPersonSomewhere(form) && form.org === '', { org: 'form.error.organisation' }],
    [form.which === 'labels' && form.labels.length === 0, { labels: 'form.error.choose' }],
    [form.which === 'types' && form.types.length === 0, { types: 'form.error.choose' }],
    [form.isForSome && form.purposes.length === 0, { purposes: 'form.error.choose' }],
    [form.when === 'between' && form.from === '', { from: 'form.error.from' }],
    [isUntilWrong(form, today), { until: 'form.error.date' }],
  ];
  return Object.assign({}, ...checks.flatMap(([isWrong, errors]) => (isWrong ? [errors] : []))) as FormErrors;
}

/**
 * A permission for a person is for one organisation: somebody else may have the same identifier elsewhere.
 */
function isForPersonSomewhere({ whom, effect }: RuleForm): boolean {
  return whom === 'user' && effect === 'permit';
}

function isUntilWrong({ when, from, until }: RuleForm, today: string): boolean {
  if (when === 'open') {
    return false;
  }
  if (until === '') {
    return when === 'until';
  }
  return until < today || (when === 'between' && until < from);
}

/**
 * The rule of a form. What the form cannot show of `before` (actions, times of day, a second criterion) is
 * kept.
 */
export function ruleOf(form: RuleForm, before: RuleDraft | undefined): RuleDraft {
  return {
    effect: form.effect,
    ...whomIn(form, before),
    ...whichIn(form, before),
    ...(form.isForSome && { purposes: [...form.purposes] }),
    ...(before?.actions !== undefined && { actions: before.actions }),
    ...periodIn(form, before),
    ...(form.effect === 'deny' && form.holds && { holdsInEmergency: true }),
  };
}

function whomIn(form: RuleForm, before: RuleDraft | undefined): Partial<RuleDraft> {
  const keptOrg = before?.org !== undefined && whomOf(before).whom === form.whom ? { org: before.org } : {};
  switch (form.whom) {
    case 'everyone':
      return {};
    case 'org':
      return { org: form.org };
    case 'holder':
      return { org: '@holder' };
    case 'user':
      // A block of a person holds at every organisation.
      return isForPersonSomewhere(form) ? { org: form.org, user: form.user } : { user: form.user };
    case 'role':
      return { ...keptOrg, role: form.role };
  }
}

function whichIn(form: RuleForm, before: RuleDraft | undefined): Partial<RuleDraft> {
  if (form.which === 'all') {
    return {};
  }
  const hadBoth = before?.labels !== undefined && before.types !== undefined;
  return {
    ...((form.which === 'labels' || hadBoth) && { labels: [...form.labels] }),
    ...((form.which === 'types' || hadBoth) && { types: [...form.types] }),
  };
}

function periodIn(form: RuleForm, before: RuleDraft | undefined): Partial<RuleDraft> {
  const bound = (day: string, was: string | undefined): string =>
    dayOf(was) === day && was !== undefined ? was : day;
  const period = {
    ...(form.when === 'between' && form.from !== '' && { start: bound(form.from, before?.period?.start) }),
    ...(form.when !== 'open' && form.until !== '' && { end: bound(form.until, before?.period?.end) }),
  };
  return Object.keys(period).length === 0 ? {} : { period };
}
