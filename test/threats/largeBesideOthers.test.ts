// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { label, observation, patient } from '../gateway/fhir/fakeFhirServer';
import { bundleOf, createHospital, FHIR } from '../gateway/hospital/hospitalFixture';
import { idsOf, KIB, MIB } from '../gateway/hospital/support/fullMemory';
import { pagedSource } from '../gateway/hospital/support/pagedSource';

// A withheld resource that is larger than an answer of the source: a search with `_include` must not show it,
// neither by what its self link lacks, nor by what no longer comes beside the others.

jest.setTimeout(60_000);

const large = (more: object = label('PSY')): FhirResource =>
  observation('big', 'p', { note: [{ text: 'x'.repeat(3 * MIB) }], ...more });
const others = [patient('p', '111'), observation('a', 'p'), observation('b', 'p')];
const REASON = { 'break-glass-reason': 'unconscious, no allergy list' };

async function ask(
  chart: readonly FhirResource[],
  isOpen: (labels: readonly string[]) => boolean,
  kind: string,
  path: string,
  source: { readonly maxCount?: number } = {},
): Promise<{ readonly self: string; readonly ids: readonly string[]; readonly total: number | undefined }> {
  const hospital = await createHospital({
    upstream: pagedSource(chart, { maxBytes: 2 * MIB, ...source }).upstream,
  });
  hospital.recorder.permitWhere(({ labels }) => isOpen(labels));
  const answer = await hospital.get(path, { purpose: kind }, kind === 'BTG' ? REASON : {});
  const { link, total } = bundleOf(answer);
  const self = link.find(({ relation }) => relation === 'self')?.url ?? '';
  return { self, ids: [...idsOf(answer)].sort(), total };
}

const KINDS = ['TREAT', 'BTG'] as const;
const PATHS = [
  'Observation?patient=p&_include=Observation:subject',
  'Observation?patient=p&_include=Observation:subject&_count=1',
];
const CASES = KINDS.flatMap((kind) => PATHS.map((path) => [kind, path] as const));

test.each(CASES)('%s %s: a closed chart with one is like nobody', async (kind, path) => {
  const closed = await ask([large(), ...others], () => false, kind, path);
  expect(closed).toEqual(await ask([], () => false, kind, path));
  expect(closed.self).toContain('_include=');
});

test.each(CASES)('%s %s: with one withheld as without', async (kind, path) => {
  const withOne = await ask([others[0] ?? large(), large(), ...others.slice(1)], isUnlabelled, kind, path);
  const without = await ask(others, isUnlabelled, kind, path);
  // In an emergency the answer says that it is not whole, so it has no total.
  expect(withOne).toEqual(kind === 'BTG' ? { ...without, total: undefined } : without);
  expect(withOne.ids).toContain('p');
  expect(withOne.self).toContain('_include=');
});

const ENCOUNTER = 'Observation?patient=p&_include=Observation:encounter';
const encounter = (id: string, bytes = 100, more: object = {}): FhirResource => ({
  resourceType: 'Encounter',
  id,
  subject: { reference: 'Patient/p' },
  text: { div: 'x'.repeat(bytes) },
  ...more,
});
const of = (id: string, encounterId: string, more: object = {}): FhirResource =>
  observation(id, 'p', { encounter: { reference: `Encounter/${encounterId}` }, ...more });
const isUnlabelled = (labels: readonly string[]): boolean => labels.length === 0;

test.each([1, 2, 3])('a source that gives %i matches a page at most', async (maxCount) => {
  const chart = [1, 2, 3, 4].flatMap((number) => [
    of(`a${String(number)}`, `e${String(number)}`),
    encounter(`e${String(number)}`),
  ]);
  const without = await ask([...others, ...chart], isUnlabelled, 'TREAT', ENCOUNTER, { maxCount });
  expect(await ask([large(), ...others, ...chart], isUnlabelled, 'TREAT', ENCOUNTER, { maxCount })).toEqual(
    without,
  );
  expect(without.ids).toEqual(expect.arrayContaining(['e1', 'e2', 'e3', 'e4']));
});

test('a large one beside a given match', async () => {
  const path = `${ENCOUNTER}&_include=Observation:subject`;
  const chart = [...others, of('c', 'e')];
  const none = await ask(chart, isUnlabelled, 'TREAT', path);
  for (const bytes of [100, 3 * MIB]) {
    const withheld = encounter('e', bytes, label('PSY'));
    expect(await ask([...chart, withheld], isUnlabelled, 'TREAT', path)).toEqual(none);
  }
  expect(none.ids).toContain('p');
});

test.each([3 * MIB, 1.9 * MIB, MIB])('the next pages, behind one of %d bytes', async (bytes) => {
  const chart = [patient('p', '111'), of('a', 'e'), of('b', 'e'), of('c', 'e'), encounter('e', 200 * KIB)];
  const withheld = of('0', 'e', { note: [{ text: 'x'.repeat(bytes) }], ...label('PSY') });
  const pagesOf = async (records: readonly FhirResource[]): Promise<readonly string[]> => {
    const hospital = await createHospital({ upstream: pagedSource(records, { maxBytes: 2 * MIB }).upstream });
    hospital.recorder.permitWhere(({ labels }) => labels.length === 0);
    const pages: string[] = [];
    for (let path: string | undefined = `${ENCOUNTER}&_count=1`; path !== undefined && pages.length < 9;) {
      const answer = await hospital.get(path);
      pages.push(idsOf(answer).join());
      const next = bundleOf(answer).link.find(({ relation }) => relation === 'next');
      path = next?.url.slice(FHIR.length + 1);
    }
    return pages;
  };
  expect(await pagesOf([withheld, ...chart])).toEqual(['a,e', 'b,e', 'c,e']);
});

test('what a source does not apply does not look applied, with or without one', async () => {
  const path = 'Observation?patient=p&_include=Observation:subject';
  for (const chart of [others, [large(), ...others]]) {
    const { upstream } = pagedSource(chart, { maxBytes: 2 * MIB, ignores: ['_include'] });
    const hospital = await createHospital({ upstream });
    hospital.recorder.permitWhere(({ labels }) => labels.length === 0);
    const answer = bundleOf(await hospital.get(path));
    expect(answer.link[0]?.url).not.toContain('_include');
  }
});
