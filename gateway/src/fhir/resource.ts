// SPDX-License-Identifier: Apache-2.0
import type { PatientIdentifier } from '@chartwitness/chaincode/domain';

/**
 * A FHIR R4 resource as JSON. Only what the gateway reads is typed; everything else passes through untouched.
 */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [member: string]: unknown;
}

/**
 * What a resource says about whose it is and how sensitive it is, gathered over all of its parts, contained
 * resources included.
 */
export interface ResourceFacts {
  /**
   * As the ledger holds them (`normaliseLabels`); `[EVERY_LABEL]` where they cannot be told or are more than
   * 20.
   */
  readonly labels: readonly string[];
  /** Logical ids of the patients that it names; of a Patient, its own. */
  readonly patientIds: ReadonlySet<string>;
  /** Patients that it names by a national identifier instead. */
  readonly patientIdentifiers: readonly PatientIdentifier[];
  /**
   * It names a patient who cannot be told: of another server, contained without identifier, or nested too
   * deeply to be read.
   */
  readonly namesStranger: boolean;
  /** Base URLs, other than the source's own, under which it names patients. */
  readonly strangeBases: ReadonlySet<string>;
  /** `Type/id` of every resource on the same server that it refers to. */
  readonly references: ReadonlySet<string>;
  /** It holds an address of the upstream server. */
  readonly holdsUpstreamUrl: boolean;
}

/** Why an entry is in a search's answer (FHIR R4 Bundle.entry.search.mode). */
export type SearchMode = 'match' | 'include' | 'outcome';

export interface SearchEntry {
  readonly resource: FhirResource;
  /** Absent where the server does not say. */
  readonly mode?: SearchMode;
  /**
   * Only the name is known, and perhaps whose it is: too large for one answer, or in an emergency not to be
   * read. Never given.
   */
  readonly isUnreadable?: boolean;
  /** Of what is unreadable: it found no room in memory just now, and may find some later. */
  readonly lacksRoom?: boolean;
  /** Of what was looked at, but is not at hand: the facts of the whole resource. */
  readonly told?: ResourceFacts;
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

/**
 * What stands in the place of a repeating element, whatever it is: a list's members, or the one that stands
 * without a list.
 */
export function listed(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
