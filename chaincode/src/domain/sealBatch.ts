// SPDX-License-Identifier: Apache-2.0
import { encodeBase64url } from './base64url';
import type { BatchRecord, PrivateBatch } from './batch';
import { canonicalJson } from './canonical';
import { type Digest, merkleLeafHash, merkleRoot } from './merkle';

const encoder = new TextEncoder();

/**
 * The canonical bytes of a private batch together with its public record, writing each event out once: the
 * same as `canonicalBytes(batch)` and `batchRecordOf(batch)`.
 */
export function sealBatch(
  { start, events }: PrivateBatch,
  digest: Digest,
): { bytes: Uint8Array; record: BatchRecord } {
  const texts = events.map((event) => canonicalJson(event));
  const leaves = texts.map((text) => merkleLeafHash(encoder.encode(text), digest));
  const batchRoot = encodeBase64url(merkleRoot(leaves, digest));
  const bytes = encoder.encode(`{"events":[${texts.join(',')}],"start":${canonicalJson(start)}}`);
  return { bytes, record: { start, count: events.length, batchRoot } };
}
