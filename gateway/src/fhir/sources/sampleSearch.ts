// SPDX-License-Identifier: Apache-2.0
import { isMembers, type FhirResource, type SearchEntry } from '../resource';
import { careTimeOf, everythingFilterOf, filterOf, referencesOf } from './sampleFilter';

/** A part of an answer. */
export interface SamplePage {
  readonly entries: readonly SearchEntry[];
  /** Matches of the whole answer. */
  readonly total: number;
}

/**
 * A small read-only FHIR search over resources in memory: the parameters that its data make useful. It
 * refuses other parameters with AppError BAD_REQUEST, for every patient alike, so that nothing looks applied
 * that is not.
 */
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

  /**
   * `count` matches from `offset` on, with what is included with them (FHIR R4 §3.1.1.5.4: included resources
   * count for no page).
   */
  searchPage(type: string, parameters: URLSearchParams, offset: number, count: number): SamplePage {
    const all = this.#matches(type, parameters);
    const matches = all.slice(offset, offset + count);
    return { entries: [...matches.map(matchOf), ...this.#included(matches, parameters)], total: all.length };
  }

  #matches(type: string, parameters: URLSearchParams): readonly FhirResource[] {
    const isWanted = filterOf(parameters);
    const patient =
      parameters.get('patient') ??
      parameters.get('subject') ??
      parameters.get('patient:Patient') ??
      parameters.get('subject:Patient');
    const pool =
      patient === null
        ? (this.#byType.get(type) ?? [])
        : (this.#byPatient.get(patient.split('/').at(-1) ?? '')?.get(type) ?? []);
    return sorted(pool.filter(isWanted), parameters.get('_sort'));
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

  /**
   * The patient, everything in her compartment, and the practitioners and organisations that it refers to.
   */
  everything(patientId: string, parameters: URLSearchParams): readonly SearchEntry[] | undefined {
    const isWanted = everythingFilterOf(parameters);
    const patient = this.read('Patient', patientId);
    if (patient === undefined) {
      return undefined;
    }
    const types = parameters.get('_type')?.split(',');
    const own = [...(this.#byPatient.get(patientId)?.values() ?? [])].flat().filter(isWanted);
    const besides = new Set(own.flatMap((resource) => this.#referred(resource, '*')));
    own.forEach((resource) => besides.delete(resource));
    return [...own, ...besides]
      .filter(({ resourceType }) => types === undefined || types.includes(resourceType))
      .map((resource) => ({ resource, mode: 'match' }));
  }

  #included(matches: readonly FhirResource[], parameters: URLSearchParams): readonly SearchEntry[] {
    const included = new Set<FhirResource>();
    let [sources, isFirst] = [matches, true];
    while (sources.length > 0) {
      const found = new Set<FhirResource>();
      for (const [name, value] of parameters) {
        if (isFirst || name.endsWith(':iterate')) {
          this.#besides(name, value, sources).forEach((resource) => found.add(resource));
        }
      }
      sources = [...found].filter((resource) => !included.has(resource));
      sources.forEach((resource) => included.add(resource));
      isFirst = false;
    }
    matches.forEach((resource) => included.delete(resource));
    return [...included].map((resource) => ({ resource, mode: 'include' }));
  }

  /** What one `_include` or `_revinclude` brings beside `sources`; nothing for other parameters. */
  #besides(name: string, value: string, sources: readonly FhirResource[]): readonly FhirResource[] {
    const [type = '*', parameter = '*', target] = value.split(':');
    const isTarget = ({ resourceType }: FhirResource): boolean =>
      target === undefined || resourceType === target;
    if (/^_include(:|$)/.test(name)) {
      return sources
        .filter(({ resourceType }) => type === '*' || resourceType === type)
        .flatMap((resource) => this.#referred(resource, parameter))
        .filter(isTarget);
    }
    if (/^_revinclude(:|$)/.test(name)) {
      const keys = new Set(sources.filter(isTarget).map(keyOf));
      return (this.#byType.get(type) ?? []).filter((resource) =>
        referencesOf(resource, parameter).some((reference) => keys.has(reference)),
      );
    }
    return [];
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

function sorted(resources: readonly FhirResource[], sort: string | null): readonly FhirResource[] {
  if (sort === null) {
    return resources;
  }
  const sign = sort === 'date' ? 1 : -1;
  const startOf = (resource: FhirResource): number => careTimeOf(resource)?.from ?? -Infinity;
  // Infinity less itself is no number.
  return [...resources].sort((a, b) => (startOf(a) === startOf(b) ? 0 : sign * (startOf(a) - startOf(b))));
}
