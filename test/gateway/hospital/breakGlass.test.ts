// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../../../gateway/src/errors';
import { observation, patient } from '../fhir/fakeFhirServer';
import {
  type Bundle,
  bundleOf,
  createHospital,
  type Hospital,
  outcomeCode,
  patientId,
} from './hospitalFixture';
import { pagedSource } from './support/pagedSource';

let hospital: Hospital;
let liz: string;
beforeEach(async () => {
  hospital = await createHospital();
  liz = patientId(hospital, 'Conn');
});

const NOBODY = { subject_id: undefined, subject_name: undefined, subject_role: undefined };

test.each([
  ['BTG', 'unconscious, no allergy list at hand', 'unconscious, no allergy list at hand'],
  ['ETREAT', encodeURIComponent('Bewußtlos, Notaufnahme'), 'Bewußtlos, Notaufnahme'],
  ['BTG', "UTF-8'de'Bewu%C3%9Ftlos%2C%20Notaufnahme", 'Bewußtlos, Notaufnahme'],
  ['BTG', 'lost 40% of blood at the scene', 'lost 40% of blood at the scene'],
  ['BTG', 'abc', 'abc'],
  ['BTG', encodeURIComponent('心脏骤停'), '心脏骤停'],
  ['BTG', encodeURIComponent('昏迷'), '昏迷'],
  ['BTG', 'x'.repeat(500), 'x'.repeat(500)],
])('purpose %s with a reason is recorded with it', async (purpose, header, reason) => {
  const response = await hospital.get(`Patient/${liz}`, { purpose }, { 'break-glass-reason': header });
  expect(response.status).toBe(200);
  expect(hospital.recorder.requests).toMatchObject([{ purpose, emergency: { reason } }]);
});

test.each<[string, Record<string, string>, Record<string, unknown>]>([
  ['no reason', {}, {}],
  ['a reason of two letters', { 'break-glass-reason': 'ok 3456789' }, {}],
  ['a reason without letters', { 'break-glass-reason': '0123456789' }, {}],
  ['a reason of blanks', { 'break-glass-reason': '%20'.repeat(12) }, {}],
  ['a reason of 501 characters', { 'break-glass-reason': 'x'.repeat(501) }, {}],
  ['a reason with control characters', { 'break-glass-reason': 'reason%00reason' }, {}],
  ['no person', { 'break-glass-reason': 'unconscious, no allergy list' }, NOBODY],
])('%s: recorded as refused, answered 400, nothing released', async (_name, headers, b2b) => {
  // Even a ledger that permitted would not open it.
  for (const path of [`Patient/${liz}`, `Observation?patient=${liz}`, `Patient/${liz}/$everything`]) {
    const response = await hospital.get(path, { purpose: 'BTG', b2b }, headers);
    expect([response.status, outcomeCode(response)]).toEqual([400, 'EMERGENCY_INCOMPLETE']);
    expect(response.text).not.toMatch(/Conn|8302-2/);
  }
  expect(hospital.recorder.requests).toHaveLength(3);
  expect(hospital.recorder.requests.map(({ emergency }) => emergency)).toEqual([null, null, null]);
});

test('an incomplete emergency does not tell what exists', async () => {
  for (const path of [
    'Patient/nobody',
    'Observation?patient=nobody',
    'Observation/nothing',
    'Patient/nobody/$everything',
  ]) {
    const response = await hospital.get(path, { purpose: 'ETREAT' });
    expect([response.status, outcomeCode(response)]).toEqual([400, 'EMERGENCY_INCOMPLETE']);
  }
  expect(hospital.recorder.requests).toEqual([]);
});

test.each(['TREAT', 'ERTREAT', 'HPAYMT'])('a reason does not make %s an emergency', async (purpose) => {
  const response = await hospital.get(
    `Patient/${liz}`,
    { purpose },
    { 'break-glass-reason': 'unconscious, no allergy list' },
  );
  expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
  expect(hospital.recorder.requests).toEqual([]);
});

test('an emergency that the rules hold shut is withheld like anything else', async () => {
  hospital.recorder.denyAll();
  const response = await hospital.get(
    `Observation?patient=${liz}`,
    { purpose: 'BTG' },
    { 'break-glass-reason': 'unconscious, no allergy list' },
  );
  expect(response.status).toBe(200);
  expect(bundleOf(response).entry).toBeUndefined();
});

test('a release ahead of its record says so, and only then', async () => {
  const headers = { 'break-glass-reason': 'unconscious, no allergy list' };
  const onTime = await hospital.get(`Patient/${liz}`, { purpose: 'BTG' }, headers);
  expect(onTime.headers).not.toHaveProperty('access-record');
  hospital.recorder.decide = ({ items }) => ({ permitted: items.map(() => true), late: true });
  const late = await hospital.get(`Patient/${liz}`, { purpose: 'BTG' }, headers);
  expect([late.status, late.headers['access-record']]).toEqual([200, 'late']);
});

test('while the ledger is away nothing but such an emergency is released', async () => {
  hospital.recorder.decide = () => {
    throw new AppError('LEDGER_UNAVAILABLE', 'no peer', { retryAfterSeconds: 2 });
  };
  const response = await hospital.get(`Patient/${liz}`);
  expect([response.status, outcomeCode(response), response.headers['retry-after']]).toEqual([
    503,
    'LEDGER_UNAVAILABLE',
    '2',
  ]);
  expect(response.text).not.toContain('Conn');
});

describe('an emergency without foresight, while the ledger commits', () => {
  const records = [
    patient('p', '111'),
    ...Array.from({ length: 12 }, (_value, number) =>
      observation(`o-${String(number).padStart(2, '0')}`, 'p', {
        meta: { security: [{ system: 'urn:labels', code: `L${String(Math.min(number, 10))}` }] },
      }),
    ),
  ];
  const ask = async (permits: (label: string) => boolean): Promise<Bundle> => {
    const hospital = await createHospital({ upstream: pagedSource(records).upstream });
    hospital.recorder.permitWhere(({ labels }) => permits(labels.join()));
    hospital.recorder.evaluate = () => Promise.reject(new AppError('LEDGER_UNAVAILABLE', 'behind'));
    return bundleOf(
      await hospital.get(
        'Observation?patient=p&_count=1',
        { purpose: 'BTG' },
        { 'break-glass-reason': 'unconscious, no allergy list' },
      ),
    );
  };

  test('finds what is permitted behind ten kinds that are not', async () => {
    const bundle = await ask((label) => label.endsWith('L10'));
    expect(bundle.entry?.map(({ resource }) => resource.id)).toEqual(['o-10']);
    expect(bundle.link.map(({ relation }) => relation)).toContain('next');
  });

  test('says of a wholly denied chart what it says of an absent one', async () => {
    const bundle = await ask(() => false);
    expect([bundle.total, bundle.entry, bundle.link.length]).toEqual([0, undefined, 1]);
  });
});
