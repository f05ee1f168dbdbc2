// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { type ConsentDocument, decide, type RequestItem } from '@chartwitness/chaincode/domain';
import { item, request, subjectOf } from '../support/network';

const consent: ConsentDocument = {
  subject: subjectOf('ada'),
  version: 1,
  rules: [{ id: 'claims', effect: 'deny', types: ['Claim'] }],
  default: 'permit',
};
const given = (items: readonly RequestItem[]): boolean[] =>
  decide(consent, consent, request('a', { items }), 'NorthHospitalMSP', '2026-11-23T09:30:00.000Z').map(
    ({ decision }) => decision === 'permit',
  );
const of = (type: string, via?: readonly number[]): RequestItem =>
  item({ type, ...(via === undefined ? {} : { via }) });

test('what only withheld resources refer to is withheld, and says so', () => {
  const [, encounter] = decide(
    consent,
    consent,
    request('a', { items: [of('Claim'), of('Encounter', [0])] }),
    'NorthHospitalMSP',
    '2026-11-23T09:30:00.000Z',
  );
  expect(encounter).toMatchObject({ decision: 'deny', basis: { kind: 'unreached' } });
});

test('one way that is open is enough, over any number of steps', () => {
  expect(given([of('Claim'), of('Observation'), of('Encounter', [0, 1]), of('Location', [2])])).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect(given([of('Claim'), of('Encounter', [0]), of('Location', [1])])).toEqual([false, false, false]);
});

test('items that lead to each other alone are not reached', () => {
  expect(given([of('Claim'), of('Encounter', [2]), of('Location', [1])])).toEqual([false, false, false]);
});

test('an item is given exactly if a path of permitted items leads to it from one that was asked for', () => {
  const graphs = fc.array(
    fc.record({
      type: fc.constantFrom('Claim', 'Observation'),
      via: fc.option(fc.uniqueArray(fc.nat(7), { minLength: 1 }), { nil: undefined }),
    }),
    { minLength: 8, maxLength: 8 },
  );
  fc.assert(
    fc.property(graphs, (nodes) => {
      const items = nodes.map(({ type, via }, i) => {
        const others = via?.filter((index) => index !== i).sort((a, b) => a - b);
        return of(type, others?.length === 0 ? undefined : others);
      });
      const isReached = (i: number, seen: ReadonlySet<number>): boolean => {
        const node = items[i];
        if (node === undefined || node.type === 'Claim' || seen.has(i)) {
          return false;
        }
        return node.via?.some((index) => isReached(index, new Set([...seen, i]))) ?? true;
      };
      expect(given(items)).toEqual(items.map((_, i) => isReached(i, new Set())));
    }),
  );
});
