// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../gateway/src/errors';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { label, observation, patient } from '../gateway/fhir/fakeFhirServer';
import { bundleOf, createHospital, type Hospital } from '../gateway/hospital/hospitalFixture';
import {
  type Answer,
  EMERGENCY,
  idsOf,
  KIB,
  MIB,
  nextOf,
  sorted,
} from '../gateway/hospital/support/fullMemory';
import { pagedSource, type PagedSourceOptions } from '../gateway/hospital/support/pagedSource';

// An answer is put together from many answers of the source: pages, rounds, what comes beside. Each within
// its own bound would be too much together.

jest.setTimeout(60_000);

const LIMITS = { answerBytes: 2 * MIB, memoryBytes: 107 * MIB };
/** Names, links and the Bundle about what is given. */
const SLACK = 128 * KIB;

async function before(records: readonly FhirResource[], options: PagedSourceOptions = {}): Promise<Hospital> {
  const { upstream } = pagedSource(records, options);
  return createHospital({ upstream, settings: { limits: LIMITS } });
}

const sized = (id: string, bytes: number, more = {}): FhirResource =>
  observation(id, 'p', { note: [{ text: 'x'.repeat(bytes) }], ...more });
const encounter = (id: string, bytes: number, more = {}): FhirResource => ({
  resourceType: 'Encounter',
  id,
  subject: { reference: 'Patient/p' },
  text: { div: 'x'.repeat(bytes) },
  ...more,
});

/** Each page keeps to the bound. @returns what all of them give, as matches and beside them. */
async function pagesOf(
  get: (path: string) => Promise<Answer>,
  path: string,
): Promise<{ matches: string[]; besides: string[]; pages: number }> {
  const all = { matches: [] as string[], besides: [] as string[], pages: 0 };
  for (let next: string | undefined = path; next !== undefined;) {
    const answer: Answer = await get(next);
    expect(answer.status).toBe(200);
    expect(answer.text.length).toBeLessThan(LIMITS.answerBytes + SLACK);
    for (const { resource, search } of bundleOf(answer).entry ?? []) {
      (search.mode === 'match' ? all.matches : all.besides).push(resource.id);
    }
    all.pages += 1;
    next = nextOf(answer);
  }
  return all;
}

test.each([30, 300, 1_200])(
  'rounds of a page, resources of %i KiB: together within the bound, nothing is lost',
  async (kib) => {
    const count = Math.ceil((6 * 1024) / kib);
    const chart = Array.from({ length: count }, (_value, number) =>
      sized(`o${String(number)}`, kib * KIB, number % 3 === 1 ? label('PSY') : {}),
    );
    const hospital = await before([patient('p', '111'), ...chart]);
    hospital.recorder.permitWhere(({ labels }) => !labels.includes('PSY'));
    hospital.recorder.evaluate = () =>
      Promise.reject(new AppError('LEDGER_UNAVAILABLE', 'the own peer gave no answer'));
    const { matches, pages } = await pagesOf(
      (path) => hospital.get(path, { purpose: 'BTG' }, EMERGENCY),
      'Observation?patient=p&_count=500',
    );
    expect(sorted(matches)).toEqual(
      sorted(chart.flatMap(({ id, meta }) => (meta === undefined ? [id ?? ''] : []))),
    );
    expect(pages).toBeGreaterThan(1);
  },
);

