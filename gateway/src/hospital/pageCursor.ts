// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { AppError } from '../errors';
import type { Place } from './pagedSource';

/** What a cursor is good for: it opens nothing else. */
export interface CursorUse {
  /** The client application that asks. */
  readonly clientId: string;
  /** Path below the FHIR base, for instance `Observation`. */
  readonly path: string;
  /** The parameters as understood, which name the one patient; without the cursor. */
  readonly parameters: URLSearchParams;
}

export interface PageCursors {
  /** Text that says nothing about the place, neither by its content nor by its length. */
  seal(place: Place, use: CursorUse): string;
  /** @throws AppError BAD_REQUEST when the text is not a cursor of this use, or too old. */
  open(text: string, use: CursorUse): Place;
}

export interface PageCursorOptions {
  /**
   * At least 32 bytes, the same at all gateways that answer under one base URL; no other organisation knows
   * it.
   */
  readonly key: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** How long a cursor is good for. */
  readonly maxAgeSeconds: number;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Smallest size of a sealed place; each next one has twice as many bytes. */
const MIN_BYTES = 512;
const MAX_BYTES = 4096;
/** Clocks of gateways that share a key differ by less. */
const SKEW_MS = 60_000;

interface SealedPlace {
  readonly place: Place;
  readonly at: number;
}

/** Seals places with AES-256-GCM under a key of its own, derived by HKDF. */
export function createPageCursors(options: PageCursorOptions): PageCursors {
  const key = new Uint8Array(hkdfSync('sha256', options.key, '', 'chartwitness page cursor 1', KEY_BYTES));
  return {
    seal: (place, use) => {
      const text = padded({ place, at: options.clock() });
      const iv = options.random(IV_BYTES);
      const cipher = createCipheriv(CIPHER, key, iv).setAAD(bindingOf(use));
      return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open: (text, use) => {
      const sealed = unsealed(text, key, use);
      const age = sealed === undefined ? Infinity : options.clock() - sealed.at;
      if (sealed === undefined || age > options.maxAgeSeconds * 1000 || age < -SKEW_MS) {
        throw new AppError('BAD_REQUEST', 'a page cursor that is not valid here', {
          expose: 'This link to a further page is not valid, or no longer; search again.',
        });
      }
      return sealed.place;
    },
  };
}

/** What the ciphertext is bound to, in a form in which no two uses share a text. */
function bindingOf({ clientId, path, parameters }: CursorUse): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([clientId, path, [...parameters]]))
    .digest();
}

/**
 * The place as bytes of one of few sizes. A link of the source that is too long is left out: the place is
 * then found by counting.
 */
function padded(sealed: SealedPlace): Uint8Array {
  const whole = Buffer.from(JSON.stringify(sealed));
  const bytes = whole.length <= MAX_BYTES ? whole : Buffer.from(JSON.stringify(withoutLink(sealed)));
  let size = MIN_BYTES;
  while (size < bytes.length) {
    size *= 2;
  }
  return Buffer.concat([bytes, Buffer.alloc(size - bytes.length, ' ')]);
}

function withoutLink({ place: { position, count, isByName = false }, at }: SealedPlace): SealedPlace {
  return { place: { position, count, index: position, ...(isByName ? { isByName } : {}) }, at };
}

function unsealed(text: string, key: Uint8Array, use: CursorUse): SealedPlace | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) {
    return undefined;
  }
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES))
      .setAAD(bindingOf(use))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    // What opens was sealed here, so it has the form that it was sealed in.
    return JSON.parse(plain.toString()) as SealedPlace;
  } catch {
    return undefined;
  }
}
