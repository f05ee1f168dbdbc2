// SPDX-License-Identifier: Apache-2.0
import { decodePrivateSets, type PrivateSet } from '../protocol/readWriteSet';
import { sha256 } from '../protocol/sha256';

/** Blocks after which data of a transaction that never came is forgotten. */
const KEEP_BLOCKS = 1000;

interface Pooled {
  height: number;
  sets: (PrivateSet & { hash: Buffer })[];
}

/** Private writes of endorsed transactions that are not committed yet: memory only, so personal data rest nowhere else. */
export class PrivateDataPool {
  private readonly byTransaction = new Map<string, Pooled>();

  /** Keeps what one endorsement produced; `height` is the chain's at that moment. */
  add(transactionId: string, privateResults: Uint8Array, height: number): void {
    const pooled = this.byTransaction.get(transactionId) ?? { height, sets: [] };
    for (const set of decodePrivateSets(privateResults)) {
      const hash = sha256(set.bytes);
      if (!pooled.sets.some((known) => sameSet(known, set) && known.hash.equals(hash)))
        pooled.sets.push({ ...set, hash });
    }
    this.byTransaction.set(transactionId, pooled);
  }

  /** The private writes with the given hash, or undefined: not endorsed here, forgotten, or lost with the process. */
  find(
    transactionId: string,
    namespace: string,
    collection: string,
    hash: Uint8Array,
  ): Uint8Array | undefined {
    const sets = this.byTransaction.get(transactionId)?.sets ?? [];
    return sets.find((set) => sameSet(set, { namespace, collection }) && set.hash.equals(hash))?.bytes;
  }

  /** Forgets committed transactions and, now and then, those that never came. */
  forget(transactionIds: Iterable<string>, height: number): void {
    for (const id of transactionIds) this.byTransaction.delete(id);
    if (height % 100 !== 0) return;
    for (const [id, pooled] of this.byTransaction) {
      if (pooled.height + KEEP_BLOCKS < height) this.byTransaction.delete(id);
    }
  }
}

function sameSet(
  a: { namespace: string; collection: string },
  b: { namespace: string; collection: string },
): boolean {
  return a.namespace === b.namespace && a.collection === b.collection;
}
