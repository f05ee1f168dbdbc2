// SPDX-License-Identifier: Apache-2.0
/** SHA-256 over `data`, as the platform offers it. */
export type Digest = (data: Uint8Array) => Uint8Array;

/** Bytes of a SHA-256 digest: whatever is longer or shorter is no hash of these trees. */
const HASH_BYTES = 32;

/** That a leaf stands at `index` of the tree of `size` leaves with head `root`. */
export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** Sibling hashes from the leaf to the root. */
  readonly path: readonly Uint8Array[];
}

/**
 * That the tree of `size2` leaves with head `root2` begins with the tree of `size1` leaves with head `root1`.
 */
export interface ConsistencyClaim {
  readonly size1: number;
  readonly root1: Uint8Array;
  readonly size2: number;
  readonly root2: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Hash of a leaf's bytes: `digest(0x00 ‖ data)` (RFC 9162 §2.1.1). */
export function merkleLeafHash(data: Uint8Array, digest: Digest): Uint8Array {
  const prefixed = new Uint8Array(data.length + 1);
  prefixed.set(data, 1);
  return digest(prefixed);
}

/**
 * Merkle tree head over leaf hashes (RFC 9162 §2.1.1); the head of an empty tree is the digest of nothing.
 */
export function merkleRoot(leafHashes: readonly Uint8Array[], digest: Digest): Uint8Array {
  if (leafHashes.length === 0) {
    return digest(new Uint8Array(0));
  }
  return subtreeRoot(leafHashes, 0, leafHashes.length, digest);
}

/**
 * The path of leaf `index` (RFC 9162 §2.1.3.1), siblings from the leaf to the root.
 * @throws RangeError when there is no such leaf.
 */
export function inclusionProof(
  leafHashes: readonly Uint8Array[],
  index: number,
  digest: Digest,
): Uint8Array[] {
  assertWithin('index', index, 0, leafHashes.length - 1);
  const path: Uint8Array[] = [];
  let [from, to] = [0, leafHashes.length];
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      path.push(subtreeRoot(leafHashes, middle, to, digest));
      to = middle;
    } else {
      path.push(subtreeRoot(leafHashes, from, middle, digest));
      from = middle;
    }
  }
  return path.reverse();
}

/** Whether the claim holds (RFC 9162 §2.1.3.2). Never throws on hostile values. */
export function verifyInclusion(claim: InclusionClaim, digest: Digest): boolean {
  const { index, size, leafHash, path, root } = claim;
  if (!isCount(index) || !isCount(size) || index >= size) {
    return false;
  }
  if (!areHashes([leafHash, root, ...path])) {
    return false;
  }
  let node = index;
  let last = size - 1;
  let hash = leafHash;
  for (const sibling of path) {
    if (last === 0) {
      return false;
    }
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash, digest);
      while (node % 2 === 0 && node !== 0) {
        [node, last] = [half(node), half(last)];
      }
    } else {
      hash = nodeHash(hash, sibling, digest);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(hash, root);
}

/**
 * Proof that the tree over `leafHashes` begins with its first `size1` leaves (RFC 9162 §2.1.4.1); empty for
 * `size1` 0 and for the whole.
 * @throws RangeError when `size1` is not within 0…leaves.
 */
export function consistencyProof(
  leafHashes: readonly Uint8Array[],
  size1: number,
  digest: Digest,
): Uint8Array[] {
  assertWithin('size1', size1, 0, leafHashes.length);
  const path: Uint8Array[] = [];
  if (size1 === 0 || size1 === leafHashes.length) {
    return path;
  }
  let [from, to] = [0, leafHashes.length];
  let isOldTree = true;
  while (size1 !== to) {
    const middle = from + largestPowerBelow(to - from);
    if (size1 <= middle) {
      path.push(subtreeRoot(leafHashes, middle, to, digest));
      to = middle;
    } else {
      path.push(subtreeRoot(leafHashes, from, middle, digest));
      from = middle;
      isOldTree = false;
    }
  }
  // The verifier knows the old root itself, so that it is left out where the old tree is a whole subtree.
  if (!isOldTree) {
    path.push(subtreeRoot(leafHashes, from, to, digest));
  }
  return path.reverse();
}

/**
 * Whether the claim holds (RFC 9162 §2.1.4.2). Any tree begins with the empty one, whose root must be the
 * digest of nothing.
 */
export function verifyConsistency(claim: ConsistencyClaim, digest: Digest): boolean {
  const { size1, size2, root1, root2, path } = claim;
  if (!isCount(size1) || !isCount(size2) || size1 > size2) {
    return false;
  }
  if (!areHashes([root1, root2, ...path])) {
    return false;
  }
  if (size1 === size2) {
    return path.length === 0 && sameBytes(root1, root2);
  }
  if (size1 === 0) {
    return path.length === 0 && sameBytes(root1, digest(new Uint8Array(0)));
  }
  const [first, ...rest] = isPowerOfTwo(size1) ? [root1, ...path] : path;
  if (first === undefined || path.length === 0) {
    return false;
  }
  return climb(claim, first, rest, digest);
}

function climb(
  claim: ConsistencyClaim,
  first: Uint8Array,
  rest: readonly Uint8Array[],
  digest: Digest,
): boolean {
  let node = claim.size1 - 1;
  let last = claim.size2 - 1;
  while (node % 2 === 1) {
    [node, last] = [half(node), half(last)];
  }
  let [old, whole] = [first, first];
  for (const sibling of rest) {
    if (last === 0) {
      return false;
    }
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sibling, old, digest);
      whole = nodeHash(sibling, whole, digest);
      while (node % 2 === 0 && node !== 0) {
        [node, last] = [half(node), half(last)];
      }
    } else {
      whole = nodeHash(whole, sibling, digest);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(old, claim.root1) && sameBytes(whole, claim.root2);
}

function subtreeRoot(
  leafHashes: readonly Uint8Array[],
  from: number,
  to: number,
  digest: Digest,
): Uint8Array {
  const only = leafHashes[from];
  if (only === undefined) {
    throw new RangeError(`no leaf ${from}`);
  }
  if (to - from === 1) {
    return only;
  }
  const middle = from + largestPowerBelow(to - from);
  return nodeHash(
    subtreeRoot(leafHashes, from, middle, digest),
    subtreeRoot(leafHashes, middle, to, digest),
    digest,
  );
}

function nodeHash(left: Uint8Array, right: Uint8Array, digest: Digest): Uint8Array {
  const pair = new Uint8Array(1 + left.length + right.length);
  pair[0] = 1;
  pair.set(left, 1);
  pair.set(right, 1 + left.length);
  return digest(pair);
}

/** Largest power of two below `n`, for n ≥ 2. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) {
    power *= 2;
  }
  return power;
}

// Tree sizes go beyond 32 bits, so no bit operators here.
function half(n: number): number {
  return Math.floor(n / 2);
}

function isPowerOfTwo(n: number): boolean {
  return n === 1 || largestPowerBelow(n) * 2 === n;
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function assertWithin(name: string, value: number, lowest: number, highest: number): void {
  if (!Number.isSafeInteger(value) || value < lowest || value > highest) {
    throw new RangeError(`${name} must be a whole number from ${lowest} to ${highest}`);
  }
}
