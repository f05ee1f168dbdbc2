// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent } from './accessEvent';
import { decodeBase64url, encodeBase64url } from './base64url';
import { DomainError } from './errors';

/**
 * `Record`'s return value: one bit per item over all events in order, most significant bit first, spare bits
 * 0, base64url.
 */
export function encodePermitted(events: readonly Pick<AccessEvent, 'items'>[]): string {
  const decisions = events.flatMap((event) => event.items.map((item) => item.decision === 'permit'));
  const bytes = new Uint8Array(Math.ceil(decisions.length / 8));
  decisions.forEach((permitted, i) => {
    if (permitted) {
      bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (0x80 >> (i & 7));
    }
  });
  return encodeBase64url(bytes);
}

/**
 * Whether each item of each request is permitted, from `Record`'s return value and the number of items of
 * each request. `CORRUPT` when the text is not a bitmap of exactly that many items: a reply that does not fit
 * must release nothing.
 */
export function decodePermitted(text: string, itemCounts: readonly number[]): boolean[][] {
  const total = itemCounts.reduce((sum, count) => sum + count, 0);
  const bytes = decodeBitmap(text);
  if (bytes.length !== Math.ceil(total / 8)) {
    throw unfit();
  }
  const bit = (i: number): boolean => ((bytes[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0;
  for (let i = total; i < bytes.length * 8; i++) {
    if (bit(i)) {
      throw unfit();
    }
  }
  let next = 0;
  return itemCounts.map((count) => Array.from({ length: count }, () => bit(next++)));
}

function decodeBitmap(text: string): Uint8Array {
  try {
    return decodeBase64url(text);
  } catch {
    // The decoder's code blames the caller's input; here it is the ledger's answer that is wrong.
    throw unfit();
  }
}

function unfit(): DomainError {
  return new DomainError('CORRUPT', 'the bitmap of permitted items does not fit the batch');
}
