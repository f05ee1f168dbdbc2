// SPDX-License-Identifier: Apache-2.0
import { encodeBase64url } from './base64url';
import { DomainError } from './errors';

/** HMAC-SHA-256 of `data` under `key`, as the platform offers it. */
export type HmacSha256 = (key: Uint8Array, data: Uint8Array) => Uint8Array;

/** A ledger pseudonym: 32 bytes in base64url. */
export const SUBJECT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

const MIN_KEY_BYTES = 32;
const MAX_PART = 1024;
const NOT_ALLOWED = /[\p{Surrogate}\p{Cc}]/u;
const encoder = new TextEncoder();

/**
 * The pseudonym of a patient: base64url of HMAC-SHA-256(consortium key, `system|value`). `system` is the
 * identifier's URI; it must not hold `|`, or two patients could share a text. Both are compared exactly, so
 * the caller passes what an `IdentifierTable` made of them. `INVALID_INPUT` for an empty, overlong or
 * unprintable part.
 * @throws RangeError for a key of less than 32 bytes.
 */
export function subjectPseudonym(
  hmacSha256: HmacSha256,
  key: Uint8Array,
  system: string,
  value: string,
): string {
  if (key.length < MIN_KEY_BYTES) {
    throw new RangeError(`the consortium key must have at least ${MIN_KEY_BYTES} bytes`);
  }
  if (!isPart(system) || system.includes('|') || !isPart(value)) {
    throw new DomainError(
      'INVALID_INPUT',
      `patient identifier: expected a system URI without "|" and a value, each of 1–${MAX_PART} printable characters`,
    );
  }
  return encodeBase64url(hmacSha256(key, encoder.encode(`${system}|${value}`)));
}

function isPart(text: string): boolean {
  return text.length > 0 && text.length <= MAX_PART && !NOT_ALLOWED.test(text);
}
