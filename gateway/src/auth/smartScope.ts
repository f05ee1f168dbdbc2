// SPDX-License-Identifier: Apache-2.0
/**
 * The grammar of SMART App Launch 2.2 scopes: `patient/Consent.ru`, `system/*.rs`, and in the words of
 * version 1 `system/*.read`.
 */

/** What a scope may let its bearer do: create, read, update, delete, search. */
export type SmartLetter = 'c' | 'r' | 'u' | 'd' | 's';

export interface SmartScope {
  readonly context: 'patient' | 'system';
  /** A FHIR resource type, or `*` for all. */
  readonly type: string;
  /** One to five {@link SmartLetter}s, none twice, in the order of `cruds`. */
  readonly letters: string;
  /** Version of the grammar in which the scope was written. */
  readonly version: 1 | 2;
}

const FORM = /^(patient|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|write|[cruds]{1,5})$/;
/** The words of version 1 and what they mean in version 2. */
const V1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };
const IN_ORDER = /^c?r?u?d?s?$/;

/**
 * Reads one scope. Anything else, for instance a scope with `?parameters` or letters out of order, is
 * `undefined` and grants nothing.
 */
export function parseSmartScope(scope: string): SmartScope | undefined {
  const [, context, type, permission] = FORM.exec(scope) ?? [];
  if ((context !== 'patient' && context !== 'system') || type === undefined || permission === undefined) {
    return undefined;
  }
  const meaning = V1[permission];
  const letters = meaning ?? permission;
  return IN_ORDER.test(letters)
    ? { context, type, letters, version: meaning === undefined ? 2 : 1 }
    : undefined;
}

/** The names in a space-separated scope string (RFC 6749 §3.3). */
export function splitScopes(scopes: string): readonly string[] {
  return scopes.split(' ').filter((scope) => scope !== '');
}
