// SPDX-License-Identifier: Apache-2.0
import { DomainError } from './errors';

const LONE_SURROGATE = /\p{Surrogate}/u;
/** Deeper values are refused, so that hostile input cannot exhaust the stack. */
const MAX_DEPTH = 64;

const encoder = new TextEncoder();

/**
 * The canonical JSON text of a value (RFC 8785): keys in UTF-16 code unit order, no white space, numbers as
 * ECMAScript prints them. Refuses with `INVALID_INPUT` whatever JSON cannot carry unchanged: `undefined`,
 * functions, symbols, bigints, NaN, infinities, lone surrogates, holes in arrays, instances of classes, and
 * nesting of more than 64 levels.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

/** {@link canonicalJson} in UTF-8: the bytes that are hashed and stored. */
export function canonicalBytes(value: unknown): Uint8Array {
  return encoder.encode(canonicalJson(value));
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      return writeNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : writeComposite(value, depth + 1);
    case 'undefined':
    case 'function':
    case 'symbol':
    case 'bigint':
      throw refused(`a value of type ${typeof value}`);
  }
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) {
    throw refused('a number that is not finite');
  }
  // Negative zero prints as 0.
  return String(value);
}

function writeString(text: string): string {
  const quoted = JSON.stringify(text);
  // JSON.stringify writes a lone surrogate as an escape, so that nearly every string is cleared by a plain
  // search.
  if (quoted.includes('\\ud') && LONE_SURROGATE.test(text)) {
    throw refused('a string with a lone surrogate');
  }
  return quoted;
}

function writeComposite(value: object, depth: number): string {
  if (depth > MAX_DEPTH) {
    throw refused(`nesting of more than ${MAX_DEPTH} levels`);
  }
  if (Array.isArray(value)) {
    return writeArray(value, depth);
  }
  if (!isPlain(value)) {
    throw refused('an instance of a class');
  }
  const entries = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const key of Object.keys(entries).sort()) {
    if (text.length > 1) {
      text += ',';
    }
    text += `${writeString(key)}:${write(entries[key], depth)}`;
  }
  return text + '}';
}

function writeArray(values: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) {
      text += ',';
    }
    text += write(values[i], depth);
  }
  return text + ']';
}

/** A plain object of this or another realm: its prototype is absent or has none itself. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function refused(what: string): DomainError {
  return new DomainError('INVALID_INPUT', `canonical JSON cannot carry ${what}`);
}
