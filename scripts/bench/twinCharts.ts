// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../gateway/dist/fhir/resource';

const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
/** The place of the withheld one among the matches of a page of 10, and again every so many. */
const WITHHELD_AT = 5;
const EVERY = 50;

export interface TwinCharts {
  readonly records: readonly FhirResource[];
  /** The patient whose labelled Observations can be withheld. */
  readonly patient: FhirResource;
  /** Ids of her twins, who never had them. */
  readonly without: readonly [string, string];
}

/**
 * Three patients with `size` Observations each, alike but for ids of one length; the first has labelled ones
 * in between.
 */
export function twinCharts(size: number): TwinCharts {
  const patient = patientOf('twin-a', 1);
  const twins = [patientOf('twin-b', 2), patientOf('twin-c', 3)];
  return {
    records: [
      patient,
      ...observations('twin-a', size, true),
      ...twins,
      ...observations('twin-b', size, false),
      ...observations('twin-c', size, false),
    ],
    patient,
    without: ['twin-b', 'twin-c'],
  };
}

function patientOf(id: string, place: number): FhirResource {
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ system: SSN, value: `999-61-000${String(place)}` }],
  };
}

function observations(id: string, size: number, hasLabelled: boolean): readonly FhirResource[] {
  const all: FhirResource[] = [];
  for (let number = 0; number < size; number += 1) {
    if (hasLabelled && number % EVERY === WITHHELD_AT) {
      all.push({
        ...observation(`${id}-psy-${String(number).padStart(4, '0')}`, id),
        meta: { security: [{ system: CONFIDENTIALITY, code: 'PSY' }] },
      });
    }
    all.push(observation(`${id}-${String(number).padStart(4, '0')}`, id));
  }
  return all;
}

function observation(id: string, patient: string): FhirResource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2026-03-01T08:00:00Z',
    valueQuantity: { value: 72, unit: 'beats/minute', system: 'http://unitsofmeasure.org', code: '/min' },
  };
}
