// SPDX-License-Identifier: Apache-2.0
import { parsePatientScope } from '../../auth/patientScopes';
import type { SignInWords } from './signInWords';

/** A part of what an app asks for. */
export interface ScopeWords {
  readonly text: string;
  /** It lets the app change who can see the record: to be read before anything else. */
  readonly isWeighty: boolean;
}

const CHANGING = ['c', 'u', 'd'] as const;

/**
 * What an app would be allowed by `scopes`, for the patient who is asked: a sentence each, none twice, the
 * weighty first. The letters of one kind of data are taken together, because an app may name them one by one.
 */
export function describeScopes(
  scopes: readonly string[],
  words: SignInWords['scopes'],
): readonly ScopeWords[] {
  const told: ScopeWords[] = [];
  const tell = (text: string, isWeighty = false): void => {
    if (!told.some((part) => part.text === text)) {
      told.push({ text, isWeighty });
    }
  };
  const letters = new Set(
    scopes
      .map(parsePatientScope)
      .flatMap((scope) => (scope?.type === 'Consent' ? Array.from(scope.letters) : [])),
  );
  const sees = letters.has('r') || letters.has('s');
  if (CHANGING.some((letter) => letters.has(letter))) {
    tell(sees ? words.consentChange : words.consentChangeOnly, true);
  } else if (sees) {
    tell(words.consent);
  }
  for (const scope of scopes) {
    const type = parsePatientScope(scope)?.type;
    if (type === 'AuditEvent') {
      tell(words.accesses);
    } else if (type === undefined) {
      tell(identityWords(scope, words));
    }
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
