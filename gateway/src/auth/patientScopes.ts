// SPDX-License-Identifier: Apache-2.0
import { parseSmartScope, type SmartLetter, splitScopes } from './smartScope';

/** What an app may do with one kind of a patient's data. */
export interface PatientScope {
  readonly type: 'AuditEvent' | 'Consent';
  /** As `SmartScope.letters`. */
  readonly letters: string;
}

const IDENTITY_SCOPES = ['openid', 'profile', 'offline_access'] as const;
const FULL: readonly PatientScope[] = [
  { type: 'AuditEvent', letters: 'rs' },
  { type: 'Consent', letters: 'cruds' },
];

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

/**
 * Scopes of the patient API with every narrower form (`patient/Consent.r` is narrower than
 * `patient/Consent.cruds`).
 */
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
  const registered = splitScopes(scope);
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
  const parsed = parsePatientScope(scope);
  return parsed === undefined
    ? []
    : subsets(parsed.letters).map((letters) => `patient/${parsed.type}.${letters}`);
}

/** Whether a token's space-separated scopes let its bearer do `letter` with `type`. */
export function coversPatientScope(scopes: string, type: PatientScope['type'], letter: SmartLetter): boolean {
  return splitScopes(scopes)
    .map(parsePatientScope)
    .some((scope) => scope?.type === type && scope.letters.includes(letter));
}

/**
 * Reads `patient/(AuditEvent|Consent).(letters)`: no `*`, no words of version 1; anything else grants
 * nothing.
 */
export function parsePatientScope(scope: string): PatientScope | undefined {
  const parsed = parseSmartScope(scope);
  if (parsed?.context !== 'patient' || parsed.version !== 2) {
    return undefined;
  }
  const { type, letters } = parsed;
  return type === 'AuditEvent' || type === 'Consent' ? { type, letters } : undefined;
}
