// SPDX-License-Identifier: Apache-2.0
import {
  CollectionConfigError,
  Collections,
  type CollectionConfig,
} from '../../../gateway/src/embedded/policy/collections';

const config = (changes: Partial<CollectionConfig>): CollectionConfig => ({
  name: 'pair',
  policy: "OR('A.member','B.member')",
  ...changes,
});

describe('collections', () => {
  test.each<[string, Partial<CollectionConfig>, string]>([
    ['a name that begins with an underscore', { name: '_pair' }, 'must be letters'],
    ['members by AND', { policy: "AND('A.member','B.member')" }, 'may hold OR only'],
    ['members by AND within OR', { policy: "OR('A.member',AND('B.member','C.member'))" }, 'may hold OR only'],
    [
      'more peers required than there may be',
      { requiredPeerCount: 2, maxPeerCount: 1 },
      'requiredPeerCount 2',
    ],
    ['fewer than no peers required', { requiredPeerCount: -1 }, 'requiredPeerCount -1'],
  ])('%s is refused, as by the peers of a network', (_what, changes, reason) => {
    const open = (): Collections => new Collections([config(changes)], ['A', 'B']);
    expect(open).toThrow(CollectionConfigError);
    expect(open).toThrow(reason);
  });

  test('members by OR within OR are members', () => {
    const collections = new Collections([config({ policy: "OR('A.member',OR('B.peer'))" })], ['A', 'B', 'C']);
    expect(['A', 'B', 'C'].map((mspId) => collections.isMember('pair', mspId))).toEqual([true, true, false]);
  });
});
