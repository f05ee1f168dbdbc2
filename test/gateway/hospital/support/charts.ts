// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../../../gateway/src/fhir/resource';
import { label, patient } from '../../fhir/fakeFhirServer';

/** Labels that a made-up chart has, in turn; most resources have none. */
const LABELS = [undefined, undefined, 'PSY', undefined, 'HIV', undefined, undefined, 'ETH'];

export interface Chart {
  readonly patientId: string;
  readonly records: readonly FhirResource[];
}

/**
 * A made-up chart of about `size` resources: encounters at several clinics with several practitioners,
 * observations, claims and conditions of the encounters, medications prescribed by name and by reference.
 * Resources of an encounter carry its label; the drug, clinic and practitioner of a label are found with that
 * label alone.
 */
export function chart(patientId: string, ssn: string, size: number): Chart {
  const records: FhirResource[] = [patient(patientId, ssn)];
  const directories = new Map<string, FhirResource>();
  for (let number = 0; records.length < size; number += 1) {
    records.push(...visit(patientId, number, directories));
  }
  return { patientId, records: [...records.slice(0, Math.max(1, size)), ...directories.values()] };
}

function visit(
  patientId: string,
  number: number,
  directories: Map<string, FhirResource>,
): readonly FhirResource[] {
  const code = LABELS[number % LABELS.length];
  const own = code ?? `general-${String(number % 3)}`;
  const labelled = code === undefined ? {} : label(code);
  const directory = (resource: FhirResource): string => {
    directories.set(`${resource.resourceType}/${resource.id ?? ''}`, resource);
    return `${resource.resourceType}/${resource.id ?? ''}`;
  };
  const owner = directory({ resourceType: 'Organization', id: 'owner', name: 'Owner' });
  const clinic = directory({
    resourceType: 'Organization',
    id: `clinic-${own}`,
    name: `Clinic ${own}`,
    partOf: { reference: owner },
  });
  const doctor = directory({ resourceType: 'Practitioner', id: `doctor-${own}`, name: [{ family: own }] });
  const drug = directory({ resourceType: 'Medication', id: `drug-${own}`, code: { text: `drug ${own}` } });
  const id = (kind: string): string => `${patientId}-${kind}-${String(number)}`;
  const subject = { reference: `Patient/${patientId}` };
  const encounter = { reference: `Encounter/${id('e')}` };
  const day = `20${String(10 + (number % 15))}-0${String(1 + (number % 9))}-1${String(number % 10)}T10:00:00Z`;
  return [
    {
      resourceType: 'Encounter',
      id: id('e'),
      ...labelled,
      subject,
      period: { start: day },
      serviceProvider: { reference: clinic },
      participant: [{ individual: { reference: doctor } }],
    },
    ...['a', 'b', 'c'].map((letter, place) => ({
      resourceType: 'Observation',
      id: id(`o${letter}`),
      ...labelled,
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: `code-${String((number + place) % 4)}` }] },
      subject,
      encounter,
      effectiveDateTime: day,
      ...(place === 0 ? {} : { derivedFrom: [{ reference: `Observation/${id('oa')}` }] }),
    })),
    { resourceType: 'Condition', id: id('c'), ...labelled, subject, encounter, onsetDateTime: day },
    // The bill of a visit is less sensitive than the visit.
    {
      resourceType: 'Claim',
      id: id('b'),
      ...(number % 2 === 0 ? labelled : {}),
      patient: subject,
      item: [{ encounter: [encounter] }],
      provider: { reference: clinic },
    },
    {
      resourceType: 'MedicationRequest',
      id: id('m'),
      ...labelled,
      subject,
      encounter,
      authoredOn: day,
      medicationReference: { reference: drug },
      requester: { reference: doctor },
    },
  ];
}
