// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from './accessEvent';
import { encodeBase64url } from './base64url';
import type { BatchRecord, PrivateBatch } from './batch';
import { canonicalBytes } from './canonical';
import { type Digest, merkleLeafHash, merkleRoot } from './merkle';

/**
 * Leaf of a batch's tree: `SHA-256(0x00 ‖ JCS(event))`. The event's salt keeps the hash from being guessed.
 */
export function leafHash(event: AccessEvent, digest: Digest): Uint8Array {
  return merkleLeafHash(canonicalBytes(event), digest);
}

/**
 * Leaf of a lane's log: `SHA-256(0x00 ‖ JCS(record))`. The lane's checkpoint is the head over its records in
 * `seq` order.
 */
export function recordLeafHash(record: BatchRecord, digest: Digest): Uint8Array {
  return merkleLeafHash(canonicalBytes(record), digest);
}

/** The public record that a private batch must have on the ledger. */
export function batchRecordOf(batch: PrivateBatch, digest: Digest): BatchRecord {
  const leaves = batch.events.map((event) => leafHash(event, digest));
  return {
    start: batch.start,
    count: leaves.length,
    batchRoot: encodeBase64url(merkleRoot(leaves, digest)),
  };
}
