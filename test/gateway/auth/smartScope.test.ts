// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { parseSmartScope, splitScopes } from '../../../gateway/src/auth/smartScope';

test.each([
  ['patient/Consent.ru', { context: 'patient', type: 'Consent', letters: 'ru', version: 2 }],
  ['system/*.rs', { context: 'system', type: '*', letters: 'rs', version: 2 }],
  ['system/Observation.cruds', { context: 'system', type: 'Observation', letters: 'cruds', version: 2 }],
  ['system/Observation.read', { context: 'system', type: 'Observation', letters: 'rs', version: 1 }],
  ['patient/Consent.write', { context: 'patient', type: 'Consent', letters: 'cud', version: 1 }],
  ['system/*.*', { context: 'system', type: '*', letters: 'cruds', version: 1 }],
])('%s is read', (scope, expected) => {
  expect(parseSmartScope(scope)).toEqual(expected);
});

test.each([
  '',
  'openid',
  'user/Consent.r',
  'system/Observation.',
  'system/Observation',
  'system/.r',
  'system/observation.r',
  'system/Observation.sr',
  'system/Observation.rr',
  'system/Observation.reads',
  'system/Observation.rs?category=laboratory',
  'xsystem/Observation.r',
  'system/Observation.r ',
  'system/Observation.r\n',
  'System/Observation.r',
  `system/A${'a'.repeat(64)}.r`,
])('%j is no scope', (scope) => {
  expect(parseSmartScope(scope)).toBeUndefined();
});

test('of all words of letters, exactly the subsets of cruds in their order are read', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('c', 'r', 'u', 'd', 's', 'x'), maxLength: 7 }),
      (letters) => {
        const isOrdered =
          letters !== '' &&
          Array.from('cruds', (one) => (letters.includes(one) ? one : '')).join('') === letters;
        expect(parseSmartScope(`patient/Consent.${letters}`)?.letters).toBe(isOrdered ? letters : undefined);
      },
    ),
  );
});

test('a scope string is split at spaces, and only there', () => {
  expect(splitScopes('  openid system/*.rs\tx ')).toEqual(['openid', 'system/*.rs\tx']);
  expect(splitScopes('')).toEqual([]);
});
