// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { label, observation, patient } from '../gateway/fhir/fakeFhirServer';
import { createHospital } from '../gateway/hospital/hospitalFixture';
import { idsOf, KIB, MIB, open, sized } from '../gateway/hospital/support/fullMemory';
import { pagedSource } from '../gateway/hospital/support/pagedSource';

// What has no room beside a given match does not come because a withheld match leads to it as well: the bound
// of an answer would be passed, and who asks would learn what the withheld one belongs to.

jest.setTimeout(60_000);

const encounter: FhirResource = {
  resourceType: 'Encounter',
  id: 'e',
  subject: { reference: 'Patient/p' },
  text: { div: 'x'.repeat(900 * KIB) },
};
const of = (id: string, bytes: number, more: object = {}): FhirResource =>
  observation(id, 'p', {
    note: [{ text: 'x'.repeat(bytes) }],
    encounter: { reference: 'Encounter/e' },
    ...more,
  });

async function ask(
  isWithheldThere: boolean,
  count: string,
  kind: 'TREAT' | 'BTG',
): Promise<readonly string[]> {
  const records = [
    patient('p', '111'),
    encounter,
    of('a', 900 * KIB),
    ...(isWithheldThere ? [of('psy', 100, label('PSY'))] : []),
  ];
  const { upstream } = pagedSource(records, { maxBytes: 4 * MIB, maxCount: 1 });
  const hospital = await createHospital({ upstream, settings: { limits: { answerBytes: MIB } } });
  hospital.recorder.permitWhere(({ labels }) => labels.length === 0);
  const headers = kind === 'BTG' ? { 'break-glass-reason': 'unconscious, no allergy list' } : {};
  const path = `Observation?patient=p&_include=Observation:encounter${count}`;
  return idsOf(await hospital.get(path, { purpose: kind }, headers));
}

test.each([
  ['TREAT', ''],
  ['TREAT', '&_count=1'],
  ['BTG', ''],
] as const)('%s, %p: the same with and without one', async (kind, count) => {
  expect(await ask(false, count, kind)).toEqual(['a']);
  expect(await ask(true, count, kind)).toEqual(['a']);
});

test.each([
  ['before it', 0],
  ['behind it', 1],
])('while memory is full, with the withheld one %s', async (_where, place) => {
  const refers = { encounter: { reference: 'Encounter/e' } };
  const others = [{ ...encounter, text: { div: 'x'.repeat(200 * KIB) } }, patient('p', '111')];
  const given = [sized('m', 150 * KIB, refers)];
  const withheld = sized(place === 0 ? 'a' : 'z', 100, { ...refers, ...label('PSY') });
  for (const chart of [given, place === 0 ? [withheld, ...given] : [...given, withheld]]) {
    const isOpen = ({ labels }: { labels: readonly string[] }): boolean => !labels.includes('PSY');
    const hospital = await open([...others, ...chart], isOpen, { maxCount: 1 });
    await hospital.fill('large and middle', 'ordinary');
    const answer = await hospital.get('Observation?patient=p&_include=Observation:encounter');
    await hospital.free();
    expect(idsOf(answer)).toEqual(['m']);
  }
});
