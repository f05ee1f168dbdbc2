// SPDX-License-Identifier: Apache-2.0
import type { SignInWords } from './signInWords';

/** What an app may do with a kind of data: SMART App Launch 2.2 letters. */
export type ScopeLetter = 'c' | 'r' | 'u' | 'd' | 's';

interface PatientScope {
  readonly type: 'AuditEvent' | 'Consent';
  readonly letters: string;
}

const IDENTITY_SCOPES = ['openid', 'profile', 'offline_access'] as const;
const FULL: readonly PatientScope[] = [
  { type: 'AuditEvent', letters: 'rs' },
  { type: 'Consent', letters: 'cruds' },
];
const FORM = /^patient\/(AuditEvent|Consent)\.(c?r?u?d?s?)$/;

/** Every non-empty subset of `letters`, in order. */
function subsets(letters: string): readonly string[] {
  return Array.from(letters).reduce<readonly string[]>(
    (found, letter) => [...found, ...found.map((subset) => subset + letter), letter],
    [],
  );
}

const API_SCOPES: readonly string[] = FULL.flatMap(({ type, letters }) =>
  subsets(letters).map((subset) => `patient/${type}.${subset}`),
);

/** The scopes as documented; {@link grantablePatientScopes} has their narrower forms too. */
export const PUBLISHED_SCOPES: readonly string[] = [
  ...IDENTITY_SCOPES,
  ...FULL.map(({ type, letters }) => `patient/${type}.${letters}`),
];

/** Scopes of the patient API with every narrower form (`patient/Consent.r` is narrower than `patient/Consent.cruds`). */
export function grantablePatientScopes(): readonly string[] {
  return API_SCOPES;
}

export function identityScopes(): readonly string[] {
  return IDENTITY_SCOPES;
}

/**
 * The scopes that an app registered for `scope` may ask for: those, and each narrower form.
 * @throws RangeError naming a scope that does not exist here.
 */
export function withNarrowerScopes(scope: string): readonly string[] {
  const registered = scope.split(' ').filter((part) => part !== '');
  for (const part of registered) {
    if (!API_SCOPES.includes(part) && !IDENTITY_SCOPES.some((known) => known === part)) {
      throw new RangeError(
        `"${part}" is not a scope of the patient API; known: ${PUBLISHED_SCOPES.join(' ')}`,
      );
    }
  }
  return [...new Set(registered.flatMap((part) => [part, ...narrowerForms(part)]))];
}

function narrowerForms(scope: string): readonly string[] {
  const parsed = parseScope(scope);
  return parsed === undefined
    ? []
    : subsets(parsed.letters).map((letters) => `patient/${parsed.type}.${letters}`);
}

/** Whether a token's space-separated scopes let its bearer do `letter` with `type`. */
export function coversPatientScope(scopes: string, type: PatientScope['type'], letter: ScopeLetter): boolean {
  return scopes
    .split(' ')
    .map(parseScope)
    .some((scope) => scope?.type === type && scope.letters.includes(letter));
}

function parseScope(scope: string): PatientScope | undefined {
  const [, type, letters] = FORM.exec(scope) ?? [];
  return (type === 'AuditEvent' || type === 'Consent') && letters !== undefined && letters !== ''
    ? { type, letters }
    : undefined;
}

/** What a scope means, for the patient who is asked to allow it. */
export function describeScope(scope: string, words: SignInWords['scopes']): string {
  const parsed = parseScope(scope);
  if (parsed !== undefined) {
    const verbs = Array.from(parsed.letters)
      .map((letter) => words.verbs[letter as ScopeLetter])
      .join(', ');
    return `${parsed.type === 'AuditEvent' ? words.accesses : words.consent} (${verbs})`;
  }
  switch (scope) {
    case 'profile':
      return words.profile;
    case 'offline_access':
      return words.offline;
    default:
      return words.identity;
  }
}
