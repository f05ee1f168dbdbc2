// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { label, patient } from '../gateway/fhir/fakeFhirServer';
import {
  type Answer,
  type Full,
  idsOf,
  KIB,
  type Kind,
  MIB,
  nextOf,
  open,
  type Opened,
  sized,
  sorted,
  visible,
} from '../gateway/hospital/support/fullMemory';

// One large resource among many small ones, while the asker holds the place that it needs: were the rest
// asked for one by one, the deadline would refuse a denied chart where an absent one is 404, and keep a
// permitted one away.

// Megabytes are made, written and compared.
jest.setTimeout(60_000);

const small = (count: number, name = 'o'): readonly FhirResource[] =>
  Array.from({ length: count }, (_value, number) => sized(`${name}${String(number).padStart(4, '0')}`, 500));
const large = (id: string, more = {}): FhirResource => sized(id, 5 * MIB, more);
const PSY = label('PSY');
/** At the beginning, far in, and several. */
const CHARTS: Readonly<Record<string, readonly FhirResource[]>> = {
  'near its beginning': [...small(1, 'a'), large('large', PSY), ...small(1_500)],
  'far in': [...small(1_100, 'a'), large('large', PSY), ...small(400)],
  'several together': [
    ...small(1, 'a'),
    ...Array.from({ length: 5 }, (_value, number) => sized(`large${String(number)}`, 300 * KIB, PSY)),
    ...small(1_500),
  ],
};
const PATHS = [
  'Patient/p/$everything',
  'Observation?patient=p&_count=500',
  'Observation?patient=p&_count=10',
  'Observation?patient=p&_include=Observation:subject',
];
const fullOf = (chart: string): Full => (chart === 'several together' ? 'large and middle' : 'large');
const isSmall = ({ id = '' }: FhirResource): boolean => !id.startsWith('large');
const cases = Object.keys(CHARTS).flatMap((chart) =>
  PATHS.flatMap((path) => (['ordinary', 'emergency'] as const).map((kind) => [chart, path, kind] as const)),
);

/** Questions to the source for one answer. */
async function asked({ get, calls }: Opened, path: string, kind: Kind): Promise<[Answer, number]> {
  calls.length = 0;
  const answer = await get(path, kind);
  return [answer, calls.length];
}

test.each(cases)(
  'large %s, %s, %s: denied looks absent, for a few questions more than a small chart',
  async (name, path, kind) => {
    const chart = CHARTS[name] ?? [];
    const denied = await open([patient('p', '111'), ...chart], () => false);
    const twin = await open([patient('p', '111'), ...chart.filter(isSmall)], () => false);
    const absent = await open([]);
    for (const one of [denied, twin, absent]) {
      await one.fill(fullOf(name), kind);
    }
    const [one, questions] = await asked(denied, path, kind);
    const [, usual] = await asked(twin, path, kind);
    expect(visible(one)).toEqual(visible(await absent.get(path, kind)));
    expect(questions).toBeLessThan(usual + 80);
    for (const { free } of [denied, twin, absent]) {
      await free();
    }
  },
);

test.each(cases)(
  'large %s, %s, %s: all else is given, page by page, as if the large ones were not there',
  async (name, path, kind) => {
    const chart = [patient('p', '111'), ...(CHARTS[name] ?? [])];
    const withheld = await open(chart, ({ labels }) => !labels.includes('PSY'));
    const lacking = await open(chart.filter(isSmall));
    await withheld.fill(fullOf(name), kind);
    await lacking.fill(fullOf(name), kind);
    let [here, there]: (string | undefined)[] = [path, path];
    const seen: string[] = [];
    let [questions, usual, pages] = [0, 0, 0];
    while (here !== undefined && there !== undefined && pages < 20) {
      const [one, more] = await asked(withheld, here, kind);
      const [other, few] = await asked(lacking, there, kind);
      expect(visible(one)).toEqual(visible(other));
      seen.push(...idsOf(one));
      questions += more;
      usual += few;
      pages += 1;
      [here, there] = [nextOf(one), nextOf(other)];
    }
    expect(questions).toBeLessThan(2 * usual + 80);
    if (pages < 20) {
      const wanted = chart.filter((one) => isSmall(one) && (one.id !== 'p' || path.startsWith('Patient')));
      expect(sorted(seen.filter((id) => id !== 'p' || path.startsWith('Patient')))).toEqual(
        sorted(wanted.map(({ id }) => id ?? '')),
      );
    }
    await withheld.free();
    await lacking.free();
  },
);

test('a chart that is large everywhere is read in pages that find room, as before', async () => {
  const chart = Array.from({ length: 400 }, (_value, number) => sized(`o${String(number)}`, 30 * KIB));
  const { get, fill, free, calls } = await open([patient('p', '111'), ...chart]);
  await fill('large', 'ordinary');
  const seen: string[] = [];
  calls.length = 0;
  for (let path: string | undefined = 'Patient/p/$everything'; path !== undefined;) {
    const answer: Answer = await get(path);
    seen.push(...idsOf(answer));
    path = nextOf(answer);
  }
  expect(sorted(seen)).toEqual(sorted(['p', ...chart.map(({ id }) => id ?? '')]));
  expect(calls.length).toBeLessThan(60);
  await free();
});
