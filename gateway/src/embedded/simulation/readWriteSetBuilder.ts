// SPDX-License-Identifier: Apache-2.0
import { ledger } from '@hyperledger/fabric-protos';
import { sha256 } from '../protocol/sha256';
import { valuesByKey } from '../protocol/keyOrder';
import { toProtoVersion, type Version } from '../protocol/version';

const { rwset } = ledger;
const { kvrwset } = ledger.rwset;
type KVRead = ledger.rwset.kvrwset.KVRead;
type KVWrite = ledger.rwset.kvrwset.KVWrite;
type KVReadHash = ledger.rwset.kvrwset.KVReadHash;
type KVWriteHash = ledger.rwset.kvrwset.KVWriteHash;

/** A range scan as it is recorded for the phantom check. */
export interface RangeRecord {
  startKey: string;
  endKey: string;
  exhausted: boolean;
  reads: KVRead[];
}

class CollectionBuilder {
  readonly reads = new Map<string, KVReadHash>();
  readonly hashedWrites = new Map<string, KVWriteHash>();
  readonly privateWrites = new Map<string, KVWrite>();
}

class NamespaceBuilder {
  readonly reads = new Map<string, KVRead>();
  readonly writes = new Map<string, KVWrite>();
  readonly ranges: RangeRecord[] = [];
  readonly collections = new Map<string, CollectionBuilder>();

  collection(name: string): CollectionBuilder {
    return getOrMake(this.collections, name, () => new CollectionBuilder());
  }
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

export function kvRead(key: string, version: Version | undefined): KVRead {
  const read = new kvrwset.KVRead();
  read.setKey(key);
  if (version) {
    read.setVersion(toProtoVersion(version));
  }
  return read;
}

/**
 * Collects what a simulation read and wrote, and encodes it as Fabric does: sorted by bytes, last write of a
 * key wins.
 */
export class ReadWriteSetBuilder {
  readonly #namespaces = new Map<string, NamespaceBuilder>();

  #namespace(name: string): NamespaceBuilder {
    return getOrMake(this.#namespaces, name, () => new NamespaceBuilder());
  }

  read(namespace: string, key: string, version: Version | undefined): void {
    this.#namespace(namespace).reads.set(key, kvRead(key, version));
  }

  /** An empty or absent value is a delete. */
  write(namespace: string, key: string, value: Uint8Array | undefined): void {
    this.#namespace(namespace).writes.set(key, kvWrite(key, value));
  }

  range(namespace: string, record: RangeRecord): void {
    this.#namespace(namespace).ranges.push(record);
  }

  hashedRead(
    namespace: string,
    collection: string,
    key: string,
    keyHash: Uint8Array,
    version: Version | undefined,
  ): void {
    const read = new kvrwset.KVReadHash();
    read.setKeyHash(keyHash);
    if (version) {
      read.setVersion(toProtoVersion(version));
    }
    this.#namespace(namespace).collection(collection).reads.set(key, read);
  }

  privateWrite(namespace: string, collection: string, key: string, value: Uint8Array | undefined): void {
    const builder = this.#namespace(namespace).collection(collection);
    const write = kvWrite(key, value);
    builder.privateWrites.set(key, write);
    const hashed = new kvrwset.KVWriteHash();
    hashed.setKeyHash(sha256(key));
    if (write.getIsDelete()) {
      hashed.setIsDelete(true);
    } else {
      hashed.setValueHash(sha256(write.getValue_asU8()));
    }
    builder.hashedWrites.set(key, hashed);
  }

  purge(namespace: string, collection: string, key: string): void {
    this.privateWrite(namespace, collection, key, undefined);
    this.#namespace(namespace).collection(collection).hashedWrites.get(key)?.setIsPurge(true);
  }

