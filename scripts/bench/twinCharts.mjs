// SPDX-License-Identifier: Apache-2.0

const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
/** The place of the withheld one among the matches of a page of 10, and again every so many. */
const WITHHELD_AT = 5;
const EVERY = 50;

/** Three patients with `size` Observations each, alike but for ids of one length; the first has labelled ones in between. */
export function twinCharts(size) {
  const ids = ['twin-a', 'twin-b', 'twin-c'];
  const records = ids.flatMap((id, place) => [
    {
      resourceType: 'Patient',
      id,
      identifier: [{ system: SSN, value: `999-61-000${String(place + 1)}` }],
    },
    ...observations(id, size, place === 0),
  ]);
  return { records, withheld: ids[0], without: ids.slice(1) };
}

function observations(id, size, hasLabelled) {
  const all = [];
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

function observation(id, patient) {
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
