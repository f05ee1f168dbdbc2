// SPDX-License-Identifier: Apache-2.0
import { endorsementLayouts, type PlanRequest } from '../../../gateway/src/embedded/endorsementPlan';
import { Collections } from '../../../gateway/src/embedded/policy/collections';
import { parsePolicy } from '../../../gateway/src/embedded/policy/signaturePolicy';

const organisations = ['H', 'T', 'S'];
const collections = new Collections(
  [
    {
      name: 'all',
      policy: "OR('H.member','T.member','S.member')",
      endorsementPolicy: { signaturePolicy: "'T.peer'" },
    },
    { name: 'pair', policy: "OR('H.member','T.member')" },
  ],
  organisations,
);

function layouts(request: Partial<PlanRequest>): string[] {
  const found = endorsementLayouts({
    organisations,
    chaincodePolicy: parsePolicy("AND('T.peer', OR('H.peer','S.peer'))"),
    collections,
    interest: { publicWrites: true, collections: [] },
    preferred: 'S',
    protectTransient: false,
    ...request,
  });
  return found.map((layout) => layout.join('+'));
}
const touching = (name: string, reads = false, publicWrites = false): Pick<PlanRequest, 'interest'> => ({
  interest: { publicWrites, collections: [{ name, reads, writes: true }] },
});

describe('endorsement plans', () => {
  test('the smallest sets only, those with the preferred organisation first', () => {
    expect(layouts({})).toEqual(['T+S', 'H+T']);
    expect(layouts({ preferred: 'H' })).toEqual(['H+T', 'T+S']);
  });

  test('a transaction without writes falls under the chaincode policy', () => {
    expect(layouts({ interest: { publicWrites: false, collections: [] } })).toEqual(['T+S', 'H+T']);
  });

  test("a collection's own policy stands alone", () => {
    expect(layouts(touching('all'))).toEqual(['T']);
  });

  test('with a public write both policies must hold', () => {
    expect(layouts(touching('all', false, true))).toEqual(['T+S', 'H+T']);
  });

  test('private reads need members', () => {
    expect(layouts(touching('pair', true))).toEqual(['H+T']);
  });

  test('transient data are kept to members', () => {
    const both = {
      interest: {
        publicWrites: true,
        collections: ['H', 'T'].map((mspId) => ({
          name: `_implicit_org_${mspId}`,
          reads: false,
          writes: true,
        })),
      },
    };
    expect(layouts(both)).toEqual(['H+T']);
    expect(layouts({ ...both, protectTransient: true })).toEqual([]);
  });

  test('no set satisfies a policy of strangers', () => {
    expect(layouts({ chaincodePolicy: parsePolicy("'X.peer'") })).toEqual([]);
  });
});
