// SPDX-License-Identifier: Apache-2.0
import { coversType, narrowerScopes } from '../../../gateway/src/auth/systemScopes';

test.each([
  ['system/*.rs', 'Observation', 'r', true],
  ['system/*.rs', 'Observation', 's', true],
  ['system/Observation.r', 'Observation', 'r', true],
  ['system/Observation.r', 'Observation', 's', false],
  ['system/Observation.rs', 'Condition', 'r', false],
  ['system/Observation.read', 'Observation', 's', true],
  ['system/Observation.write', 'Observation', 'r', false],
  ['system/*.*', 'Observation', 's', true],
  ['system/*.cruds', 'Observation', 's', true],
  ['system/Observation.sr', 'Observation', 's', false],
  ['patient/*.rs', 'Observation', 'r', false],
  ['user/*.rs', 'Observation', 'r', false],
  ['system/Observation.rs?category=laboratory', 'Observation', 'r', false],
  ['xsystem/*.rs', 'Observation', 'r', false],
  ['', 'Observation', 'r', false],
  ['openid system/Condition.s system/Observation.r', 'Observation', 'r', true],
] as const)('"%s" for %s.%s: %s', (scope, type, letter, covered) => {
  expect(coversType(scope, type, letter)).toBe(covered);
});

test('narrower scopes are those that the registered ones cover entirely', () => {
  const wanted = [
    'system/*.rs',
    'system/*.s',
    'system/Observation.rs',
    'system/Observation.s',
    'system/Condition.r',
    'system/Observation.read',
    'nonsense',
  ];
  expect(narrowerScopes('system/*.rs', wanted)).toEqual(wanted.slice(0, -1));
  expect(narrowerScopes('system/Observation.s system/Condition.r', wanted)).toEqual([
    'system/Observation.s',
    'system/Condition.r',
  ]);
  expect(narrowerScopes('', wanted)).toEqual([]);
});
