// SPDX-License-Identifier: Apache-2.0
import { NORTH_ID } from '../gateway/hospital/hospitalFixture';
import { createTarget, type TokenTarget } from './tokenTarget';

let target: TokenTarget;
beforeEach(async () => {
  target = await createTarget();
});

const business = (changes: Record<string, unknown>): { claims: Record<string, unknown> } => ({
  claims: {
    extensions: {
      'hl7-b2b': {
        version: '1',
        organization_id: NORTH_ID,
        purpose_of_use: ['urn:oid:2.16.840.1.113883.5.8#TREAT'],
        ...changes,
      },
    },
  },
});

test.each<[string, Record<string, unknown>]>([
  ['another organisation', { organization_id: 'https://south-clinic.example.org' }],
  ['two purposes, one of them an emergency', { purpose_of_use: ['TREAT', 'BTG'] }],
  ['no purpose', { purpose_of_use: [] }],
  ['a purpose of another code system', { purpose_of_use: ['urn:oid:1.2.3#TREAT'] }],
  ['another version', { version: '2' }],
  ['a person without name', { subject_id: 'x' }],
  ['a person without id', { subject_name: 'x' }],
])('the business extension names %s', async (_name, changes) => {
  await target.expectRefused(await target.sign(business(changes)));
});

test('twin: a system without a person is accepted', async () => {
  expect((await target.call(await target.sign(business({})))).status).toBe(200);
  expect(target.hospital.recorder.requests[0]?.requester.person).toBeNull();
});
