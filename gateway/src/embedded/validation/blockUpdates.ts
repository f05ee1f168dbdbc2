// SPDX-License-Identifier: Apache-2.0
import type { CollectionSet, NamespaceSet } from '../protocol/readWriteSet';
import { compareKeys } from '../protocol/keyOrder';
import type { Version } from '../protocol/version';

export interface PublicUpdate {
  value: Uint8Array | undefined;
  version: Version;
}

export interface HashUpdate {
  keyHash: Uint8Array;
  valueHash: Uint8Array | undefined;
  isPurge: boolean;
  version: Version;
}

/**
 * What the valid transactions of a block have written so far; later transactions of the block are judged
 * against it.
 */
export class BlockUpdates {
  readonly namespaces = new Map<string, Map<string, PublicUpdate>>();
  /** namespace → collection → key hash (hex) → update. */
  readonly hashes = new Map<string, Map<string, Map<string, HashUpdate>>>();

  apply(sets: readonly NamespaceSet[], version: Version): void {
    for (const set of sets) {
      for (const write of set.writes) {
        child(this.namespaces, set.namespace).set(write.key, {
          value: write.isDelete ? undefined : write.value,
          version,
        });
      }
      for (const collection of set.collections) {
        this.#applyCollection(set.namespace, collection, version);
      }
    }
  }

  #applyCollection(namespace: string, collection: CollectionSet, version: Version): void {
    if (collection.writes.length === 0) {
      return;
    }
    const updates = child(child(this.hashes, namespace), collection.name);
    for (const { keyHash, valueHash, isDelete, isPurge } of collection.writes) {
      updates.set(hex(keyHash), { keyHash, valueHash: isDelete ? undefined : valueHash, isPurge, version });
    }
  }

  publicUpdate(namespace: string, key: string): PublicUpdate | undefined {
    return this.namespaces.get(namespace)?.get(key);
  }

  writesHash(namespace: string, collection: string, keyHash: Uint8Array): boolean {
    return this.hashes.get(namespace)?.get(collection)?.has(hex(keyHash)) ?? false;
  }

  /** Keys written in a range, in byte order. */
  keysInRange(namespace: string, start: string, end: string, includeEnd: boolean): string[] {
    const keys = [...(this.namespaces.get(namespace)?.keys() ?? [])];
    const before = (key: string): boolean => {
      const order = compareKeys(key, end);
      return end === '' || order < 0 || (includeEnd && order === 0);
    };
    return keys.filter((key) => compareKeys(key, start) >= 0 && before(key)).sort(compareKeys);
  }
}

function child<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let value = map.get(key);
  if (!value) {
    value = new Map();
    map.set(key, value);
  }
  return value;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
