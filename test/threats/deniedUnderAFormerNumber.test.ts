// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'supertest';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { hospitalOf } from '../../gateway/src/fhir/sampleHospital';
import { observation, patient, SSN } from '../gateway/fhir/fakeFhirServer';
import { createHospital, type Hospital } from '../gateway/hospital/hospitalFixture';

/**
 * She said "nobody, not even in an emergency" under her number. Whoever writes at the source tries to bring her data under another subject,
 * or under none: the number marked as a former one, a second number beside it, a link to another record.
 */
const NUMBER = { system: SSN, value: '999-61-3984' };
const FORMER = { ...NUMBER, use: 'old' };
const SECOND = { system: SSN, value: '999-22-2222' };
const replacedBy = (...ids: string[]): Record<string, unknown> => ({
  link: ids.map((id) => ({ other: { reference: `Patient/${id}` }, type: 'replaced-by' })),
});

const ATTEMPTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['as it was', { identifier: [NUMBER] }],
  ['the number is a former one', { identifier: [FORMER] }],
  ['a second number beside it', { identifier: [NUMBER, SECOND] }],
  [
    'a former number and two current ones',
    { identifier: [FORMER, SECOND, { ...SECOND, value: '999-33-3333' }] },
  ],
  ['merged into somebody who permits', { identifier: [NUMBER], ...replacedBy('open') }],
  ['the same with a former number', { identifier: [FORMER], ...replacedBy('open') }],
  ['merged into two', { identifier: [FORMER], ...replacedBy('open', 'open2') }],
  ['merged into nobody', { identifier: [FORMER], ...replacedBy('gone') }],
  ['merged into itself', { identifier: [FORMER], ...replacedBy('her8') }],
  ['merged into one whom no identifier names', { identifier: [FORMER], ...replacedBy('nameless') }],
  ['no number, merged into her who denies', { identifier: [], ...replacedBy('closed') }],
  ['no number, merged into her and another', { identifier: [], ...replacedBy('open', 'closed') }],
  ['no number, merged into her former record', { identifier: [], ...replacedBy('closed-old') }],
];

const ID = (place: number): string => `her${String(place)}`;
let hospital: Hospital;

beforeAll(async () => {
  const records: FhirResource[] = [
    ...ATTEMPTS.flatMap(([, more], place) => [
      patient(ID(place), '', more),
      observation(`of-${ID(place)}`, ID(place)),
    ]),
    patient('open', '999-11-1111'),
    patient('open2', '999-44-4444'),
    patient('closed', NUMBER.value),
    patient('closed-old', '', { identifier: [FORMER] }),
    patient('nameless', '', { identifier: [] }),
  ];
  hospital = await createHospital({ upstream: hospitalOf(records) });
});

/** Her number's consent denies everything, every other one permits everything. */
async function denyUnderHerNumber(): Promise<void> {
  hospital.recorder.permitWhere(() => true);
  await hospital.get('Patient/closed');
  const denied = hospital.recorder.requests.pop()?.subject;
  hospital.recorder.requests.length = 0;
  hospital.recorder.decide = (access) => ({
    permitted: access.items.map(() => access.subject !== denied),
    late: false,
  });
}

function inEmergency(path: string): Promise<Response> {
  return hospital.get(path, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious after a fall' });
}

const pathsTo = (id: string): readonly string[] => [
  `Patient/${id}`,
  `Observation/of-${id}`,
  `Patient/${id}/$everything`,
];
const PLACES = ATTEMPTS.map(([name], place) => [name, ID(place)] as const);

test.each(PLACES)('%s: without a denial an emergency is given all of it', async (_name, id) => {
  hospital.recorder.permitWhere(() => true);
  for (const path of pathsTo(id)) {
    expect((await inEmergency(path)).status).toBe(200);
  }
});

test.each(PLACES)('%s: nothing leaves, and no entry says so', async (_name, id) => {
  await denyUnderHerNumber();
  for (const path of pathsTo(id)) {
    expect((await inEmergency(path)).status).toBe(404);
    expect((await hospital.get(path)).status).toBe(404);
  }
  const found = await inEmergency(`Observation?patient=${id}`);
  expect(found.text).not.toContain(`of-${id}`);
  for (const access of hospital.recorder.requests) {
    const { permitted } = await hospital.recorder.decide(access);
    const given = access.items.filter((item, place) => permitted[place] === true && item.count > 0);
    expect(given).toEqual([]);
  }
});
