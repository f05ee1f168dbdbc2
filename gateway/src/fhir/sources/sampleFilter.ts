// SPDX-License-Identifier: Apache-2.0
import { dateCondition, type DateRange, dateRange, rangeOf } from '../dateRange';
import { elements, isMembers, type FhirResource, type JsonMembers } from '../resource';
import { bad, baseOf } from '../searchParameters';

/** Whether a resource is wanted. */
export type Wanted = (resource: FhirResource) => boolean;

const BINDING: ReadonlySet<string> = new Set(['patient', 'subject', 'patient:Patient', 'subject:Patient']);
/** Seen to elsewhere: binding, includes, order. */
const NO_FILTER: ReadonlySet<string> = new Set([
  ...BINDING,
  '_include',
  '_include:iterate',
  '_revinclude',
  '_revinclude:iterate',
  '_sort',
]);
const SORTS: readonly string[] = ['date', '-date'];
const INCLUDE = /^(?:\*|[A-Z][A-Za-z]+:(?:\*|[a-z][a-z-]*)(?::[A-Z][A-Za-z]+)?)$/;

/** Elements that a search parameter reads, where its name is not the element's own in camel case. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  patient: ['subject', 'patient', 'beneficiary'],
  practitioner: ['participant', 'performer', 'requester', 'provider'],
  code: ['code', 'vaccineCode', 'medicationCodeableConcept'],
  medication: ['medicationReference'],
  partof: ['partOf'],
  'vaccine-code': ['vaccineCode'],
};
const TOKENS: ReadonlySet<string> = new Set([
  'code',
  'category',
  'status',
  'type',
  'class',
  'clinical-status',
  'verification-status',
  'intent',
  'vaccine-code',
  'identifier',
]);
const REFERENCES: ReadonlySet<string> = new Set(['encounter', 'performer', 'requester', 'medication']);
const DATES = [
  'effectiveDateTime',
  'effectivePeriod',
  'performedPeriod',
  'performedDateTime',
  'period',
  'authoredOn',
  'onsetDateTime',
  'occurrenceDateTime',
  'billablePeriod',
] as const;

/**
 * The filter that a search's parameters stand for.
 * @throws AppError BAD_REQUEST for a parameter, modifier, date or order that the sample hospital does not
 *   support: it ignores nothing.
 */
export function filterOf(parameters: URLSearchParams): Wanted {
  const conditions = [...parameters].flatMap(([name, value]) => conditionOf(name, value) ?? []);
  return (resource) => conditions.every((isMet) => isMet(resource));
}

/** undefined: the parameter filters nothing. */
function conditionOf(name: string, value: string): Wanted | undefined {
  if (NO_FILTER.has(name)) {
    assertShape(name, value);
    return undefined;
  }
  const base = baseOf(name);
  if (name === '_id') {
    const ids = value.split(',');
    return ({ id = '' }) => ids.includes(id);
  }
  if (name === 'date' || name === 'birthdate') {
    return dateFilter(name, value);
  }
  if (REFERENCES.has(name)) {
    const wanted = value.split(',');
    return (resource) =>
      referencesOf(resource, name).some((one) =>
        wanted.some((key) => key === one || one.endsWith(`/${key}`)),
      );
  }
  const isNegated = name === `${base}:not`;
  if ((name === base || isNegated) && (TOKENS.has(base) || base === '_security')) {
    return (resource) =>
      tokensOf(resource, base).some((codings) => matchesToken(codings, value)) !== isNegated;
  }
  throw bad(`the sample hospital does not search by ${name}`);
}

function assertShape(name: string, value: string): void {
  if (name === '_sort' && !SORTS.includes(value)) {
    throw bad(`the sample hospital sorts by ${SORTS.join(' or ')} only`);
  }
  if (/^_(rev)?include/.test(name) && !INCLUDE.test(value)) {
    throw bad(`${baseOf(name)} must be <type>:<parameter>`);
  }
}

