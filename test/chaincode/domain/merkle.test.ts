// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import {
  consistencyProof,
  type Digest,
  inclusionProof,
  merkleLeafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from '@chartwitness/chaincode/domain';

const sha256: Digest = (data) => new Uint8Array(createHash('sha256').update(data).digest());
const VECTORS = path.join(__dirname, '../../vectors/rfc6962');

interface InclusionVector {
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
}
interface ConsistencyVector {
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
}

function vectors<T>(kind: string): [string, T][] {
  return readdirSync(path.join(VECTORS, kind), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => [file, JSON.parse(readFileSync(path.join(VECTORS, kind, file), 'utf8')) as T]);
}
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => merkleLeafHash(Uint8Array.of(i, i >> 8), sha256));

describe('published vectors', () => {
  const inclusions = vectors<InclusionVector>('inclusion');
  const consistencies = vectors<ConsistencyVector>('consistency');

  test('all of them are here', () => {
    expect(inclusions).toHaveLength(86);
    expect(consistencies).toHaveLength(84);
    expect(inclusions.filter(([, { wantErr }]) => !wantErr)).toHaveLength(6);
    expect(consistencies.filter(([, { wantErr }]) => !wantErr)).toHaveLength(5);
  });

  test.each(inclusions)('inclusion %s', (_, vector) => {
    const claim = {
      index: vector.leafIdx,
      size: vector.treeSize,
      leafHash: bytes(vector.leafHash),
      root: bytes(vector.root),
      path: (vector.proof ?? []).map(bytes),
    };
    expect(verifyInclusion(claim, sha256)).toBe(!vector.wantErr);
  });

  test.each(consistencies)('consistency %s', (_, vector) => {
    const claim = {
      size1: vector.size1,
      size2: vector.size2,
      root1: bytes(vector.root1),
      root2: bytes(vector.root2),
      path: (vector.proof ?? []).map(bytes),
    };
    expect(verifyConsistency(claim, sha256)).toBe(!vector.wantErr);
  });
});

describe('the tree', () => {
  test('of nothing has the digest of nothing as its head', () => {
    expect(hex(merkleRoot([], sha256))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  test('of one leaf has that leaf as its head', () => {
    expect(hex(merkleRoot([merkleLeafHash(new Uint8Array(0), sha256)], sha256))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  test('hashes leaves and nodes apart, so that a node cannot pass for a leaf', () => {
    const [left, right] = leavesOf(2) as [Uint8Array, Uint8Array];
    const pair = Uint8Array.from([...left, ...right]);
    expect(hex(merkleRoot([left, right], sha256))).not.toBe(hex(merkleLeafHash(pair, sha256)));
  });

  test('proves every leaf of every size up to 40, and no leaf by another’s path', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = leavesOf(size);
      const root = merkleRoot(leaves, sha256);
      leaves.forEach((leafHash, index) => {
        const path = inclusionProof(leaves, index, sha256);
        expect(verifyInclusion({ leafHash, index, size, root, path }, sha256)).toBe(true);
        const other = (index + 1) % size;
        expect(verifyInclusion({ leafHash, index: other, size, root, path }, sha256)).toBe(other === index);
      });
    }
  });

  test('proves every earlier size of every size up to 40, and not with a changed old root', () => {
    for (let size2 = 1; size2 <= 40; size2++) {
      const leaves = leavesOf(size2);
      const root2 = merkleRoot(leaves, sha256);
      for (let size1 = 0; size1 <= size2; size1++) {
        const root1 = merkleRoot(leaves.slice(0, size1), sha256);
        const path = consistencyProof(leaves, size1, sha256);
        expect(verifyConsistency({ size1, root1, size2, root2, path }, sha256)).toBe(true);
        const forged = root1.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
        expect(verifyConsistency({ size1, root1: forged, size2, root2, path }, sha256)).toBe(false);
      }
    }
  });

  test('does not accept a longer, shorter or reordered path', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 200 }), fc.nat(), (size, seed) => {
        const leaves = leavesOf(size);
        const index = seed % size;
        const claim = {
          leafHash: leaves[index] as Uint8Array,
          index,
          size,
          root: merkleRoot(leaves, sha256),
          path: inclusionProof(leaves, index, sha256),
        };
        expect(verifyInclusion(claim, sha256)).toBe(true);
        expect(verifyInclusion({ ...claim, path: claim.path.slice(1) }, sha256)).toBe(false);
        expect(verifyInclusion({ ...claim, path: [...claim.path, claim.root] }, sha256)).toBe(false);
        if (claim.path.length > 1) {
          expect(verifyInclusion({ ...claim, path: [...claim.path].reverse() }, sha256)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each([-1, 0.5, NaN, 2 ** 53])('has no index or size %p', (value) => {
    const leaves = leavesOf(3);
    const root = merkleRoot(leaves, sha256);
    const leafHash = leaves[0] as Uint8Array;
    expect(verifyInclusion({ leafHash, index: value, size: 3, root, path: [] }, sha256)).toBe(false);
    expect(verifyConsistency({ size1: value, root1: root, size2: 3, root2: root, path: [] }, sha256)).toBe(
      false,
    );
    expect(() => inclusionProof(leaves, value, sha256)).toThrow(RangeError);
    expect(() => consistencyProof(leaves, value, sha256)).toThrow(RangeError);
  });

  test('has no leaf beyond its end', () => {
    expect(() => inclusionProof(leavesOf(3), 3, sha256)).toThrow(RangeError);
    expect(() => consistencyProof(leavesOf(3), 4, sha256)).toThrow(RangeError);
  });
});