  /** `rwset.TxReadWriteSet` and, when private data was written, `rwset.TxPvtReadWriteSet`. */
  encode(): { results: Uint8Array; privateResults: Uint8Array | undefined } {
    const publicSet = new rwset.TxReadWriteSet();
    publicSet.setDataModel(rwset.TxReadWriteSet.DataModel.KV);
    const privateSet = new rwset.TxPvtReadWriteSet();
    privateSet.setDataModel(rwset.TxReadWriteSet.DataModel.KV);
    for (const [name, builder] of sorted(this.#namespaces)) {
      const { hashed, secret } = encodeCollections(builder);
      publicSet.addNsRwset(encodeNamespace(name, builder, hashed));
      if (secret.length > 0) {
        const namespace = new rwset.NsPvtReadWriteSet();
        namespace.setNamespace(name);
        namespace.setCollectionPvtRwsetList(secret);
        privateSet.addNsPvtRwset(namespace);
      }
    }
    const hasPrivate = privateSet.getNsPvtRwsetList().length > 0;
    return {
      results: publicSet.serializeBinary(),
      privateResults: hasPrivate ? privateSet.serializeBinary() : undefined,
    };
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return valuesByKey(new Map([...map].map(([key, value]) => [key, [key, value] as [string, T]])));
}

function kvWrite(key: string, value: Uint8Array | undefined): KVWrite {
  const write = new kvrwset.KVWrite();
  write.setKey(key);
  if (value === undefined || value.length === 0) {
    write.setIsDelete(true);
  } else {
    write.setValue(value);
  }
  return write;
}

function encodeNamespace(
  name: string,
  builder: NamespaceBuilder,
  hashed: ledger.rwset.CollectionHashedReadWriteSet[],
): ledger.rwset.NsReadWriteSet {
  const keys = new kvrwset.KVRWSet();
  keys.setReadsList(valuesByKey(builder.reads));
  keys.setRangeQueriesInfoList(distinct(builder.ranges).map(encodeRange));
  keys.setWritesList(valuesByKey(builder.writes));
  const set = new rwset.NsReadWriteSet();
  set.setNamespace(name);
  set.setRwset(keys.serializeBinary());
  set.setCollectionHashedRwsetList(hashed);
  return set;
}

/** As a peer does: of scans that ended alike, the first one stands for all. */
function distinct(records: readonly RangeRecord[]): RangeRecord[] {
  const first = new Map<string, RangeRecord>();
  for (const record of records) {
    const key = JSON.stringify([record.startKey, record.endKey, record.exhausted]);
    if (!first.has(key)) {
      first.set(key, record);
    }
  }
  return [...first.values()];
}

function encodeRange(record: RangeRecord): ledger.rwset.kvrwset.RangeQueryInfo {
  const info = new kvrwset.RangeQueryInfo();
  info.setStartKey(record.startKey);
  info.setEndKey(record.endKey);
  info.setItrExhausted(record.exhausted);
  if (record.reads.length > 0) {
    const reads = new kvrwset.QueryReads();
    reads.setKvReadsList(record.reads);
    info.setRawReads(reads);
  }
  return info;
}

function encodeCollections(builder: NamespaceBuilder): {
  hashed: ledger.rwset.CollectionHashedReadWriteSet[];
  secret: ledger.rwset.CollectionPvtReadWriteSet[];
} {
  const hashed: ledger.rwset.CollectionHashedReadWriteSet[] = [];
  const secret: ledger.rwset.CollectionPvtReadWriteSet[] = [];
  for (const [name, collection] of sorted(builder.collections)) {
    const hashes = new kvrwset.HashedRWSet();
    hashes.setHashedReadsList(valuesByKey(collection.reads));
    hashes.setHashedWritesList(valuesByKey(collection.hashedWrites));
    const set = new rwset.CollectionHashedReadWriteSet();
    set.setCollectionName(name);
    set.setHashedRwset(hashes.serializeBinary());
    if (collection.privateWrites.size > 0) {
      const keys = new kvrwset.KVRWSet();
      keys.setWritesList(valuesByKey(collection.privateWrites));
      const bytes = keys.serializeBinary();
      set.setPvtRwsetHash(sha256(bytes));
      const own = new rwset.CollectionPvtReadWriteSet();
      own.setCollectionName(name);
      own.setRwset(bytes);
      secret.push(own);
    }
    hashed.push(set);
  }
  return { hashed, secret };
}
