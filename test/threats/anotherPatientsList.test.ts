// SPDX-License-Identifier: Apache-2.0
/**
 * A patient signed in at the portal tries to reach another patient's list, against the whole running product.
 */
import { NORTH } from '../../gateway/src/demo/cast';
import type { PatientClient } from '../../gateway/src/demo/patientClient';
import { entriesOf, type Product, startProduct } from '../endToEnd/support/product';

jest.setTimeout(60_000);

let product: Product;
let stranger: PatientClient;
let entryId: string;
let cursor: string;

beforeAll(async () => {
  product = await startProduct();
  const { patientId } = product.record(NORTH.mspId, 'michael');
  const client = product.hospitals.client(NORTH.mspId, NORTH.mspId);
  const errand = { practitioner: product.hospitals.practitioner(NORTH.mspId, 'doctor'), purpose: 'TREAT' };
  await client.get(`Observation?patient=${patientId}`, errand);
  await client.get(`Condition?patient=${patientId}`, errand);
  const owner = await product.patient('michael');
  entryId = (await entriesOf(owner, 2))[0]?.id ?? '';
  cursor = ((await owner.get('accesses?limit=1')).body as { next: string }).next;
  stranger = await product.patient('edward');
});
afterAll(async () => {
  await product.close();
});

it('the owner’s entry exists', () => {
  expect(entryId).not.toBe('');
  expect(cursor).not.toBe('');
});

it('by the id of an entry: as if there were none', async () => {
  const answer = await stranger.get(`accesses/${entryId}`);
  const absent = await stranger.get('accesses/AAAAAAAAAAAAAAAAAAAAAA');
  expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  expect({ ...(answer.body as object), requestId: '' }).toEqual({
    ...(absent.body as object),
    requestId: '',
  });
});

it('by the owner’s cursor: refused', async () => {
  expect(await stranger.get(`accesses?limit=1&cursor=${encodeURIComponent(cursor)}`)).toMatchObject({
    status: 400,
    body: { code: 'BAD_REQUEST' },
  });
});

it.each(['subject', 'patient', 'username'])('by naming the owner in %s: refused', async (parameter) => {
  expect(await stranger.get(`accesses?${parameter}=michael`)).toMatchObject({
    status: 400,
    body: { code: 'BAD_REQUEST' },
  });
});

it('by writing the owner’s consent: refused, nothing changes', async () => {
  const owner = await product.patient('michael');
  const { subject } = (await owner.get('me')).body as { subject: string };
  const before = await owner.get('consent');
  const answer = await stranger.put('consent', { subject, version: 0, rules: [], default: 'permit' }, '"0"');
  expect(answer.status).toBe(400);
  expect(await owner.get('consent')).toEqual(before);
});

it('and the stranger’s own list stays empty', async () => {
  expect(await entriesOf(stranger, 0)).toEqual([]);
});
