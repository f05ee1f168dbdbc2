// SPDX-License-Identifier: Apache-2.0
import { elements, isMembers, type FhirResource, type JsonMembers, type SearchEntry } from './resource';

/** A part of an answer. */
export interface SamplePage {
  readonly entries: readonly SearchEntry[];
  /** Matches of the whole answer. */
  readonly total: number;
}

/** A small read-only FHIR search over resources in memory: the parameters that its data make useful. Unknown ones are ignored (FHIR R4 §3.1.1). */
export class SampleSearch {
  readonly #byKey: ReadonlyMap<string, FhirResource>;
  readonly #byType = new Map<string, FhirResource[]>();
  /** `patient id` → `type` → resources. */
  readonly #byPatient = new Map<string, Map<string, FhirResource[]>>();

  constructor(resources: readonly FhirResource[]) {
    this.#byKey = new Map(resources.map((resource) => [keyOf(resource), resource]));
    for (const resource of resources) {
      push(this.#byType, resource.resourceType, resource);
      const patient = patientOf(resource);
      if (patient !== undefined) {
        const types = this.#byPatient.get(patient) ?? new Map<string, FhirResource[]>();
        this.#byPatient.set(patient, types);
        push(types, resource.resourceType, resource);
      }
    }
  }

  read(type: string, id: string): FhirResource | undefined {
    return this.#byKey.get(`${type}/${id}`);
  }

  /** The matches, and all that is included with them. */
  search(type: string, parameters: URLSearchParams): readonly SearchEntry[] {
    return this.searchPage(type, parameters, 0, Infinity).entries;
  }

  /** `count` matches from `offset` on, with what is included with them (FHIR R4 §3.1.1.5.4: included resources count for no page). */
  searchPage(type: string, parameters: URLSearchParams, offset: number, count: number): SamplePage {
    const all = this.#matches(type, parameters);
    const matches = all.slice(offset, offset + count);
    return { entries: [...matches.map(matchOf), ...this.#included(matches, parameters)], total: all.length };
  }

  #matches(type: string, parameters: URLSearchParams): readonly FhirResource[] {
    const patient =
      parameters.get('patient') ??
      parameters.get('subject') ??
      parameters.get('patient:Patient') ??
      parameters.get('subject:Patient');
    const pool =
      patient === null
        ? (this.#byType.get(type) ?? [])
        : (this.#byPatient.get(patient.split('/').at(-1) ?? '')?.get(type) ?? []);
    return sorted(
      pool.filter((resource) => matchesAll(resource, parameters)),
      parameters.get('_sort'),
    );
  }

  /** `count` entries of {@link everything} from `offset` on. */
  everythingPage(
    patientId: string,
    parameters: URLSearchParams,
    offset: number,
    count: number,
  ): SamplePage | undefined {
    const all = this.everything(patientId, parameters);
    return all && { entries: all.slice(offset, offset + count), total: all.length };
  }

  /** The patient, everything in her compartment, and the practitioners and organisations that it refers to. */
  everything(patientId: string, parameters: URLSearchParams): readonly SearchEntry[] | undefined {
    const patient = this.read('Patient', patientId);
    if (patient === undefined) {
      return undefined;
    }
    const types = parameters.get('_type')?.split(',');
    const own = [...(this.#byPatient.get(patientId)?.values() ?? [])].flat();
    const besides = new Set(own.flatMap((resource) => this.#referred(resource, '*')));
    own.forEach((resource) => besides.delete(resource));
    return [...own, ...besides]
      .filter(({ resourceType }) => types === undefined || types.includes(resourceType))
      .map((resource) => ({ resource, mode: 'match' }));
  }

  #included(matches: readonly FhirResource[], parameters: URLSearchParams): readonly SearchEntry[] {
    const included = new Set<FhirResource>();
    for (const value of parameters.getAll('_include')) {
      const [type, parameter] = value === '*' ? ['*', '*'] : value.split(':');
      matches
        .filter(({ resourceType }) => type === '*' || resourceType === type)
        .flatMap((resource) => this.#referred(resource, parameter ?? '*'))
        .forEach((resource) => included.add(resource));
    }
    const keys = new Set(matches.map(keyOf));
    for (const value of parameters.getAll('_revinclude')) {
      const [type = '', parameter = '*'] = value.split(':');
      (this.#byType.get(type) ?? [])
        .filter((resource) => referencesOf(resource, parameter).some((reference) => keys.has(reference)))
        .forEach((resource) => included.add(resource));
    }
    matches.forEach((resource) => included.delete(resource));
    return [...included].map((resource) => ({ resource, mode: 'include' }));
  }

  #referred(resource: FhirResource, parameter: string): readonly FhirResource[] {
    return referencesOf(resource, parameter).flatMap((reference) => this.#byKey.get(reference) ?? []);
  }
}

function matchOf(resource: FhirResource): SearchEntry {
  return { resource, mode: 'match' };
}

function keyOf({ resourceType, id }: FhirResource): string {
  return `${resourceType}/${id ?? ''}`;
}

function push(map: Map<string, FhirResource[]>, key: string, resource: FhirResource): void {
  const list = map.get(key) ?? [];
  list.push(resource);
  map.set(key, list);
}

function patientOf(resource: FhirResource): string | undefined {
  if (resource.resourceType === 'Patient') {
    return resource.id;
  }
  const holder = [resource['subject'], resource['patient'], resource['beneficiary']].find(isMembers);
  const reference = holder?.['reference'];
  return typeof reference === 'string' && reference.startsWith('Patient/') ? reference.slice(8) : undefined;
}

/** Elements that a search parameter reads, where its name is not the element's own in camel case. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  patient: ['subject', 'patient', 'beneficiary'],
  practitioner: ['participant', 'performer', 'requester', 'provider'],
  code: ['code', 'vaccineCode', 'medicationCodeableConcept'],
  'vaccine-code': ['vaccineCode'],
};
const DATES = [
  'effectiveDateTime',
  'performedPeriod',
  'performedDateTime',
  'period',
  'authoredOn',
  'onsetDateTime',
  'occurrenceDateTime',
  'billablePeriod',
  'birthDate',
];
const TOKENS = new Set([
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

function elementsFor(parameter: string): readonly string[] {
  return (
    ELEMENTS[parameter] ?? [parameter.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase())]
  );
}

function referencesOf(resource: FhirResource, parameter: string): readonly string[] {
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

function matchesAll(resource: FhirResource, parameters: URLSearchParams): boolean {
  return [...parameters].every(([name, value]) => {
    if (name === '_id') {
      return value.split(',').includes(resource.id ?? '');
    }
    if (name === '_security') {
      const meta = resource['meta'];
      return isMembers(meta) && matchesToken(elements(meta['security']), value);
    }
    if (name === 'date') {
      return matchesDate(dateOf(resource), value);
    }
    return (
      !TOKENS.has(name) ||
      elementsFor(name).some((element) => matchesToken(codingsOf(resource[element]), value))
    );
  });
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

function dateOf(resource: FhirResource): string {
  for (const name of DATES) {
    const value = resource[name];
    const text = isMembers(value) ? value['start'] : value;
    if (typeof text === 'string') {
      return text;
    }
  }
  return '';
}

/** Compares by instant, at the precision of the given value; without a date nothing matches. */
function matchesDate(date: string, value: string): boolean {
  const [, prefix = 'eq', wanted = ''] = /^(eq|ge|gt|le|lt)?(\d{4}.*)$/.exec(value) ?? [];
  if (date === '' || wanted === '') {
    return false;
  }
  if (prefix === 'eq') {
    return date.startsWith(wanted);
  }
  const difference = Date.parse(date) - Date.parse(wanted);
  return prefix.startsWith('g')
    ? difference > 0 || (prefix === 'ge' && difference === 0)
    : difference < 0 || (prefix === 'le' && difference === 0);
}

function sorted(resources: readonly FhirResource[], sort: string | null): readonly FhirResource[] {
  if (sort !== 'date' && sort !== '-date') {
    return resources;
  }
  const sign = sort === 'date' ? 1 : -1;
  return [...resources].sort((a, b) => sign * (Date.parse(dateOf(a)) - Date.parse(dateOf(b))));
}
