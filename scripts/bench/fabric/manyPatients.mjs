// SPDX-License-Identifier: Apache-2.0
import { dist } from '../dist.mjs';
import population from './seeding/population.cjs';

const { createSampleHospital, hospitalOf } = dist('fhir/sampleHospital.js');
const { IDENTIFIER_SYSTEM, identifierOf } = population;

const MODELS = ['alberto', 'liz', 'ned', 'chet'];
const TYPES = ['Condition', 'AllergyIntolerance', 'Immunization'];

/**
 * A source of data with many patients: copies of the sample hospital's, each with the identifier of one of the benchmark's people, so that
 * each request asks about another person, as in a hospital.
 * @param {readonly number[]} people their numbers
 */
export function manyPatients(people) {
  const sample = createSampleHospital({ patients: MODELS });
  const models = sample.patients().map((patient) => ({
    id: patient.id,
    text: JSON.stringify([
      patient,
      ...TYPES.flatMap((type) =>
        sample.index
          .search(type, new URLSearchParams({ patient: patient.id }))
          .map(({ resource }) => resource),
      ),
    ]),
  }));
  const resources = people.flatMap((n) => {
    const { id, text } = models[n % models.length];
    return JSON.parse(text.replaceAll(id, `person-${String(n)}`)).map((resource) => ({
      ...resource,
      id: resource.resourceType === 'Patient' ? resource.id : `${resource.id}.${String(n)}`,
      ...(resource.resourceType === 'Patient'
        ? { identifier: [{ system: IDENTIFIER_SYSTEM, value: identifierOf(n) }] }
        : {}),
    }));
  });
  return hospitalOf(resources);
}
