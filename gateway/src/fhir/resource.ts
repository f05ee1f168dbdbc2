// SPDX-License-Identifier: Apache-2.0

/** A FHIR R4 resource as JSON. Only what the gateway reads is typed; everything else passes through untouched. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [member: string]: unknown;
}

/** Why an entry is in a search's answer (FHIR R4 Bundle.entry.search.mode). */
export type SearchMode = 'match' | 'include' | 'outcome';

export interface SearchEntry {
  readonly resource: FhirResource;
  /** Absent where the server does not say. */
  readonly mode?: SearchMode;
  /** Only the name is known, and perhaps whose it is: too large for one answer, or in an emergency not to be read. Never given. */
  readonly isUnreadable?: boolean;
}

export type JsonMembers = Readonly<Record<string, unknown>>;

const FHIR_ID = /^[A-Za-z0-9.-]{1,64}$/;
const FHIR_TYPE = /^[A-Z][A-Za-z]{1,63}$/;

/** A FHIR R4 logical id. `.` and `..` are none here: in a path they would name another place. */
export function isFhirId(value: unknown): value is string {
  return typeof value === 'string' && FHIR_ID.test(value) && value !== '.' && value !== '..';
}

export function isFhirType(value: unknown): value is string {
  return typeof value === 'string' && FHIR_TYPE.test(value);
}

export function isMembers(value: unknown): value is JsonMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isResource(value: unknown): value is FhirResource {
  return isMembers(value) && isFhirType(value['resourceType']);
}

/** The elements of a repeating FHIR element; none when it is absent or not a list. */
export function elements(value: unknown): readonly JsonMembers[] {
  return Array.isArray(value) ? value.filter(isMembers) : [];
}

/** What stands in the place of a repeating element, whatever it is: a list's members, or the one that stands without a list. */
export function listed(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
