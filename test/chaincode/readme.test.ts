// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DOMAIN_ERROR_CODES } from '@chartwitness/chaincode/domain';
import { loadChaincode } from './support/fakePeer';

const readme = readFileSync(path.join(__dirname, '../../chaincode/README.md'), 'utf8');

test('the failure table names every code, and no other', () => {
  const documented = [...readme.matchAll(/^\| `([A-Z_]+)`\s*\|/gm)].map(([, code]) => code);
  expect(documented.sort()).toEqual([...DOMAIN_ERROR_CODES].sort());
});

test('the table of contracts names every transaction', () => {
  const { contracts } = loadChaincode().metadata;
  const table = readme.slice(readme.indexOf('## Contracts'), readme.indexOf('## Keys'));
  for (const contract of ['Registry', 'Consent', 'Access']) {
    for (const { name } of contracts[contract]?.transactions ?? []) {
      expect(table).toMatch(new RegExp(`\\b${name}\\(`));
    }
  }
});
