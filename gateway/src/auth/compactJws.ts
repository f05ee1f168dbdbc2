// SPDX-License-Identifier: Apache-2.0
import { parseStrictObject, type JsonObject } from './strictJson';

/**
 * A token that is refused before its signature is looked at. The message is for the log and never quotes the
 * token.
 */
export class JwsRefused extends Error {
  override readonly name = 'JwsRefused';
}

/** Larger tokens are refused unread; a token of this gateway has about 1 KiB. */
export const MAX_JWS_BYTES = 8192;
const MAX_KID_LENGTH = 256;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * Header members that let a sender choose the key, change how the signature is computed, or demand
 * extensions. None is ever needed here, because keys come from the Registry or the configured issuer alone
 * (RFC 8725 §3.10).
 */
const BANNED_HEADERS = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'] as const;

/**
 * The form that a JWS must have before its signature is checked: at most {@link MAX_JWS_BYTES}, three
 * canonical base64url parts, a header that is a JSON object without repeated names and without banned
 * members. Says nothing about who signed.
 * @throws {@link JwsRefused}
 */
export function inspectHeader(token: string): JsonObject {
  if (token.length > MAX_JWS_BYTES) {
    throw new JwsRefused('larger than the limit');
  }
  const parts = token.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw new JwsRefused('not a compact JWS of three parts');
  }
  decodeBase64url(payload);
  decodeBase64url(signature);
  const members = decodeObject(header);
  checkHeader(members);
  return members;
}

/**
 * The claims of a token whose signature was verified: a JSON object without repeated names at any depth.
 * @throws {@link JwsRefused}
 */
export function readClaims(token: string): JsonObject {
  return decodeObject(token.split('.')[1] ?? '');
}

function checkHeader(header: JsonObject): void {
  for (const name of BANNED_HEADERS) {
    if (Object.hasOwn(header, name)) {
      throw new JwsRefused(`header member "${name}" is not allowed`);
    }
  }
  const { kid } = header;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) {
    throw new JwsRefused('kid is not a string of acceptable length');
  }
}

function decodeObject(part: string): JsonObject {
  try {
    return parseStrictObject(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodeBase64url(part)),
    );
  } catch (cause) {
    throw cause instanceof JwsRefused
      ? cause
      : new JwsRefused('a part is not a strict JSON object', { cause });
  }
}

function decodeBase64url(part: string): Uint8Array {
  const bytes = Buffer.from(part, 'base64url');
  // Trailing bits that decode to nothing would give one token several spellings.
  if (!BASE64URL.test(part) || bytes.toString('base64url') !== part) {
    throw new JwsRefused('a part is not canonical base64url');
  }
  return bytes;
}
