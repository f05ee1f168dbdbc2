// SPDX-License-Identifier: Apache-2.0
import { decodePrivateSets, type PrivateSet } from '../protocol/readWriteSet';
import { sha256 } from '../protocol/sha256';
import type { TransientSet, TransientStore } from '../store/transientStore';

/** Blocks after which data of a transaction that never came is forgotten. */
const KEEP_BLOCKS = 1000;

interface Pooled {
  height: number;
  sets: (PrivateSet & { hash: Buffer })[];
}

/**
 * Private writes of endorsed transactions that are not committed yet, from this process or from one before
 * it.
 */
export class PrivateDataPool {
  readonly #byTransaction = new Map<string, Pooled>();

  readonly #store: TransientStore;

  constructor(store: TransientStore) {
    this.#store = store;

    for (const { transactionId, height, ...set } of store.all()) {
      this.#keep(transactionId, height, set);
    }
  }

  /** Keeps what one endorsement produced; `height` is the chain's at that moment. */
  add(transactionId: string, privateResults: Uint8Array, height: number): void {
    const added: TransientSet[] = [];
    for (const set of decodePrivateSets(privateResults)) {
      if (this.#keep(transactionId, height, set)) {
        added.push({ transactionId, height, ...set });
      }
    }
    this.#store.add(added);
  }

  /** @returns whether it is new. */
  #keep(transactionId: string, height: number, set: PrivateSet): boolean {
    const pooled = this.#byTransaction.get(transactionId) ?? { height, sets: [] };
    const hash = sha256(set.bytes);
    this.#byTransaction.set(transactionId, pooled);
    if (pooled.sets.some((known) => sameSet(known, set) && known.hash.equals(hash))) {
      return false;
    }
    pooled.sets.push({ ...set, hash });
    return true;
  }

  /**
   * The private writes with the given hash, or undefined: not endorsed here, forgotten, or lost with the
   * disk.
   */
  find(
    transactionId: string,
    namespace: string,
    collection: string,
    hash: Uint8Array,
  ): Uint8Array | undefined {
    const sets = this.#byTransaction.get(transactionId)?.sets ?? [];
    return sets.find((set) => sameSet(set, { namespace, collection }) && set.hash.equals(hash))?.bytes;
  }

  /** Forgets committed transactions and, now and then, those that never came. */
  forget(transactionIds: Iterable<string>, height: number): void {
    const gone = [...transactionIds].filter((id) => this.#byTransaction.has(id));
    if (height % 100 === 0) {
      for (const [id, pooled] of this.#byTransaction) {
        if (pooled.height + KEEP_BLOCKS < height) {
          gone.push(id);
        }
      }
    }
    for (const id of gone) {
      this.#byTransaction.delete(id);
    }
    this.#store.remove(gone);
  }
}

function sameSet(
  a: { namespace: string; collection: string },
  b: { namespace: string; collection: string },
): boolean {
  return a.namespace === b.namespace && a.collection === b.collection;
}
