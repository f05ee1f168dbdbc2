// SPDX-License-Identifier: Apache-2.0
import type { FhirResource, ResourceFacts, SearchEntry } from '../fhir/resource';
import type { IdentifierTable } from '@chartwitness/chaincode/domain';
import { hasIdentifier } from '../fhir/identifierSearch';
import type { PatientBinding } from '../fhir/searchRequest';

/** The id of the one patient that a resource names; undefined when it names none or several. */
export function patientNamedBy({ patientIds }: Pick<ResourceFacts, 'patientIds'>): string | undefined {
  const [id, ...others] = patientIds;
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
