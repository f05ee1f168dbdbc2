// SPDX-License-Identifier: Apache-2.0
import { BinaryWriter } from 'google-protobuf';
import { compareKeys } from '../protocol/keyOrder';
import { sha256 } from '../protocol/sha256';
import type { Version } from '../protocol/version';
import type { BlockUpdates } from '../validation/blockUpdates';

/** Fabric's order-preserving form of a number: count of significant bytes, then the bytes. */
function orderedNumber(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  return Buffer.concat([Buffer.from([significant.length]), significant]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

interface Write {
  namespace?: string;
  collection?: string;
  key: Uint8Array;
  value: Uint8Array | undefined;
  version: Version;
}

function encodeWrite(write: Write): Uint8Array {
  const writer = new BinaryWriter();
  if (write.namespace !== undefined) {
    writer.writeString(1, write.namespace);
  }
  if (write.collection !== undefined) {
    writer.writeString(2, write.collection);
  }
  if (write.key.length > 0) {
    writer.writeBytes(3, write.key);
  }
  if (write.value === undefined) {
    writer.writeBool(4, true);
  } else {
    writer.writeBytes(5, write.value);
  }
  writer.writeBytes(6, Buffer.concat([orderedNumber(write.version.block), orderedNumber(write.version.tx)]));
  return writer.getResultBuffer();
}

function writesOf(updates: BlockUpdates): Write[] {
  const namespaces = [...new Set([...updates.namespaces.keys(), ...updates.hashes.keys()])].sort(compareKeys);
  return namespaces.flatMap((namespace) => {
    const own = [...publicWrites(updates, namespace), ...hashWrites(updates, namespace)];
    const [first] = own;
    if (first) {
      first.namespace = namespace;
    }
    return own;
  });
}

function publicWrites(updates: BlockUpdates, namespace: string): Write[] {
  return [...(updates.namespaces.get(namespace) ?? [])]
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, { value, version }]) => ({ key: Buffer.from(key), value, version }));
}

function hashWrites(updates: BlockUpdates, namespace: string): Write[] {
  return [...(updates.hashes.get(namespace) ?? [])]
    .sort(([a], [b]) => compareKeys(a, b))
    .flatMap(([collection, writes]) => {
      const sorted = [...writes.values()].sort((a, b) => Buffer.compare(a.keyHash, b.keyHash));
      const own: Write[] = sorted.map(({ keyHash, valueHash, version }) => ({
        key: keyHash,
        value: valueHash,
        version,
      }));
      const [first] = own;
      if (first) {
        first.collection = collection;
      }
      return own;
    });
}

/**
 * Fabric's commit hash: chains validation codes and state changes of every block, so that two peers which
 * committed the same blocks differently are found out.
 */
export function commitHash(
  codes: Uint8Array,
  updates: BlockUpdates,
  previous: Uint8Array | undefined,
): Buffer {
  const writer = new BinaryWriter();
  for (const write of writesOf(updates)) {
    writer.writeBytes(1, encodeWrite(write));
  }
  return sha256(varint(codes.length), codes, writer.getResultBuffer(), previous ?? new Uint8Array());
}
