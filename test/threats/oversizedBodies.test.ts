// SPDX-License-Identifier: Apache-2.0
import request from 'supertest';
import {
  assertion,
  createHospital,
  type Hospital,
  outcomeCode,
  patientId,
  requestToken,
} from '../gateway/hospital/hospitalFixture';

let hospital: Hospital;
beforeEach(async () => {
  hospital = await createHospital();
});

const search = async (body: string, headers: Record<string, string> = {}): Promise<request.Response> =>
  request(hospital.app)
    .post('/fhir/Observation/_search')
    .set('authorization', `Bearer ${await hospital.token()}`)
    .set('content-type', 'application/x-www-form-urlencoded')
    .set(headers)
    .send(body);

afterEach(() => {
  expect(hospital.recorder.requests).toEqual([]);
});

test('a search body above 16 KiB', async () => {
  const response = await search(`patient=${patientId(hospital, 'Conn')}&code=${'x'.repeat(16_384)}`);
  expect([response.status, outcomeCode(response)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
});

test('a value above 1,024 characters, and more than 50 parameters', async () => {
  const patient = `patient=${patientId(hospital, 'Conn')}`;
  expect(outcomeCode(await search(`${patient}&code=${'x'.repeat(1025)}`))).toBe('BAD_REQUEST');
  expect(outcomeCode(await search(`${patient}${'&code=x'.repeat(50)}`))).toBe('BAD_REQUEST');
});

test('a body with an unknown content encoding or charset, or a broken one', async () => {
  for (const headers of [
    { 'content-encoding': 'x-unknown' },
    { 'content-type': 'application/x-www-form-urlencoded; charset=x-unknown' },
  ]) {
    const response = await search('patient=x', headers);
    expect([response.status, outcomeCode(response)]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  }
  const broken = await search('not gzip', { 'content-encoding': 'gzip' });
  expect(broken.status).toBe(400);
});

test('a compressed body that swells above the limit', async () => {
  const { gzipSync } = await import('node:zlib');
  const bomb = gzipSync(Buffer.from(`patient=x&code=${'x'.repeat(1_000_000)}`));
  expect(bomb.length).toBeLessThan(16_384);
  const response = await request(hospital.app)
    .post('/fhir/Observation/_search')
    .set('authorization', `Bearer ${await hospital.token()}`)
    .set({ 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' })
    .serialize((body: unknown) => body as string)
    .send(bomb as unknown as string);
  expect(response.status).toBe(413);
});

test('a token request above 32 KiB, of another type, or malformed', async () => {
  const large = await requestToken(hospital.app, {
    assertion: await assertion(hospital.key),
    more: { filler: 'x'.repeat(33_000) },
  });
  expect(large.status).toBe(413);
  expect(large.text).not.toContain('access_token');
  const json = await request(hospital.app).post('/oauth/token').send({ grant_type: 'client_credentials' });
  expect([json.status, (json.body as { error: string }).error]).toEqual([400, 'invalid_request']);
  for (const garbage of ['', '%%%', 'a'.repeat(20_000), 'client_assertion=x']) {
    const response = await request(hospital.app).post('/oauth/token').type('form').send(garbage);
    expect(response.status).toBe(400);
    expect(response.text).not.toContain('access_token');
  }
});

test('malformed percent-encoding in a path', async () => {
  const response = await hospital.get('Patient/%E0%A4%A');
  expect([response.status, outcomeCode(response)]).toEqual([400, 'BAD_REQUEST']);
});
