// SPDX-License-Identifier: Apache-2.0
import { type DecidedItem, type RequestItem } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import { withholdUnreached } from '../../../chaincode/src/domain/reach';
import {
  type Described,
  groupItems,
  isRecordable,
  kindOf,
  recordedLabels,
} from '../../../gateway/src/fhir/itemGroups';
import { observation } from './fakeFhirServer';

const described = (id: string, labels: readonly string[] = [], parents?: readonly number[]): Described => ({
  type: 'Observation',
  id,
  labels,
  ...(parents === undefined ? {} : { parents }),
});

/** What the ledger would make of items, as `isPermitted` has the rules say by kind. */
export function decidedBy(
  items: readonly RequestItem[],
  isPermitted: (item: RequestItem) => boolean,
): readonly boolean[] {
  const decided = items.map((item): DecidedItem => ({
    ...item,
    decision: isPermitted(item) ? 'permit' : 'deny',
    basis: { kind: 'default', version: 1 },
  }));
  return withholdUnreached(decided).map(({ decision }) => decision === 'permit');
}

test('one for each type and set of labels', () => {
  const { items, itemOf } = groupItems(
    [described('s', ['HIV']), described('n'), described('t', ['HIV'])],
    [],
    'X',
  );
  expect(items).toEqual([
    { type: 'Observation', labels: ['HIV'], count: 2, ids: ['s', 't'] },
    { type: 'Observation', labels: [], count: 1, ids: ['n'] },
  ]);
  expect(itemOf).toEqual([0, 1, 0]);
});

test('more of a kind than an item can name are several items, each named, and all of them lead on', () => {
  const many = Array.from({ length: 101 }, (_value, index) => described(`n${String(index)}`));
  const ids = many.map(({ id }) => id);
  const further = [{ type: 'Observation', labels: [], count: 7 }];
  const { items, itemOf } = groupItems([...many, described('i', [], [100])], further, 'X');
  const kind = { type: 'Observation', labels: [] };
  expect(items).toEqual([
    { ...kind, count: 50, ids: ids.slice(0, 50), further: 7 },
    { ...kind, count: 50, ids: ids.slice(50, 100) },
    { ...kind, count: 1, ids: ids.slice(100) },
    { ...kind, count: 1, ids: ['i'], via: [0, 1, 2] },
  ]);
  expect([0, 49, 50, 100, 101].map((place) => itemOf[place])).toEqual([0, 0, 1, 2, 3]);
});

test('what is only decided on joins the kind that is asked for by itself, or is a kind of its own', () => {
  const further = [
    { type: 'Observation', labels: [], count: 7 },
    { type: 'Observation', labels: ['HIV'], count: 2 },
  ];
  expect(groupItems([described('a'), described('b', [], [0])], further, 'X').items).toEqual([
    { type: 'Observation', labels: [], count: 1, ids: ['a'], further: 7 },
    { type: 'Observation', labels: [], count: 1, ids: ['b'], via: [0] },
    { type: 'Observation', labels: ['HIV'], count: 0, ids: [], further: 2 },
  ]);
});

test('nothing found is an item of count 0', () => {
  expect(groupItems([], [], 'Condition').items).toEqual([
    { type: 'Condition', labels: [], count: 0, ids: [] },
  ]);
});

test('resources that lead to each other are one item, reached only from elsewhere', () => {
  const { items, itemOf } = groupItems(
    [described('root'), described('a', [], [0, 2]), described('b', [], [0, 1])],
    [],
    'X',
  );
  expect([itemOf, items[1]]).toEqual([
    [0, 1, 1],
    { type: 'Observation', labels: [], count: 2, ids: ['a', 'b'], via: [0] },
  ]);
});

/** A graph in which everything that is not a root is reached from one. */
const graph = fc
  .array(
    fc.record({
      type: fc.constantFrom('Encounter', 'Practitioner', 'Organization'),
      labels: fc.constantFrom<readonly string[]>([], ['HIV'], ['PSY'], ['HIV', 'PSY']),
      isRoot: fc.boolean(),
      seeds: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((nodes) =>
    nodes.map(({ type, labels, isRoot, seeds }, place): Described => {
      const id = String(place);
      if (place === 0 || isRoot) {
        return { type, id, labels };
      }
      // One parent stands before, so that a chain leads to a root; others stand anywhere, so that there are
      // circles.
      const parents = new Set([
        seeds[0] === undefined ? 0 : seeds[0] % place,
        ...seeds.map((s) => s % nodes.length),
      ]);
      parents.delete(place);
      return { type, id, labels, parents: [...parents].sort((a, b) => a - b) };
    }),
  );
const kinds = ['Encounter', 'Practitioner', 'Organization'].flatMap((type) =>
  [[], ['HIV'], ['PSY'], ['HIV', 'PSY']].map((labels) => kindOf({ type, labels })),
);
export const rules = fc.subarray(kinds).map((permitted) => {
  const set = new Set(permitted);
  return (item: Pick<RequestItem, 'type' | 'labels'>): boolean => set.has(kindOf(item));
});

test('whatever the rules say, deciding by items is deciding each resource by what leads to it', () => {
  fc.assert(
    fc.property(graph, rules, fc.integer({ min: 1, max: 6 }), (nodes, isPermitted, maxIds) => {
      const { items, itemOf } = groupItems(nodes, [], 'X', maxIds);
      const decisions = decidedBy(items, isPermitted);
      const byResource = decidedBy(
        nodes.map(({ type, labels, id, parents }) => ({
          type,
          labels,
          count: 1,
          ids: [id],
          ...(parents === undefined ? {} : { via: parents }),
        })),
        isPermitted,
      );
      expect(nodes.map((_node, place) => decisions[itemOf[place] ?? -1])).toEqual(byResource);
      expect(items.flatMap(({ ids }) => ids).sort()).toEqual(nodes.map(({ id }) => id).sort());
      nodes.forEach(({ id }, place) => {
        expect(items[itemOf[place] ?? -1]?.ids).toContain(id);
      });
      items.forEach(({ via, count, ids }, place) => {
        expect([ids.length, ids.length <= maxIds]).toEqual([count, true]);
        expect(via?.length).not.toBe(0);
        expect(via ?? []).not.toContain(place);
      });
    }),
    { numRuns: 300 },
  );
});

test.each<[string, readonly string[], readonly string[]]>([
  ['20 labels', labels(20), labels(20)],
  ['21 labels', labels(21), ['*']],
  ['an overlong label', ['x'.repeat(257)], ['*']],
  ['an unprintable label', ['N', 'a\nb'], ['*']],
])('%s are recorded, or count as every label', (_name, own, recorded) => {
  expect(recordedLabels({ labels: own })).toEqual(recorded);
});

function labels(count: number): readonly string[] {
  return Array.from({ length: count }, (_value, index) => `L${String(index).padStart(2, '0')}`);
}

test('what has no id that the ledger can hold is not recordable', () => {
  expect(isRecordable(observation('o', 'a'))).toBe(true);
  expect(isRecordable({ ...observation('o', 'a'), id: '' })).toBe(false);
});
