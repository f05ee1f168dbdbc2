// SPDX-License-Identifier: Apache-2.0
import { ledger } from '@hyperledger/fabric-protos';
import { fromProtoVersion, type Version } from './version';

const { TxReadWriteSet, TxPvtReadWriteSet } = ledger.rwset;
const { KVRWSet, HashedRWSet } = ledger.rwset.kvrwset;

export interface RangeRead {
  startKey: string;
  /** Exclusive when `exhausted`, else the last key that was read. */
  endKey: string;
  exhausted: boolean;
  reads: { key: string; version: Version | undefined }[];
}

export interface HashedWrite {
  keyHash: Uint8Array;
  valueHash: Uint8Array;
  isDelete: boolean;
  isPurge: boolean;
}

export interface CollectionSet {
  name: string;
  reads: { keyHash: Uint8Array; version: Version | undefined }[];
  writes: HashedWrite[];
  /** SHA-256 of the private writes; empty when there are none. */
  privateHash: Uint8Array;
}

export interface NamespaceSet {
  namespace: string;
  reads: { key: string; version: Version | undefined }[];
  ranges: RangeRead[];
  writes: { key: string; value: Uint8Array; isDelete: boolean }[];
  metadataWrites: number;
  collections: CollectionSet[];
}

export interface PrivateWrite {
  key: string;
  value: Uint8Array;
  isDelete: boolean;
}

/** Public part of a simulation's results. Throws when the bytes do not parse. */
export function decodeReadWriteSet(bytes: Uint8Array): NamespaceSet[] {
  return TxReadWriteSet.deserializeBinary(bytes)
    .getNsRwsetList()
    .map((set) => {
      const keys = KVRWSet.deserializeBinary(set.getRwset_asU8());
      return {
        namespace: set.getNamespace(),
        reads: keys
          .getReadsList()
          .map((read) => ({ key: read.getKey(), version: fromProtoVersion(read.getVersion()) })),
        ranges: keys.getRangeQueriesInfoList().map(decodeRange),
        writes: keys.getWritesList().map((write) => ({
          key: write.getKey(),
          value: write.getValue_asU8(),
          isDelete: write.getIsDelete(),
        })),
        metadataWrites: keys.getMetadataWritesList().length,
        collections: set.getCollectionHashedRwsetList().map(decodeCollection),
      };
    });
}

function decodeRange(info: ledger.rwset.kvrwset.RangeQueryInfo): RangeRead {
  const reads = info.getRawReads()?.getKvReadsList() ?? [];
  return {
    startKey: info.getStartKey(),
    endKey: info.getEndKey(),
    exhausted: info.getItrExhausted(),
    reads: reads.map((read) => ({ key: read.getKey(), version: fromProtoVersion(read.getVersion()) })),
  };
}

function decodeCollection(collection: ledger.rwset.CollectionHashedReadWriteSet): CollectionSet {
  const hashed = HashedRWSet.deserializeBinary(collection.getHashedRwset_asU8());
  return {
    name: collection.getCollectionName(),
    reads: hashed.getHashedReadsList().map((read) => ({
      keyHash: read.getKeyHash_asU8(),
      version: fromProtoVersion(read.getVersion()),
    })),
    writes: hashed.getHashedWritesList().map((write) => ({
      keyHash: write.getKeyHash_asU8(),
      valueHash: write.getValueHash_asU8(),
      isDelete: write.getIsDelete(),
      isPurge: write.getIsPurge(),
    })),
    privateHash: collection.getPvtRwsetHash_asU8(),
  };
}

/** The private writes of one collection, as the bytes whose hash the public part holds. */
export interface PrivateSet {
  namespace: string;
  collection: string;
  bytes: Uint8Array;
}

/** Splits `rwset.TxPvtReadWriteSet` into its collections. */
export function decodePrivateSets(bytes: Uint8Array): PrivateSet[] {
  return TxPvtReadWriteSet.deserializeBinary(bytes)
    .getNsPvtRwsetList()
    .flatMap((namespace) =>
      namespace.getCollectionPvtRwsetList().map((collection) => ({
        namespace: namespace.getNamespace(),
        collection: collection.getCollectionName(),
        bytes: collection.getRwset_asU8(),
      })),
    );
}

export function decodePrivateWrites(bytes: Uint8Array): PrivateWrite[] {
  return KVRWSet.deserializeBinary(bytes)
    .getWritesList()
    .map((write) => ({ key: write.getKey(), value: write.getValue_asU8(), isDelete: write.getIsDelete() }));
}
