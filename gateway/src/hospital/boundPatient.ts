// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { FhirResource, SearchEntry } from '../fhir/resource';
import type { IdentifierTable } from '@chartwitness/chaincode/domain';
import { hasIdentifier } from '../fhir/identifierSearch';
import type { FactsReader } from '../fhir/resourceFacts';
import type { PatientBinding } from '../fhir/searchRequest';
import type { BoundPatient, Subjects } from '../fhir/subject';

/**
 * The one person that the Patients are.
 * @throws AppError UNBOUND_SEARCH when they are several, SUBJECT_UNIDENTIFIED.
 */
export function bindPatients(patients: readonly FhirResource[], subjects: Subjects): BoundPatient {
  const [subject, ...others] = new Set(patients.map((patient) => subjects.ofPatient(patient)));
  if (others.length > 0) {
    throw new AppError('UNBOUND_SEARCH', 'the identifier matches several persons', {
      expose: 'The identifier does not name exactly one patient.',
    });
  }
  if (subject === undefined) {
    throw new AppError('SUBJECT_UNIDENTIFIED', 'no or ambiguous national identifier', {
      expose:
        'The patient’s record lacks the identifier by which accesses are recorded; add it at the source.',
    });
  }
  return { subject, ids: new Set(patients.flatMap(({ id }) => (id === undefined ? [] : [id]))) };
}

/** The id of the one patient that a resource names; undefined when it names none or several. */
export function patientNamedBy(resource: FhirResource, facts: FactsReader): string | undefined {
  const [id, ...others] = facts(resource).patientIds;
  return others.length > 0 ? undefined : id;
}

/** The Patients that a search by identifier truly matched, whatever else the source put in its answer. */
export function matchingPatients(
  entries: readonly SearchEntry[],
  wanted: Extract<PatientBinding, { kind: 'identifier' }>,
  table: IdentifierTable,
): readonly FhirResource[] {
  return entries
    .filter(({ resource, mode }) => resource.resourceType === 'Patient' && (mode ?? 'match') === 'match')
    .map(({ resource }) => resource)
    .filter((resource) => hasIdentifier(resource, wanted, table));
}