function dateFilter(name: string, value: string): Wanted {
  const conditions = value.split(',').map((one) => {
    const condition = dateCondition(one);
    if (condition === undefined) {
      throw bad(`the value of ${name} is no date with one of the prefixes eq, ne, gt, lt, ge, le, sa, eb`);
    }
    return condition;
  });
  return (resource) => {
    const range = name === 'date' ? careTimeOf(resource) : rangeOf(resource['birthDate']);
    return range !== undefined && conditions.some((isMet) => isMet(range));
  };
}

/** When what the resource tells of took place; undefined when it does not say. */
export function careTimeOf(resource: FhirResource): DateRange | undefined {
  const name = DATES.find((one) => resource[one] !== undefined);
  return name && rangeOf(resource[name]);
}

/**
 * The filter of `$everything` for `start`, `end` (care dates) and `_since`. What has no date is wanted
 * whatever its bounds. The synthetic records do not say when they were written, so they count as written when
 * the care took place.
 * @throws AppError BAD_REQUEST for a value that is no date and for other parameters.
 */
export function everythingFilterOf(parameters: URLSearchParams): Wanted {
  for (const name of parameters.keys()) {
    if (!['start', 'end', '_since', '_type'].includes(name)) {
      throw bad(`the sample hospital does not know ${name} in $everything`);
    }
  }
  const from = boundOf(parameters, 'start')?.from ?? -Infinity;
  const until = boundOf(parameters, 'end')?.until ?? Infinity;
  const since = boundOf(parameters, '_since')?.from ?? -Infinity;
  return (resource) => {
    const care = careTimeOf(resource);
    return care === undefined || (care.until > from && care.from < until && care.from >= since);
  };
}

function boundOf(parameters: URLSearchParams, name: string): DateRange | undefined {
  const value = parameters.get(name);
  const range = value === null ? undefined : dateRange(value.replace(' ', '+'));
  if (value !== null && range === undefined) {
    throw bad(`the value of ${name} is no date`);
  }
  return range;
}

/** `Type/id` of what the resource refers to by a search parameter; `*`: by any element. */
export function referencesOf(resource: FhirResource, parameter: string): readonly string[] {
  const roots = parameter === '*' ? [resource] : elementsFor(parameter).map((name) => resource[name]);
  return roots.flatMap(collectReferences);
}

function collectReferences(value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    return (value as unknown[]).flatMap(collectReferences);
  }
  if (!isMembers(value)) {
    return [];
  }
  const { reference } = value;
  return [
    ...(typeof reference === 'string' ? [reference] : []),
    ...Object.values(value).flatMap(collectReferences),
  ];
}

function elementsFor(parameter: string): readonly string[] {
  return (
    ELEMENTS[parameter] ?? [parameter.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase())]
  );
}

/** The codings that a token parameter looks at, element by element. */
function tokensOf(resource: FhirResource, parameter: string): readonly (readonly JsonMembers[])[] {
  if (parameter === '_security') {
    const { meta } = resource;
    return isMembers(meta) ? [elements(meta['security'])] : [];
  }
  return elementsFor(parameter).map((name) => codingsOf(resource[name]));
}

/** The codings of a code, Coding, CodeableConcept or Identifier, or of a list of them. */
function codingsOf(value: unknown): readonly JsonMembers[] {
  if (typeof value === 'string') {
    return [{ code: value }];
  }
  const all = isMembers(value) ? [value] : elements(value);
  return all.flatMap((one) => (Array.isArray(one['coding']) ? elements(one['coding']) : [one]));
}

/** FHIR token search: `code`, `system|code`, `|code`, `system|`; a comma means or. */
function matchesToken(codings: readonly JsonMembers[], value: string): boolean {
  return value.split(',').some((wanted) => {
    const at = wanted.indexOf('|');
    const [system, code] = at < 0 ? [undefined, wanted] : [wanted.slice(0, at), wanted.slice(at + 1)];
    return codings.some((coding) => {
      const own = coding['code'] ?? coding['value'];
      return (code === '' || own === code) && (system === undefined || (coding['system'] ?? '') === system);
    });
  });
}
