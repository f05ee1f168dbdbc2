// SPDX-License-Identifier: Apache-2.0
import { createSampleHospital, type SampleHospital } from '../../../gateway/src/fhir/sampleHospital';
import { SAMPLE_PATIENTS, type SamplePatient } from '../../../gateway/src/fhir/sampleRecords';
import { createFactsReader, identifiersIn } from '../../../gateway/src/fhir/resourceFacts';
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { SSN } from './fakeFhirServer';

const facts = createFactsReader({ upstreamBaseUrl: undefined, identifierSystems: [SSN] });
const labelsOf = (resource: FhirResource): readonly string[] => facts(resource).labels;
const idOf = (hospital: SampleHospital): string => hospital.patients()[0]?.id ?? '';

async function everythingOf(hospital: SampleHospital): Promise<readonly FhirResource[]> {
  const signal = new AbortController().signal;
  const page = await hospital.everything(idOf(hospital), new URLSearchParams({ _count: '10000' }), signal);
  return (page?.entries ?? []).map(({ resource }) => resource);
}

test('all eight patients load, each with a national identifier, a confidentiality on everything and no transaction reference left', async () => {
  const hospital = createSampleHospital({ patients: Object.keys(SAMPLE_PATIENTS) as SamplePatient[] });
  expect(hospital.patients()).toHaveLength(8);
  const numbers = hospital.patients().flatMap((patient) => identifiersIn(patient, [SSN]));
  expect(new Set(numbers.map(({ value }) => value)).size).toBe(8);
  const all = await everythingOf(hospital);
  expect(all.every((resource) => labelsOf(resource).some((label) => label === 'N' || label === 'R'))).toBe(
    true,
  );
  expect(JSON.stringify(all)).not.toContain('urn:uuid:');
});

test.each<[SamplePatient, string, string[]]>([
  ['alberto', 'PSY', ['Claim', 'MedicationRequest']],
  ['liz', 'SEX', ['Claim', 'ExplanationOfBenefit', 'Procedure']],
  ['ned', 'ETH', ['Observation']],
])('what is sensitive of %s is labelled %s, the bills for it too', async (patient, label, types) => {
  const labelled = (await everythingOf(createSampleHospital({ patients: [patient] }))).filter((resource) =>
    labelsOf(resource).includes(label),
  );
  expect([...new Set(labelled.map(({ resourceType }) => resourceType))].sort()).toEqual(types);
  expect(
    labelled.every((resource) => labelsOf(resource).includes('R') && !labelsOf(resource).includes('N')),
  ).toBe(true);
});

test('two hospitals hold the same person under different ids and one national identifier', async () => {
  const north = createSampleHospital({ patients: ['liz'] });
  const south = createSampleHospital({ patients: ['liz'], idNamespace: 'SouthClinicMSP' });
  expect(idOf(south)).not.toBe(idOf(north));
  const [one, other] = [north, south].map((hospital) =>
    hospital.patients().flatMap((patient) => identifiersIn(patient, [SSN])),
  );
  expect(one).toEqual(other);
  expect(JSON.stringify(await everythingOf(south))).not.toContain(`Patient/${idOf(north)}`);
  // The same namespace gives the same ids again, so that a restart does not change them.
  expect(idOf(createSampleHospital({ patients: ['liz'], idNamespace: 'SouthClinicMSP' }))).toBe(idOf(south));
});

test.each([
  ['code=8302-2', 3],
  ['code=http://loinc.org|8302-2', 3],
  ['code=http://other|8302-2', 0],
  ['code=8302-2,29463-7', 6],
  ['category=vital-signs', 15],
  ['_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|ETH', 3],
  ['date=ge2900-01-01', 0],
  ['status=final', 36],
  ['unknown-parameter=x', 36],
])('search parameter %s', async (query, count) => {
  const hospital = createSampleHospital({ patients: ['liz'] });
  const signal = new AbortController().signal;
  const { entries } = await hospital.search(
    'Observation',
    new URLSearchParams(`patient=${idOf(hospital)}&${query}`),
    signal,
  );
  expect(entries).toHaveLength(count);
});
