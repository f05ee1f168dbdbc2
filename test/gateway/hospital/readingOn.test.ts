// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../../gateway/src/fhir/resource';
import { label, observation, patient } from '../fhir/fakeFhirServer';
import { bundleOf, createHospital, FHIR } from './hospitalFixture';
import { pagedSource } from './support/pagedSource';

/** A chart of Observations in this order; withheld ones are labelled. */
function chartOf(size: number, isWithheld: (number: number) => boolean): readonly FhirResource[] {
  return [
    patient('p', '111'),
    ...Array.from({ length: size }, (_value, number) =>
      observation(`o-${String(number).padStart(5, '0')}`, 'p', isWithheld(number) ? label('PSY') : {}),
    ),
  ];
}

interface Walked {
  /** Ids given, page by page. */
  readonly pages: readonly (readonly string[])[];
  /** Searches and further pages asked of the source, for each page. */
  readonly asked: readonly number[];
  /** Matches that the source was asked for, for each page. */
  readonly matches: readonly number[];
}

async function walk(records: readonly FhirResource[], path: string, maxPages = Infinity): Promise<Walked> {
  const { upstream, calls } = pagedSource(records);
  const hospital = await createHospital({ upstream });
  hospital.recorder.permitWhere(({ labels }) => labels.length === 0);
  const walked = { pages: [] as string[][], asked: [] as number[], matches: [] as number[] };
  for (let next: string | undefined = path; next !== undefined && walked.pages.length < maxPages;) {
    calls.length = 0;
    const bundle = bundleOf(await hospital.get(next));
    const searches = calls.filter((call) => call.includes('?'));
    walked.pages.push((bundle.entry ?? []).map(({ resource }) => resource.id));
    walked.asked.push(searches.length);
    walked.matches.push(searches.reduce((sum, call) => sum + Number(/_count=(\d+)/.exec(call)?.[1] ?? 0), 0));
    next = bundle.link.find(({ relation }) => relation === 'next')?.url.slice(FHIR.length + 1);
  }
  return walked;
}

test.each([1, 2, 10, 50])(
  'of a page of %i, one withheld match is not seen in what the source is asked',
  async (count) => {
    const path = `Observation?patient=p&_count=${String(count)}`;
    for (const place of [0, Math.floor(count / 2), count]) {
      const [withheld, twin] = await Promise.all([
        walk(
          chartOf(301, (number) => number === place),
          path,
          1,
        ),
        walk(
          chartOf(300, () => false),
          path,
          1,
        ),
      ]);
      expect({ ...withheld, pages: withheld.pages.map(({ length }) => length) }).toEqual({
        ...twin,
        pages: twin.pages.map(({ length }) => length),
      });
      expect(withheld.asked).toEqual([1]);
    }
  },
);

test('where a few more are withheld, one more page as small as the first is asked for', async () => {
  const walked = await walk(
    chartOf(300, (number) => number % 3 === 0),
    'Observation?patient=p&_count=10',
    3,
  );
  expect(walked.pages.map(({ length }) => length)).toEqual([10, 10, 10]);
  expect(walked.asked[0]).toBe(2);
  expect(Math.max(...walked.matches)).toBeLessThanOrEqual(3 * 13);
});

test('where nearly all are withheld, pages grow, and little is read twice', async () => {
  const walked = await walk(
    chartOf(5_000, (number) => number < 4_999),
    'Observation?patient=p&_count=10',
  );
  expect(walked.pages).toEqual([['o-04999']]);
  expect(walked.asked[0]).toBeLessThan(40);
  expect(walked.matches[0]).toBeLessThan(6_000);
});

test('an empty page never has a next link, and all that is permitted is found, however far apart', async () => {
  for (const every of [1, 7, 30, 200]) {
    const isWithheld = (number: number): boolean => number % every !== 0;
    const walked = await walk(chartOf(300, isWithheld), 'Observation?patient=p&_count=12');
    expect(walked.pages.flat()).toHaveLength(Math.ceil(300 / every));
    expect(new Set(walked.pages.flat()).size).toBe(Math.ceil(300 / every));
    expect(walked.pages.every(({ length }) => length > 0)).toBe(true);
  }
  const none = await walk(
    chartOf(300, () => true),
    'Observation?patient=p&_count=3',
  );
  expect(none.pages).toEqual([[]]);
});
