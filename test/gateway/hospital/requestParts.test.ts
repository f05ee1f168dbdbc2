// SPDX-License-Identifier: Apache-2.0
import { parseAccessRequest, type RequestItem } from '@chartwitness/chaincode/domain';
import { withholdUnreached } from '../../../chaincode/src/domain/reach';
import fc from 'fast-check';
import { splitItems } from '../../../gateway/src/hospital/requestParts';
import { accessRequest } from '../../support/accessRequests';

const item = (number: number, via?: readonly number[]): RequestItem => ({
  type: 'Observation',
  labels: [`L${String(number).padStart(4, '0')}`],
  count: 1,
  ids: [`o${String(number)}`],
  ...(via === undefined ? {} : { via }),
});
const roots = (count: number): RequestItem[] => Array.from({ length: count }, (_value, index) => item(index));

test('100 items are one part, 101 are two', () => {
  expect(splitItems(roots(100))).toEqual([{ items: roots(100), origins: roots(100).map((_item, i) => i) }]);
  expect(splitItems(roots(101)).map(({ items }) => items.length)).toEqual([100, 1]);
});

test('an item whose lead is in another part comes with an anchor of count 0', () => {
  const items = [...roots(100), item(100, [3])];
  expect(splitItems(items)[1]).toEqual({
    items: [
      { type: 'Observation', labels: ['L0003'], count: 0, ids: [] },
      { ...item(100), via: [0] },
    ],
    origins: [undefined, 100],
  });
});

test('an item with more leads than a part has room for keeps as many as fit', () => {
  const items = [
    ...roots(200),
    item(
      200,
      Array.from({ length: 200 }, (_value, index) => index),
    ),
  ];
  const last = splitItems(items).at(-1);
  expect(last?.items).toHaveLength(100);
  expect(last?.items.at(-1)?.via).toHaveLength(99);
});

test('a lead is kept with a way from what was asked for, the shortest', () => {
  const chain = (from: number, to: number): RequestItem[] =>
    Array.from({ length: to - from }, (_value, index) => item(from + index, [from + index - 1]));
  const items = [item(0), ...chain(1, 30), item(30), item(31, [29, 30])];
  const last = splitItems(items, { maxItems: 8, maxBytes: 100_000 }).at(-1);
  expect(last?.items.map(({ labels, via }) => [labels[0], via])).toEqual([
    ['L0030', undefined],
    ['L0031', [0]],
  ]);
});

test('an item to which no way fits is withheld, and so is the lead that it comes with', () => {
  const items = [item(0), ...Array.from({ length: 30 }, (_value, index) => item(index + 1, [index]))];
  const last = splitItems(items, { maxItems: 8, maxBytes: 100_000 }).at(-1);
  expect(last?.items.map(({ labels, via }) => [labels[0], via])).toEqual([
    ['L0029', [1]],
    ['L0030', [0]],
  ]);
  expect(given(last?.items ?? [], new Set())).toEqual([false, false]);
});

/** What an event gives when of what it names these labels are denied. */
function given(items: readonly RequestItem[], denied: ReadonlySet<string>): boolean[] {
  return withholdUnreached(
    items.map((one) => ({
      ...one,
      decision: one.labels.some((label) => denied.has(label)) ? 'deny' : 'permit',
      basis: { kind: 'default', version: 1 },
    })),
  ).map(({ decision }) => decision === 'permit');
}

const plan = fc
  .array(fc.array(fc.nat(), { maxLength: 5 }), { minLength: 1, maxLength: 60 })
  .map((all) =>
    all.map((seeds, place) =>
      item(place, place === 0 || seeds.length === 0 ? undefined : leads(seeds, place)),
    ),
  );

function leads(seeds: readonly number[], place: number): number[] {
  return [...new Set(seeds.map((seed) => seed % place))].sort((a, b) => a - b);
}

test('every item is in exactly one part, within the bounds, and each part has the form of an event', () => {
  fc.assert(
    fc.property(
      plan,
      fc.integer({ min: 8, max: 20 }),
      fc.integer({ min: 900, max: 4000 }),
      (items, maxItems, maxBytes) => {
        const parts = splitItems(items, { maxItems, maxBytes });
        const seen = parts.flatMap(({ origins }) => origins.filter((origin) => origin !== undefined));
        expect(seen.sort((a, b) => a - b)).toEqual(items.map((_item, place) => place));
        for (const part of parts) {
          expect(part.items.length).toBeLessThanOrEqual(maxItems);
          expect(() => parseAccessRequest(accessRequest({ items: part.items }))).not.toThrow();
          part.origins.forEach((origin, place) => {
            const [own, whole] = [part.items[place], origin === undefined ? undefined : items[origin]];
            expect(own?.count).toBe(whole?.count ?? 0);
            // What is reached from elsewhere is never asked for by itself.
            expect(own?.via === undefined).toBe(
              (whole ?? items.find(({ labels }) => labels[0] === own?.labels[0]))?.via === undefined,
            );
          });
        }
      },
    ),
    { numRuns: 200 },
  );
});

const tangle = fc.array(fc.array(fc.nat(), { maxLength: 5 }), { minLength: 2, maxLength: 60 }).map((all) =>
  all.map((seeds, place) => {
    const via = [...new Set(seeds.map((seed) => seed % all.length))].filter((lead) => lead !== place);
    return item(place, via.length === 0 ? undefined : via.sort((a, b) => a - b));
  }),
);

test('no part gives what the whole withholds, also where items lead in circles', () => {
  fc.assert(
    fc.property(
      tangle,
      fc.uniqueArray(fc.nat({ max: 59 }), { maxLength: 20 }),
      fc.integer({ min: 2, max: 20 }),
      fc.integer({ min: 300, max: 4000 }),
      (items, deniedPlaces, maxItems, maxBytes) => {
        const denied = new Set(deniedPlaces.flatMap((place) => items[place]?.labels ?? []));
        const whole = given(items, denied);
        for (const { items: own, origins } of splitItems(items, { maxItems, maxBytes })) {
          expect(() => parseAccessRequest(accessRequest({ items: own }))).not.toThrow();
          given(own, denied).forEach((isGiven, place) => {
            const origin = origins[place];
            expect(isGiven && origin !== undefined && whole[origin] !== true).toBe(false);
          });
        }
      },
    ),
    { numRuns: 300 },
  );
});
