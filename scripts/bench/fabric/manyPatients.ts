// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../../gateway/dist/fhir/resource';
import {
  createSampleHospital,
  hospitalOf,
  type SampleHospital,
} from '../../../gateway/dist/fhir/sources/sampleHospital';
import population from './seeding/population.cjs';

const MODELS = ['alberto', 'liz', 'ned', 'chet'] as const;
const TYPES = ['Condition', 'AllergyIntolerance', 'Immunization'];

/**
 * A source of data with many patients: copies of the sample hospital's, each with the identifier of one of
 * the benchmark's people, so that each request asks about another person, as in a hospital.
 * @param people their numbers
 */
export function manyPatients(people: readonly number[]): SampleHospital {
  const sample = createSampleHospital({ patients: MODELS });
  const models = sample.patients().map((patient) => {
    const id = patient.id ?? '';
    const own = TYPES.flatMap((type) =>
      sample.index.search(type, new URLSearchParams({ patient: id })).map(({ resource }) => resource),
    );
    return { id, text: JSON.stringify([patient, ...own]) };
  });
  return hospitalOf(people.flatMap((n) => copyFor(n, models)));
}

function copyFor(
  n: number,
  models: readonly { readonly id: string; readonly text: string }[],
): readonly FhirResource[] {
  const model = models[n % models.length];
  if (model === undefined) {
    return [];
  }
  const own = JSON.parse(model.text.replaceAll(model.id, `person-${String(n)}`)) as readonly FhirResource[];
  return own.map((resource) =>
    resource.resourceType === 'Patient'
      ? {
          ...resource,
          identifier: [{ system: population.IDENTIFIER_SYSTEM, value: population.identifierOf(n) }],
        }
      : { ...resource, id: `${resource.id ?? ''}.${String(n)}` },
  );
}