describe('what stands beside the matches on the source’s own pages', () => {
  const encounters = Array.from({ length: 20 }, (_value, number) =>
    encounter(`e${String(number)}`, 200 * KIB),
  );
  const chart = encounters.map(({ id = '' }, number) =>
    sized(`o${String(number)}`, KIB, { encounter: { reference: `Encounter/${id}` } }),
  );

  test('keeps to the bound, and comes with what leads to it', async () => {
    const hospital = await before([patient('p', '111'), ...chart, ...encounters]);
    const found = await pagesOf(
      (path) => hospital.get(path),
      'Observation?patient=p&_include=Observation:encounter',
    );
    expect(found.matches).toHaveLength(20);
    expect(sorted(found.besides)).toEqual(sorted(encounters.map(({ id }) => id ?? '')));
    expect(found.pages).toBe(2);
  });

  test('withheld, it takes no room from what is given', async () => {
    const closed = encounters.map((one) => ({ ...one, ...label('PSY') }));
    const hospital = await before([patient('p', '111'), ...chart, ...closed]);
    hospital.recorder.permitWhere(({ labels }) => !labels.includes('PSY'));
    const path = 'Observation?patient=p&_include=Observation:encounter';
    expect(await pagesOf((asked) => hospital.get(asked), path)).toEqual({
      matches: chart.map(({ id }) => id),
      besides: [],
      pages: 1,
    });
  });

  test('beside a first match alone, what has no room is left out', async () => {
    const hospital = await before([
      patient('p', '111'),
      sized('o0', KIB, {
        encounter: { reference: 'Encounter/large' },
        performer: [{ reference: 'Encounter/e1' }],
      }),
      encounter('large', 3 * MIB),
      encounter('e1', KIB),
    ]);
    const found = await pagesOf((path) => hospital.get(path), 'Observation?patient=p&_include=*');
    expect([found.matches, found.besides.filter((id) => id !== 'p')]).toEqual([['o0'], ['e1']]);
  });

  test('$everything: directories on the pages of a long chart do too, those that only withheld data lead to as well', async () => {
    const doctors = Array.from({ length: 30 }, (_value, number) => ({
      resourceType: 'Practitioner',
      id: `d${String(number)}`,
      photo: [{ data: 'A'.repeat(200 * KIB) }],
    }));
    const led = doctors.map(({ id }, number) =>
      sized(`o${String(number)}`, KIB, {
        performer: [{ reference: `Practitioner/${id}` }],
        ...(number % 2 === 1 ? label('PSY') : {}),
      }),
    );
    // A page of the source holds each of them with its doctor.
    const hospital = await before([
      patient('p', '111'),
      ...led.flatMap((one, number) => [one, doctors[number] ?? one]),
    ]);
    hospital.recorder.permitWhere(({ labels }) => !labels.includes('PSY'));
    const found = await pagesOf((path) => hospital.get(path), 'Patient/p/$everything');
    expect(sorted(found.matches)).toEqual(
      sorted(['p', ...led.flatMap(({ id, meta }) => (meta === undefined ? [id ?? ''] : []))]),
    );
    expect(found.besides.every((id) => Number(id.slice(1)) % 2 === 0)).toBe(true);
  });
});

describe('whom a request is about', () => {
  const photo = (id: string, ssn: string, bytes: number, more = {}): FhirResource => ({
    ...patient(id, ssn),
    photo: [{ data: 'A'.repeat(bytes) }],
    ...more,
  });

  test('an identifier of many records, on several pages: all are found, page by page', async () => {
    const records = Array.from({ length: 30 }, (_value, number) =>
      photo(`p${String(number)}`, '111-22-3333', 200 * KIB),
    );
    const hospital = await before(records, { maxCount: 7 });
    const found = await pagesOf(
      (path) => hospital.get(path),
      'Patient?identifier=http://hl7.org/fhir/sid/us-ssn|111-22-3333',
    );
    expect(sorted(found.matches)).toEqual(sorted(records.map(({ id }) => id ?? '')));
    expect(found.pages).toBeGreaterThan(2);
  });

  test('ten linked records with photos: each is told to be the same person', async () => {
    const links = Array.from({ length: 10 }, (_value, number) => ({
      other: { reference: `Patient/l${String(number)}` },
      type: 'seealso',
    }));
    const linked = links.map((_link, number) => photo(`l${String(number)}`, '111', 300 * KIB));
    const hospital = await before([photo('p', '111', KIB, { link: links }), ...linked]);
    const answer = await hospital.get('Patient/p');
    expect((JSON.parse(answer.text) as { link: unknown[] }).link).toEqual(links);
  });

  test('whose number does not tell its century keeps her birth date, however large her record is', async () => {
    const number = { system: 'http://electronichealth.se/identifier/personnummer', value: '121212-1212' };
    const record = { ...photo('p', '111', 3 * MIB), identifier: [number], birthDate: '1912-12-12' };
    const { upstream } = pagedSource([record, observation('o', 'p')], { maxBytes: 2 * MIB });
    const hospital = await createHospital({
      upstream,
      settings: {
        limits: LIMITS,
        identifierSystems: [{ system: number.system, form: 'se-personnummer', aliases: [] }],
      },
    });
    const small = { ...record, photo: [] };
    const twin = await createHospital({
      upstream: pagedSource([small, observation('o', 'p')]).upstream,
      settings: {
        limits: LIMITS,
        identifierSystems: [{ system: number.system, form: 'se-personnummer', aliases: [] }],
      },
    });
    const subjects = await Promise.all(
      [hospital, twin].map(async ({ get, recorder }) => {
        expect((await get('Observation/o')).status).toBe(200);
        return recorder.requests.map(({ subject }) => subject);
      }),
    );
    expect(subjects[0]).toEqual(subjects[1]);
  });
});

test('twin: within the bound, all of it comes at once', async () => {
  const hospital = await before([
    patient('p', '111'),
    ...Array.from({ length: 20 }, (_value, number) => sized(`o${String(number)}`, 50 * KIB)),
  ]);
  const answer = await hospital.get('Observation?patient=p');
  expect([idsOf(answer).length, bundleOf(answer).total]).toEqual([20, 20]);
});
