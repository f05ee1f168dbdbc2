// SPDX-License-Identifier: Apache-2.0
/**
 * A hospital with a valid identity tries to write where it may not, through the real client on the embedded
 * ledger.
 */
import { randomBytes } from 'node:crypto';
import type { AccessRequest } from '@chartwitness/chaincode/domain';
import { NORTH, SOUTH } from '../../gateway/src/demo/cast';
import { type Product, startProduct } from '../endToEnd/support/product';

jest.setTimeout(60_000);

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(async () => {
  await product.close();
});

const id = (): string => randomBytes(16).toString('base64url');

function request(): AccessRequest {
  return {
    id: id(),
    salt: id(),
    subject: randomBytes(32).toString('base64url'),
    requester: { org: SOUTH.mspId, clientId: SOUTH.clientId, person: null },
    purpose: 'TREAT',
    action: 'read',
    emergency: null,
    items: [{ type: 'Observation', labels: [], count: 1, ids: ['o1'] }],
    requestedAt: new Date().toISOString(),
    late: false,
  };
}

it('a hospital cannot write in another hospital’s lane', async () => {
  const lane = `${NORTH.mspId}/forged`;
  const south = product.demo.ledger(SOUTH.mspId);
  await expect(south.recordBatch(lane, 0, { start: 0, requests: [request()] })).rejects.toMatchObject({
    kind: 'rejected',
    domainCode: 'NOT_ALLOWED',
  });
  expect(await south.findBatch(lane, 0)).toBeUndefined();
});

it('it can in its own, which shows that the request was well formed', async () => {
  const south = product.demo.ledger(SOUTH.mspId);
  const recorded = await south.recordBatch(`${SOUTH.mspId}/extra`, 0, { start: 0, requests: [request()] });
  expect(recorded.permitted).toEqual([[true]]);
});

it('nobody can read another hospital’s events', async () => {
  const north = product.demo.ledger(NORTH.mspId);
  await expect(north.getEvents(`${SOUTH.mspId}/extra`, 0)).rejects.toMatchObject({
    kind: 'rejected',
    domainCode: 'NOT_ALLOWED',
  });
});

it('the trustee cannot write an access event', async () => {
  const trustee = product.demo.ledger('TrusteeMSP');
  await expect(
    trustee.recordBatch('TrusteeMSP/main', 0, { start: 0, requests: [request()] }),
  ).rejects.toMatchObject({ kind: 'rejected', domainCode: 'NOT_ALLOWED' });
});

it('a hospital cannot write a consent, nor admit or suspend an organisation', async () => {
  const north = product.demo.ledger(NORTH.mspId);
  const subject = randomBytes(32).toString('base64url');
  await expect(north.putConsent(subject, { rules: [], default: 'permit' }, 0)).rejects.toMatchObject({
    domainCode: 'NOT_ALLOWED',
  });
  await expect(north.setOrganisationStatus(SOUTH.mspId, 'suspended')).rejects.toMatchObject({
    domainCode: 'NOT_ALLOWED',
  });
  await expect(north.setClientStatus(SOUTH.clientId, 'suspended')).rejects.toMatchObject({
    kind: 'rejected',
  });
  expect(await product.demo.ledger('TrusteeMSP').findConsent(subject)).toBeUndefined();
});
