// SPDX-License-Identifier: Apache-2.0
/**
 * The API's contract states bounds of its own: the browser reads it without the domain. What a person may
 * write is what the ledger takes, so each bound is asked of both, and neither may move alone.
 */
import { DomainError, parsePolicy } from '@chartwitness/chaincode/domain';
import { consentInput, consentPolicy } from '../../gateway/src/api/schemas';

const rule = (fields: object): object => ({ id: 'r', effect: 'deny', ...fields });
const policy = (...rules: readonly object[]): object => ({ rules, default: 'deny' });
const times = (count: number, text: string): readonly string[] => Array<string>(count).fill(text);

const BOUNDS: readonly [what: string, most: number, of: (size: number) => object][] = [
  [
    'rules',
    200,
    (size) => policy(...Array.from({ length: size }, (_, at) => rule({ id: `r${String(at)}` }))),
  ],
  ['characters of a rule’s id', 64, (size) => policy(rule({ id: 'r'.repeat(size) }))],
  ['characters of an organisation', 128, (size) => policy(rule({ org: 'A'.repeat(size) }))],
  ['characters of a person', 256, (size) => policy(rule({ user: 'u'.repeat(size) }))],
  ['characters of a role', 128, (size) => policy(rule({ role: 'r'.repeat(size) }))],
  ['purposes', 50, (size) => policy(rule({ purposes: times(size, 'TREAT') }))],
  ['characters of a purpose', 64, (size) => policy(rule({ purposes: ['P'.repeat(size)] }))],
  ['labels', 50, (size) => policy(rule({ labels: times(size, 'PSY') }))],
  ['characters of a label', 256, (size) => policy(rule({ labels: ['L'.repeat(size)] }))],
  ['types', 150, (size) => policy(rule({ types: times(size, 'Observation') }))],
  ['characters of a type', 64, (size) => policy(rule({ types: ['T'.repeat(size)] }))],
  ['actions', 5, (size) => policy(rule({ actions: times(size, 'read') }))],
];
const EMPTY: readonly [string, object][] = ['purposes', 'labels', 'types', 'actions'].map((list) => [
  list,
  policy(rule({ [list]: [] })),
]);

function ledgerTakes(value: object): boolean {
  try {
    parsePolicy(value);
    return true;
  } catch (error) {
    if (error instanceof DomainError) {
      return false;
    }
    throw error;
  }
}
const taken = (value: object): readonly boolean[] => [
  consentPolicy.safeParse(value).success,
  consentInput.safeParse(value).success,
  ledgerTakes(value),
];

test.each(BOUNDS)('most %s: %i for the API and the ledger', (_, most, of) => {
  expect(taken(of(most))).toEqual([true, true, true]);
  expect(taken(of(most + 1))).toEqual([false, false, false]);
});

test.each(EMPTY)('an empty list of %s is taken by neither', (_, value) => {
  expect(taken(value)).toEqual([false, false, false]);
});
