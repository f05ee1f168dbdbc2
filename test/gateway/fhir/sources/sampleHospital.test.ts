// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createSampleHospital,
  hospitalOf,
  type SampleHospital,
} from '../../../../gateway/src/fhir/sources/sampleHospital';
import { SAMPLE_PATIENTS, type SamplePatient } from '../../../../gateway/src/fhir/sources/sampleRecords';
import { US_IDENTIFIER_SYSTEMS } from '../../../../gateway/src/compose/bootstrap';
import { identifierTable } from '../../../../gateway/src/subjects/networkTable';
import { createFactsReader, identifiersIn } from '../../../../gateway/src/fhir/resourceFacts';
import type { FhirResource } from '../../../../gateway/src/fhir/resource';

const table = identifierTable(US_IDENTIFIER_SYSTEMS, Date.now);
const facts = createFactsReader({ upstreamBaseUrl: undefined, identifiers: table });
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
  const numbers = hospital.patients().flatMap((patient) => identifiersIn(patient, table));
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
    hospital.patients().flatMap((patient) => identifiersIn(patient, table)),
  );
  expect(one).toEqual(other);
  expect(JSON.stringify(await everythingOf(south))).not.toContain(`Patient/${idOf(north)}`);
  // The same namespace gives the same ids again, so that a restart does not change them.
  expect(idOf(createSampleHospital({ patients: ['liz'], idNamespace: 'SouthClinicMSP' }))).toBe(idOf(south));
});

const liz = createSampleHospital({ patients: ['liz'] });
const idsOfSearch = async (hospital: SampleHospital, type: string, query: string): Promise<string[]> => {
  const parameters = new URLSearchParams(`patient=${idOf(hospital)}&_count=1000&${query}`);
  const { entries } = await hospital.search(type, parameters, new AbortController().signal);
  return entries.map(({ resource }) => resource.id ?? '');
};

test.each([
  ['code=8302-2', 3],
  ['code=http://loinc.org|8302-2', 3],
  ['code=http://other|8302-2', 0],
  ['code=8302-2,29463-7', 6],
  ['category=vital-signs', 15],
  ['category:not=vital-signs', 21],
  ['_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|ETH', 3],
  ['_security:not=http://terminology.hl7.org/CodeSystem/v3-ActCode|ETH', 33],
  ['date=ge2900-01-01', 0],
  ['date=ge1900-01-01,lt1900-01-01', 36],
  ['status=final', 36],
])('search parameter %s', async (query, count) => {
  expect(await idsOfSearch(liz, 'Observation', query)).toHaveLength(count);
});

test.each([
  'unknown-parameter=x',
  'value-quantity=gt5',
  'code:in=x',
  'category:missing=true',
  'date=hello',
  'date=2020-02-30',
  'date=2020-13',
  'date=xx2020-01-01',
  'date=ap2020-01-01',
  'date=',
  'date:missing=true',
  '_sort=code',
  '_include=x',
  '_include:recurse=*',
  '_lastUpdated=ge2020',
])('%s is refused, for a patient who is there and for nobody alike', async (query) => {
  for (const patient of [idOf(liz), 'nobody']) {
    const search = liz.search(
      'Observation',
      new URLSearchParams(`patient=${patient}&${query}`),
      new AbortController().signal,
    );
    await expect(search).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  }
});

