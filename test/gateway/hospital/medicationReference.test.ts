// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { hospitalOf } from '../../../gateway/src/fhir/sources/sampleHospital';
import { patient } from '../fhir/fakeFhirServer';
import { bundleOf, createHospital } from './hospitalFixture';

const records = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/fhir/15-medication-reference.json'), 'utf8'),
) as FhirResource[];
const SEARCH =
  'MedicationRequest?patient=p1&_include=MedicationRequest:medication&_include=MedicationRequest:requester';

test.each<[string, string[]]>([
  ['system/MedicationRequest.rs system/Medication.r system/Practitioner.r', ['m1', 'mr1', 'pr1']],
  ['system/MedicationRequest.rs system/Practitioner.rs', ['mr1', 'pr1']],
  ['system/MedicationRequest.rs', ['mr1']],
])('with %s a prescription comes with %j', async (scope, ids) => {
  const hospital = await createHospital({ upstream: hospitalOf([patient('p1', '111'), ...records]) });
  const { entry } = bundleOf(await hospital.get(SEARCH, { scope }));
  expect(entry?.map(({ resource }) => resource.id).sort()).toEqual(ids);
});
