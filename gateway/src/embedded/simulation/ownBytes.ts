// SPDX-License-Identifier: Apache-2.0

/**
 * A copy whose buffer holds nothing else. Posting a view to another thread would copy the whole buffer behind
 * it, which may be a large message or Node's shared pool.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}
