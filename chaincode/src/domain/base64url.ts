// SPDX-License-Identifier: Apache-2.0
import { DomainError } from './errors';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = new Map(Array.from(ALPHABET, (letter, index) => [letter.charCodeAt(0), index]));

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET.charAt((pending >> bits) & 63);
    }
  }
  return bits > 0 ? text + ALPHABET.charAt((pending << (6 - bits)) & 63) : text;
}

/**
 * The bytes of unpadded base64url text. Refuses with `INVALID_INPUT` other letters, padding, impossible
 * lengths and non-zero spare bits, so that every byte string has exactly one text.
 */
export function decodeBase64url(text: string): Uint8Array {
  if (text.length % 4 === 1) {
    throw refused();
  }
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let pending = 0;
  let bits = 0;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUES.get(text.charCodeAt(i));
    if (value === undefined) {
      throw refused();
    }
    pending = ((pending << 6) | value) & 0x3fff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (pending >> bits) & 0xff;
    }
  }
  if ((pending & ((1 << bits) - 1)) !== 0) {
    throw refused();
  }
  return bytes;
}

function refused(): DomainError {
  return new DomainError('INVALID_INPUT', 'not base64url text without padding (RFC 4648 §5)');
}
