// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AppError } from '../errors';

/** Bytes of the binding that a cursor carries: 96 bits. */
const BINDING_BYTES = 12;

/**
 * An opaque place in one list: after the entry at `position`, for this list only. `list` names whose list it
 * is and how it is filtered; a cursor presented with anything else is refused, so that it can neither be
 * carried to another patient nor silently change its meaning. It grants nothing: the subject always comes
 * from the caller's own session or token.
 */
export function writeCursor(position: number, list: readonly unknown[]): string {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(position));
  return Buffer.concat([place, binding(list)]).toString('base64url');
}

/** @throws AppError BAD_REQUEST when the cursor is malformed or belongs to another list. */
export function readCursor(cursor: string, list: readonly unknown[]): number {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== 8 + BINDING_BYTES || bytes.toString('base64url') !== cursor) {
    throw refused('cursor: is not one that this service gave out; leave it out to start at the newest');
  }
  const position = bytes.readBigUInt64BE();
  if (!bytes.subarray(8).equals(binding(list)) || position > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refused(
      'cursor: belongs to another list; use it with the same caller and filters, or leave it out to start at the newest',
    );
  }
  return Number(position);
}

function binding(list: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(list)).digest().subarray(0, BINDING_BYTES);
}

function refused(text: string): AppError {
  return new AppError('BAD_REQUEST', 'cursor refused', { expose: text });
}
