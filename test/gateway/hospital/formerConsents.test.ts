// SPDX-License-Identifier: Apache-2.0
import type { RequestItem } from '@chartwitness/chaincode/domain';
import fc from 'fast-check';
import { withholdUnreached } from '../../../chaincode/src/domain/reach';
import { narrowedByFormer } from '../../../gateway/src/hospital/formerConsents';

const MAX = 8;
const FORMER = ['one', 'two'];

interface Case {
  readonly items: readonly RequestItem[];
  /** By subject, the surviving one last. */
  readonly consents: readonly (readonly boolean[])[];
}

const cases: fc.Arbitrary<Case> = fc
  .array(
    fc.record({
      leads: fc.option(fc.uniqueArray(fc.nat(MAX), { minLength: 1, maxLength: 3 }), { nil: undefined }),
      consents: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      count: fc.nat(3),
    }),
    { minLength: 1, maxLength: MAX },
  )
  .map((rows) => ({
    items: rows.map(({ leads, count }, place) => {
      const via = leads?.filter((lead) => lead < rows.length && lead !== place).sort((a, b) => a - b);
      const ids = Array.from({ length: count }, (_value, index) => `r${String(place)}-${String(index)}`);
      const item = { type: 'Observation', labels: [`L${String(place)}`], count, ids };
      return via === undefined || via.length === 0 ? item : { ...item, via };
    }),
    consents: [0, 1, 2].map((subject) => rows.map(({ consents }) => consents[subject] === true)),
  }));

/** As the ledger decides. */
function decided(items: readonly RequestItem[], consent: readonly boolean[] = []): readonly boolean[] {
  return withholdUnreached(
    items.map((item, place) => ({
      ...item,
      decision: consent[place] === true ? 'permit' : 'deny',
      basis: { kind: 'default', version: 1 },
    })),
  ).map(({ decision }) => decision === 'permit');
}

test('what leaves is what all consents permit by one way, and the surviving person’s entry says exactly that', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ items, consents }) => {
      const { items: recorded, allowed } = await narrowedByFormer(items, FORMER, (subject, asked) =>
        Promise.resolve(decided(asked, consents[FORMER.indexOf(subject)])),
      );
      const surviving = decided(recorded, consents[2]);
      const leaves = items.map((_item, place) => surviving[place] === true && allowed[place] === true);
      const together = items.map((_item, place) => consents.every((consent) => consent[place] === true));
      expect(leaves).toEqual(decided(items, together));
      recorded.forEach((item, place) => {
        const { count, further = 0, ids } = item;
        expect(count + further).toBe(items[place]?.count);
        if (surviving[place] === true) {
          expect(ids).toEqual(leaves[place] === true ? items[place]?.ids : []);
        }
        expect(item.via).not.toEqual([]);
      });
    }),
    { numRuns: 500 },
  );
});

test('without former subjects nothing is asked and nothing changed', async () => {
  const items = [{ type: 'Observation', labels: [], count: 1, ids: ['o'] }];
  const narrowed = await narrowedByFormer(items, [], () => Promise.reject(new Error('asked')));
  expect(narrowed).toEqual({ items, allowed: [true] });
});
