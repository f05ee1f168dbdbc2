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

/** A part of what an app asks for. */
export interface ScopeWords {
  readonly text: string;
  /** It lets the app change who can see the record: to be read before anything else. */
  readonly isWeighty: boolean;
}

const CHANGING = ['c', 'u', 'd'] as const;

/**
 * What an app would be allowed by `scopes`, for the patient who is asked: a sentence each, none twice, the weighty first. The letters of
 * one kind of data are taken together, because an app may name them one by one.
 */
export function describeScopes(
  scopes: readonly string[],
  words: SignInWords['scopes'],
): readonly ScopeWords[] {
  const told: ScopeWords[] = [];
  const tell = (text: string, isWeighty = false): void => {
    if (!told.some((part) => part.text === text)) told.push({ text, isWeighty });
  };
  const letters = new Set(
    scopes.map(parseScope).flatMap((scope) => (scope?.type === 'Consent' ? Array.from(scope.letters) : [])),
  );
  const sees = letters.has('r') || letters.has('s');
  if (CHANGING.some((letter) => letters.has(letter))) {
    tell(sees ? words.consentChange : words.consentChangeOnly, true);
  } else if (sees) tell(words.consent);
  for (const scope of scopes) {
    const type = parseScope(scope)?.type;
    if (type === 'AuditEvent') tell(words.accesses);
    else if (type === undefined) tell(identityWords(scope, words));
  }
  return told;
}

function identityWords(scope: string, words: SignInWords['scopes']): string {
  switch (scope) {
    case 'profile':
      return words.profile;
    case 'offline_access':
      return words.offline;
    default:
      return words.identity;
  }
}
