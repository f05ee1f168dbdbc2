// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'supertest';
import { AppError } from '../../gateway/src/errors';
import { LedgerError } from '../../gateway/src/ledger/ledgerError';
import type { EmergencyWithoutLedger, Recorder } from '../../gateway/src/recorder/recorder';
import { US_IDENTIFIER_SYSTEMS } from '../../gateway/src/compose/bootstrap';
import type { FhirResource } from '../../gateway/src/fhir/resource';
import { hospitalOf } from '../../gateway/src/fhir/sources/sampleHospital';
import { observation, patient, SSN } from '../gateway/fhir/fakeFhirServer';
import { createHospital, type Hospital } from '../gateway/hospital/hospitalFixture';

/**
 * She said "nobody, not even in an emergency" under her number. A writer at the source tries to bring her
 * data under another subject, or under none: the number marked as a former one, a second number beside it, a
 * link to another record.
 */
const NUMBER = { system: SSN, value: '999-61-3984' };
const FORMER = { ...NUMBER, use: 'old' };
const SECOND = { system: SSN, value: '999-22-2222' };
/** Of a system before the number's in the network's order. */
const EARLIER = { system: 'http://registry.example.org/insured', value: 'K 17' };
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
  [
    'merged, a former number of another system before hers',
    { identifier: [{ ...EARLIER, use: 'old' }, NUMBER], ...replacedBy('open') },
  ],
  [
    'the same, her number a former one too',
    { identifier: [{ ...EARLIER, use: 'old' }, FORMER], ...replacedBy('open') },
  ],
  [
    'two numbers that differ, and a former one of another system',
    { identifier: [{ ...EARLIER, use: 'old' }, NUMBER, SECOND] },
  ],
  [
    'two numbers of another system that differ beside hers',
    { identifier: [EARLIER, { ...EARLIER, value: 'K 18' }, NUMBER] },
  ],
  [
    'merged into a record with a former number of another system and hers',
    { identifier: [], ...replacedBy('closed-beside') },
  ],
  ['no number, merged into her who denies', { identifier: [], ...replacedBy('closed') }],
  ['no number, merged into her and another', { identifier: [], ...replacedBy('open', 'closed') }],
  ['no number, merged into her former record', { identifier: [], ...replacedBy('closed-old') }],
];
/**
 * Records in use: not merged, with one number that is certainly theirs. The own peer is asked about all the
 * others.
 */
const BESIDE: typeof ATTEMPTS = [
  ['a current number of an earlier system added beside hers', { identifier: [EARLIER, NUMBER] }],
  ['hers former, another current one of its system', { identifier: [FORMER, SECOND] }],
  ['hers former, a current one of an earlier system', { identifier: [FORMER, EARLIER] }],
  [
    'merged into a record with a current number of an earlier system and hers',
    { identifier: [], ...replacedBy('closed-second') },
  ],
];
const IN_USE = BESIDE.slice(0, 3);

const ID = (place: number): string => `her${String(place)}`;
let hospital: Hospital;

const openHospital = (more: Parameters<typeof createHospital>[0] = {}): Promise<Hospital> =>
  createHospital({
    upstream: hospitalOf(recordsOf()),
    settings: {
      identifierSystems: [{ system: EARLIER.system, aliases: [], form: 'text' }, ...US_IDENTIFIER_SYSTEMS],
    },
    ...more,
  });

beforeAll(async () => {
  hospital = await openHospital();
});

function recordsOf(): readonly FhirResource[] {
  return [
    ...ATTEMPTS.flatMap(([, more], place) => [
      patient(ID(place), '', more),
      observation(`of-${ID(place)}`, ID(place)),
    ]),
    patient('open', '999-11-1111'),
    patient('open2', '999-44-4444'),
    patient('closed', NUMBER.value),
    ...BESIDE.flatMap(([, more], place) => [
      patient(`beside${String(place)}`, '', more),
      observation(`of-beside${String(place)}`, `beside${String(place)}`),
    ]),
    patient('closed-second', '', { identifier: [EARLIER, NUMBER] }),
    patient('closed-beside', '', { identifier: [{ ...EARLIER, use: 'old' }, FORMER] }),
    patient('closed-old', '', { identifier: [FORMER] }),
    patient('nameless', '', { identifier: [] }),
  ];
}

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
const besides = (some: typeof ATTEMPTS): readonly (readonly [string, string])[] =>
  some.map(([name], place) => [name, `beside${String(place)}`]);

test.each([...PLACES, ...besides(BESIDE)])(
  '%s: without a denial an emergency is given all of it',
  async (_name, id) => {
    hospital.recorder.permitWhere(() => true);
    for (const path of pathsTo(id)) {
      expect((await inEmergency(path)).status).toBe(200);
    }
  },
);

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

test.each(besides(BESIDE))('%s: an emergency is given nothing', async (_name, id) => {
  await denyUnderHerNumber();
  for (const path of pathsTo(id)) {
    expect((await inEmergency(path)).status).toBe(404);
  }
  expect((await inEmergency(`Observation?patient=${id}`)).text).not.toContain(`of-${id}`);
  for (const { items } of hospital.recorder.requests) {
    expect(items.filter(({ count }) => count > 0)).toEqual([]);
  }
});

test.each(besides(IN_USE))(
  '%s: known residue, an ordinary request goes by the first number alone',
  async (_name, id) => {
    await denyUnderHerNumber();
    expect((await hospital.get(`Observation/of-${id}`)).status).toBe(200);
  },
);

describe('while the own peer is silent', () => {
  const silent = (): never => {
    throw new AppError('LEDGER_UNAVAILABLE', 'the own peer gave no answer');
  };
  const refused = (): never => {
    throw new AppError('LEDGER_UNAVAILABLE', 'the ledger refused the batch', {
      cause: new LedgerError('rejected', 'her consent cannot be read', { domainCode: 'CORRUPT' }),
    });
  };
  const ask = async (
    choice: EmergencyWithoutLedger,
    id: string,
    evaluate: () => never,
  ): Promise<number[]> => {
    const { recorder } = await openHospital();
    const own = await openHospital({
      emergencyWithoutLedger: choice,
      ownRecorder: new Proxy(recorder, {
        get: (target, name) => (name === 'evaluate' ? evaluate : Reflect.get(target, name)) as unknown,
      }) as unknown as Recorder,
    });
    const answers = await Promise.all(
      pathsTo(id).map((path) =>
        own.get(path, { purpose: 'BTG' }, { 'break-glass-reason': 'unconscious after a fall' }),
      ),
    );
    return answers.map(({ status }) => status);
  };

  test.each(besides(IN_USE))('%s: the deployment decides', async (_name, id) => {
    expect(await ask('release', id, silent)).toEqual([200, 200, 200]);
    expect(await ask('refuse', id, silent)).toEqual([503, 503, 503]);
  });

  test.each(besides(IN_USE))('%s: a refusal of the own peer is an answer', async (_name, id) => {
    expect(await ask('release', id, refused)).toEqual([503, 503, 503]);
  });

  test('a merged record, or one whose number is not certain, stays shut whatever the deployment says', async () => {
    for (const place of [1, 2, 4]) {
      expect(await ask('release', ID(place), silent)).toEqual([503, 503, 503]);
    }
  });

  test('a record with one number opens as ever', async () => {
    expect(await ask('refuse', ID(0), silent)).toEqual([200, 200, 200]);
  });
});
