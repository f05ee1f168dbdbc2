// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { termsOf } from '../../../gateway/src/compose/embeddedNetwork';

const ROOT = path.resolve(__dirname, '../../..');
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
const { organisations } = read('scripts/network/network.json') as {
  readonly organisations: readonly { readonly mspId: string; readonly role: 'holder' | 'trustee' }[];
};

test('the embedded ledger runs the chaincode under the collections that it brings along', () => {
  expect(termsOf(organisations).collections).toEqual(read('chaincode/collections.json'));
});

test('and under the policy of the development network', () => {
  expect(termsOf(organisations).endorsementPolicy).toBe(
    "AND('TrusteeMSP.peer', OR('NorthHospitalMSP.peer', 'SouthClinicMSP.peer'))",
  );
});

test.each([
  ['no trustee', [{ mspId: 'A', role: 'holder' }]],
  ['no holder', [{ mspId: 'T', role: 'trustee' }]],
  [
    'two trustees',
    [
      { mspId: 'T', role: 'trustee' },
      { mspId: 'U', role: 'trustee' },
      { mspId: 'A', role: 'holder' },
    ],
  ],
] as const)('there are no terms for %s', (_, members) => {
  expect(() => termsOf(members)).toThrow(TypeError);
});
