// SPDX-License-Identifier: Apache-2.0
import request from 'supertest';
import { bundleOf, createHospital, patientId } from './hospitalFixture';

test('a signed assertion becomes a token, and the token opens what the ledger permitted, after it recorded it', async () => {
  const hospital = await createHospital();
  const alberto = patientId(hospital, 'Atencio');
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('ETH'));

  const response = await request(hospital.app)
    .get(`/fhir/Observation?patient=${alberto}`)
    .set('authorization', `Bearer ${await hospital.token()}`);

  expect(response.status).toBe(200);
  const [recorded] = hospital.recorder.requests;
  expect(recorded).toMatchObject({
    action: 'search',
    purpose: 'TREAT',
    emergency: null,
    late: false,
    requester: {
      org: 'NorthHospitalMSP',
      clientId: 'north-ehr',
      person: { name: 'Dr. Mariam Gleason', role: 'doctor' },
    },
  });
  expect(recorded?.items.map(({ type, labels, count }) => ({ type, labels, count }))).toEqual(
    expect.arrayContaining([
      { type: 'Observation', labels: ['N'], count: 31 },
      { type: 'Observation', labels: ['ETH', 'R'], count: 4 },
    ]),
  );
  const bundle = bundleOf(response);
  expect(bundle.total).toBe(31);
  expect(bundle.entry).toHaveLength(31);
  expect(response.text).not.toContain('72166-2');
});
