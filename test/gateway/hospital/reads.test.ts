// SPDX-License-Identifier: Apache-2.0
import type { Response } from 'supertest';
import request from 'supertest';
import {
  accessToken,
  bundleOf,
  createHospital,
  type Hospital,
  outcomeCode,
  patientId,
} from './hospitalFixture';

let hospital: Hospital;
let liz: string;
beforeEach(async () => {
  hospital = await createHospital();
  liz = patientId(hospital, 'Conn');
});

/** What a caller can see of an answer, but for the request's own id and the time. */
function visible(response: Response): unknown {
  const own = new Set(['x-request-id', 'date']);
  const headers = Object.entries(response.headers as Record<string, string>).filter(
    ([name]) => !own.has(name),
  );
  return { status: response.status, headers, body: response.text };
}

function idOf(type: string): string {
  const resource = hospital.sample.index.search(type, new URLSearchParams({ patient: liz }))[0]?.resource;
  if (resource?.id === undefined) {
    throw new Error('fixture');
  }
  return resource.id;
}

test('a patient is read, as an item of her own', async () => {
  const response = await hospital.get(`Patient/${liz}`);
  expect(response.status).toBe(200);
  expect(response.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  expect(response.headers['cache-control']).toBe('no-store');
  expect(response.headers).not.toHaveProperty('etag');
  expect(JSON.parse(response.text)).toMatchObject({ resourceType: 'Patient', id: liz });
  expect(hospital.recorder.requests).toMatchObject([
    { action: 'read', items: [{ type: 'Patient', labels: ['N'], count: 1, ids: [liz] }] },
  ]);
});

test('a sensitive resource is asked for with its labels', async () => {
  const procedures = hospital.sample.index.search(
    'Procedure',
    new URLSearchParams({ patient: liz, code: '287664005' }),
  );
  const id = procedures[0]?.resource.id ?? '';
  await hospital.get(`Procedure/${id}`);
  expect(hospital.recorder.requests[0]?.items).toEqual([
    { type: 'Procedure', labels: ['R', 'SEX'], count: 1, ids: [id] },
  ]);
});

test('withheld and absent answer the same, byte for byte', async () => {
  hospital.recorder.denyAll();
  const absent = await hospital.get('Observation/does-not-exist');
  const withheld = await hospital.get(`Observation/${idOf('Observation')}`);
  expect(visible(withheld)).toEqual(visible(absent));
  expect([withheld.status, outcomeCode(withheld)]).toEqual([404, 'NOT_FOUND']);
  // The refused attempt is on the ledger, the one for nothing has no subject to be recorded under.
  expect(hospital.recorder.requests).toHaveLength(1);

  const absentPatient = await hospital.get('Patient/does-not-exist');
  expect(visible(await hospital.get(`Patient/${liz}`))).toEqual(visible(absentPatient));
  const absentAll = await hospital.get('Patient/does-not-exist/$everything');
  expect(visible(await hospital.get(`Patient/${liz}/$everything`))).toEqual(visible(absentAll));
});

test('where the deployment announces it, withheld is 403', async () => {
  const open = await createHospital({ settings: { disclosure: 'announced' } });
  open.recorder.denyAll();
  const withheld = await open.get(`Patient/${patientId(open, 'Conn')}`);
  expect([withheld.status, outcomeCode(withheld)]).toEqual([403, 'FORBIDDEN']);
  expect(withheld.text).not.toContain('Conn');
  expect((await open.get('Patient/does-not-exist')).status).toBe(404);
});

test.each(['Practitioner', 'Organization'])(
  'a %s is not read on its own, since no subject could record it',
  async (type) => {
    const response = await hospital.get(`${type}/${idOf('Encounter')}`);
    expect(response.status).toBe(404);
    expect(hospital.recorder.requests).toEqual([]);
  },
);

test.each([
  'observation/x',
  'Observation/a_b',
  'Observation/%2e%2e%2fPatient',
  `Observation/${'a'.repeat(65)}`,
  'Observation/x/y/z',
])('the path "%s" is not found', async (path) => {
  expect((await hospital.get(path)).status).toBe(404);
  expect(hospital.recorder.requests).toEqual([]);
});

test('$everything gives what is permitted, with the practitioners beside it', async () => {
  hospital.recorder.permitWhere(({ labels }) => !labels.includes('R'));
  const response = await hospital.get(`Patient/${liz}/$everything`);
  const bundle = bundleOf(response);
  const types = new Set(bundle.entry?.map(({ resource }) => resource.resourceType));
  expect(types).toContain('Practitioner');
  expect(types).toContain('Encounter');
  expect(response.text).not.toContain('287664005');
  expect(response.text).not.toContain('72166-2');
  expect(bundle.total).toBe(bundle.entry?.filter(({ search }) => search.mode === 'match').length);
  expect(hospital.recorder.requests).toHaveLength(1);
  expect(hospital.recorder.requests[0]?.action).toBe('search');
});

test('$everything takes _type and refuses what it does not know', async () => {
  const bundle = bundleOf(await hospital.get(`Patient/${liz}/$everything?_type=Condition`));
  expect(new Set(bundle.entry?.map(({ resource }) => resource.resourceType))).toEqual(new Set(['Condition']));
  const unknown = await hospital.get(`Patient/${liz}/$everything?subject=x`);
  expect([unknown.status, outcomeCode(unknown)]).toEqual([400, 'BAD_REQUEST']);
});

test('a scope opens its type and action only', async () => {
  const scope = 'system/Observation.r';
  expect((await hospital.get(`Observation/${idOf('Observation')}`, { scope })).status).toBe(200);
  for (const path of [
    `Observation?patient=${liz}`,
    `Patient/${liz}`,
    `Condition?patient=${liz}`,
    `Patient/${liz}/$everything`,
  ]) {
    const refused = await hospital.get(path, { scope });
    expect([path, refused.status, outcomeCode(refused)]).toEqual([path, 403, 'INSUFFICIENT_SCOPE']);
    expect(refused.headers['www-authenticate']).toContain('insufficient_scope');
  }
  expect(hospital.recorder.requests).toHaveLength(1);
});

test('resources outside the scope are neither asked for nor given', async () => {
  const scope = 'system/Patient.s system/Condition.s';
  const bundle = bundleOf(await hospital.get(`Patient/${liz}/$everything`, { scope }));
  expect(new Set(bundle.entry?.map(({ resource }) => resource.resourceType))).toEqual(
    new Set(['Patient', 'Condition']),
  );
  expect(hospital.recorder.requests[0]?.items.map(({ type }) => type)).toEqual(['Patient', 'Condition']);
});

test('a client or organisation that is suspended after it got its token is refused at once', async () => {
  const token = await accessToken(hospital.signingKey, 'ES256');
  const call = (): request.Test =>
    request(hospital.app).get(`/fhir/Patient/${liz}`).set('authorization', `Bearer ${token}`);
  expect((await call()).status).toBe(200);
  const client = hospital.registry.clients.get('north-ehr');
  const organisation = hospital.registry.organisations.get('NorthHospitalMSP');
  if (client === undefined || organisation === undefined) {
    throw new Error('fixture');
  }
  hospital.registry.clients.set('north-ehr', { ...client, status: 'suspended' });
  expect(outcomeCode(await call())).toBe('INVALID_TOKEN');
  hospital.registry.clients.set('north-ehr', client);
  hospital.registry.organisations.set('NorthHospitalMSP', { ...organisation, status: 'suspended' });
  expect(outcomeCode(await call())).toBe('INVALID_TOKEN');
  hospital.registry.organisations.set('NorthHospitalMSP', {
    ...organisation,
    identifiers: ['https://new.example.org'],
  });
  expect(outcomeCode(await call())).toBe('INVALID_TOKEN');
  expect(hospital.recorder.requests).toHaveLength(1);
});
