// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';

const MAX_PARAMETERS = 50;
const MAX_VALUE_LENGTH = 1024;
/** Of the gateway's own page cursor. */
const MAX_CURSOR_LENGTH = 8192;
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}(:[A-Za-z]{1,64})?$/;
const CONTROL = /\p{Cc}/u;
/**
 * Parameters of the searched type, in descending order or not; `.` and `:` would lead to other resources,
 * whose order would tell what they hold.
 */
const SORT = /^-?[a-z_][A-Za-z0-9_-]{0,63}(,-?[a-z_][A-Za-z0-9_-]{0,63})*$/;

/**
 * Handled by the gateway, never sent on. A subset (`_elements`, `_summary`) may leave out `meta.security`,
 * and so hide what must be withheld.
 */
const GATEWAY_PARAMETERS: ReadonlySet<string> = new Set([
  '_count',
  '_cursor',
  '_summary',
  '_elements',
  '_total',
  '_format',
  '_pretty',
  '_contained',
  '_containedType',
]);
/**
 * Search through other resources: an answer would tell what those hold, although only this one is asked of
 * the ledger.
 */
const INFERENCE_PARAMETERS: ReadonlySet<string> = new Set(['_has', '_filter', '_query', '_list']);
/** Of FHIR R4 for the searches of one type (§3.1.1.5). */
const SOURCE_PARAMETERS: ReadonlySet<string> = new Set([
  '_id',
  '_lastUpdated',
  '_tag',
  '_profile',
  '_security',
  '_text',
  '_content',
  '_source',
  '_sort',
  '_include',
  '_revinclude',
]);
/** Of `$everything` alone. */
const OPERATION_PARAMETERS: ReadonlySet<string> = new Set(['_since', '_type']);
const KNOWN = new Map(
  [...GATEWAY_PARAMETERS, ...INFERENCE_PARAMETERS, ...SOURCE_PARAMETERS, ...OPERATION_PARAMETERS].map(
    (name) => [name.toLowerCase(), name],
  ),
);

/** Whether the parameter, modifiers included, is the gateway's own matter and not sent on. */
export function isGatewayParameter(name: string): boolean {
  return GATEWAY_PARAMETERS.has(baseOf(name));
}

/** Whether the parameter belongs to `$everything` and means nothing in a search. */
export function isOperationParameter(name: string): boolean {
  return OPERATION_PARAMETERS.has(baseOf(name));
}

/** The name without its modifier. */
export function baseOf(name: string): string {
  return name.split(':')[0] ?? name;
}

/**
 * The parameters with each name that begins with `_` in FHIR's own spelling. Sources differ in whether they
 * look at case, so what is written otherwise must not be something else to the gateway than to the source.
 * @throws AppError BAD_REQUEST for malformed names and values, unknown names that begin with `_`, more than
 *   50 parameters, search through other resources, and sorting by them.
 */
export function understood(parameters: URLSearchParams): URLSearchParams {
  const all = [...parameters];
  if (all.length > MAX_PARAMETERS) {
    throw bad(`at most ${String(MAX_PARAMETERS)} search parameters are allowed`);
  }
  const result = new URLSearchParams();
  for (const [name, value] of all) {
    result.append(understoodName(name), understoodValue(name, value));
  }
  return result;
}

function understoodName(name: string): string {
  if (name.includes('.') || INFERENCE_PARAMETERS.has(KNOWN.get(baseOf(name).toLowerCase()) ?? '')) {
    throw bad(
      `search through other resources (chaining, ${[...INFERENCE_PARAMETERS].join(', ')}) is not supported`,
    );
  }
  if (!NAME.test(name)) {
    throw bad('a search parameter has a malformed name');
  }
  if (!name.startsWith('_')) {
    return name;
  }
  const base = baseOf(name);
  const known = KNOWN.get(base.toLowerCase());
  if (known === undefined) {
    throw bad(`the parameter ${base} is not supported`);
  }
  return `${known}${name.slice(base.length)}`;
}

function understoodValue(name: string, value: string): string {
  const maxLength = name === '_cursor' ? MAX_CURSOR_LENGTH : MAX_VALUE_LENGTH;
  if (value.length > maxLength || CONTROL.test(value)) {
    throw bad(`the value of ${baseOf(name)} is too long or holds control characters`);
  }
  if (baseOf(name).toLowerCase() === '_sort' && !SORT.test(value)) {
    throw bad(
      '_sort takes search parameters of the searched type, separated by commas, each with - or without',
    );
  }
  return value;
}

/** The error for a parameter that is not accepted; `reason` is shown. */
export function bad(reason: string): AppError {
  return new AppError('BAD_REQUEST', 'the search has a parameter that is not accepted', { expose: reason });
}
