// SPDX-License-Identifier: Apache-2.0
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { observation, patient } from '../gateway/fhir/fakeFhirServer';
import { createHospital } from '../gateway/hospital/hospitalFixture';
import { idsOf, KIB, MIB } from '../gateway/hospital/support/fullMemory';
import { pagedSource } from '../gateway/hospital/support/pagedSource';

// Each resource on a page refers to another Practitioner with a photo, and these stand on other pages: read
// one by one, they have no bound but that of a single one.

jest.setTimeout(60_000);

const doctor = (number: number, bytes: number): FhirResource => ({
  resourceType: 'Practitioner',
  id: `d${String(number)}`,
  photo: [{ data: 'A'.repeat(bytes) }],
});

async function ask(
  count: number,
  bytes: (number: number) => number,
  kind: 'ordinary' | 'emergency' = 'ordinary',
): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof createHospital>>['get']>>> {
  const { upstream } = pagedSource([
    patient('p', '111'),
    ...Array.from({ length: count }, (_value, number) =>
      observation(`o${String(number)}`, 'p', {
        performer: [{ reference: `Practitioner/d${String(number)}` }],
      }),
    ),
    // So that the Practitioners stand on another page; the Patient is one of the resources on the first.
    ...Array.from({ length: 30 }, (_value, number) => observation(`z${String(number)}`, 'p')),
    ...Array.from({ length: count }, (_value, number) => doctor(number, bytes(number))),
  ]);
  const limits = { answerBytes: 2 * MIB, memoryBytes: 107 * MIB };
  const hospital = await createHospital({ upstream, settings: { limits } });
  const path = `Patient/p/$everything?_count=${String(count)}`;
  return kind === 'ordinary'
    ? hospital.get(path)
    : hospital.get(path, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious, no allergy list' });
}

const doctorsIn = (ids: readonly string[]): string[] => ids.filter((id) => /^d\d/.test(id));

test.each(['ordinary', 'emergency'] as const)(
  '%s: many small photos together keep to the bound of one answer',
  async (kind) => {
    const answer = await ask(60, () => 200 * KIB, kind);
    expect(answer.status).toBe(200);
    expect(answer.text.length).toBeLessThan(2.2 * MIB);
    expect(doctorsIn(idsOf(answer))).toHaveLength(10);
  },
);

test('single large ones are left out, the others are given, by their order and not by which comes first', async () => {
  const answer = await ask(20, (number) => (number % 4 === 0 ? 3 * MIB : 10 * KIB));
  expect(doctorsIn(idsOf(answer))).toHaveLength(14);
  expect(answer.text.length).toBeLessThan(2 * MIB);
});

test('twin: what is small comes all', async () => {
  expect(doctorsIn(idsOf(await ask(60, () => KIB)))).toHaveLength(59);
});