describe('an observation on a day, at half past eight in the morning UTC', () => {
  const day = JSON.parse(
    readFileSync(join(__dirname, '../../../vectors/fhir/16-observation-on-a-day.json'), 'utf8'),
  ) as FhirResource;
  const hospital = hospitalOf([{ resourceType: 'Patient', id: 'p1' }, day]);

  test.each([
    'le2020-05-01',
    'ne2020-05-02',
    'sa2020-04-30',
    'eb2020-05-02',
    'ge2020-05-01',
    '2020-05-01',
    'eq2020-05',
    '2020',
    'lt2020-05-02',
    'gt2020-04-30',
    '2020-05-01T10:30:00%2B02:00',
    '2020-05-01T10:30:00+02:00',
    '2020-05-01T08:30Z',
    'ge2020-05-01T08:30:00Z',
    '2019,2020-05-01',
  ])('is found by date=%s', async (date) => {
    expect(await idsOfSearch(hospital, 'Observation', `date=${date}`)).toEqual(['day']);
  });

  test.each([
    'gt2020-05-01',
    'lt2020-05-01',
    'ne2020-05-01',
    'sa2020-05-01',
    'eb2020-05-01',
    'eq2020-05-02',
    'sa2020-05',
    'ge2020-05-01T08:30:01Z',
    'le2020-05-01T08:29:59Z',
    '2020-05-01T10:30:00Z',
  ])('is not found by date=%s', async (date) => {
    expect(await idsOfSearch(hospital, 'Observation', `date=${date}`)).toEqual([]);
  });

  const everything = async (query: string): Promise<string[]> => {
    const page = await hospital.everything('p1', new URLSearchParams(query), new AbortController().signal);
    return (page?.entries ?? []).map(({ resource }) => resource.id ?? '');
  };

  test.each([
    ['', 2],
    ['start=2020-05-01', 2],
    ['start=2020-05-02', 1],
    ['end=2020-05-01', 2],
    ['end=2020-04-30', 1],
    ['start=2020-05&end=2020-05', 2],
    ['_since=2999-01-01T00:00:00Z', 1],
    ['_since=2020-01-01T00:00:00Z', 2],
  ])('$everything?%s gives %i resources', async (query, count) => {
    expect(await everything(query)).toHaveLength(count);
  });

  test.each(['start=hello', 'end=2020-02-31', '_since=yesterday', 'code=x'])(
    '$everything?%s is refused, for nobody as well',
    async (query) => {
      await expect(everything(query)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      const nobody = hospital.everything('nobody', new URLSearchParams(query), new AbortController().signal);
      await expect(nobody).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    },
  );
});

describe('includes', () => {
  const [request, medication, practitioner] = JSON.parse(
    readFileSync(join(__dirname, '../../../vectors/fhir/15-medication-reference.json'), 'utf8'),
  ) as FhirResource[];
  const hospital = hospitalOf([
    { resourceType: 'Patient', id: 'p1' },
    { ...request, resourceType: 'MedicationRequest', encounter: { reference: 'Encounter/e1' } },
    { ...medication, resourceType: 'Medication', manufacturer: { reference: 'Organization/o1' } },
    { ...practitioner, resourceType: 'Practitioner' },
    { resourceType: 'Organization', id: 'o1', partOf: { reference: 'Organization/o2' } },
    { resourceType: 'Organization', id: 'o2', partOf: { reference: 'Organization/o1' } },
    {
      resourceType: 'Encounter',
      id: 'e1',
      subject: { reference: 'Patient/p1' },
      serviceProvider: { reference: 'Organization/o2' },
    },
    {
      resourceType: 'Procedure',
      id: 'pc1',
      subject: { reference: 'Patient/p1' },
      encounter: { reference: 'Encounter/e1' },
    },
  ]);

  test.each<[string, string[]]>([
    ['_include=MedicationRequest:medication', ['m1']],
    ['_include=MedicationRequest:requester', ['pr1']],
    ['_include=MedicationRequest:requester:Organization', []],
    ['_include=*', ['e1', 'm1', 'p1', 'pr1']],
    ['_include=MedicationRequest:medication&_include=Medication:manufacturer', ['m1']],
    ['_include=MedicationRequest:medication&_include:iterate=Medication:manufacturer', ['m1', 'o1']],
    [
      '_include=MedicationRequest:medication&_include:iterate=Medication:manufacturer&_include:iterate=Organization:partof',
      ['m1', 'o1', 'o2'],
    ],
    [
      '_include=MedicationRequest:encounter&_include:iterate=Encounter:service-provider&_include:iterate=Organization:*',
      ['e1', 'o1', 'o2'],
    ],
    ['_include=MedicationRequest:encounter&_revinclude:iterate=Procedure:encounter', ['e1', 'pc1']],
  ])('%s', async (query, ids) => {
    const [match, ...included] = await idsOfSearch(hospital, 'MedicationRequest', query);
    expect([match, ...included.sort()]).toEqual(['mr1', ...ids]);
  });
});
