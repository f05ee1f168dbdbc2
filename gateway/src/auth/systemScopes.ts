// SPDX-License-Identifier: Apache-2.0
import { parseSmartScope, type SmartLetter, type SmartScope, splitScopes } from './smartScope';

/** The two interactions that the hospital gateway serves: `r` read, `s` search. */
export type ScopeLetter = Extract<SmartLetter, 'r' | 's'>;

/** Reads `system/(Type|*).(letters)`, in either version's words; anything else grants nothing. */
function parseSystemScope(scope: string): SmartScope | undefined {
  const parsed = parseSmartScope(scope);
  return parsed?.context === 'system' ? parsed : undefined;
}

/** Whether a space-separated scope string lets the bearer do `letter` with resources of `type`. */
export function coversType(scopes: string, type: string, letter: ScopeLetter): boolean {
  return splitScopes(scopes)
    .map(parseSystemScope)
    .some((scope) => scope !== undefined && matchesType(scope, type) && scope.letters.includes(letter));
}

function matchesType(scope: SmartScope, type: string): boolean {
  return scope.type === '*' || scope.type === type;
}

/**
 * Every scope that the token endpoint may grant for `types`: v2 `rs`, `r`, `s` and v1 `read`, for each type
 * and for `*`.
 */
export function grantableScopes(types: readonly string[]): readonly string[] {
  return ['*', ...types].flatMap((type) =>
    ['rs', 'r', 's', 'read'].map((permission) => `system/${type}.${permission}`),
  );
}

/**
 * Those of `wanted` that the registered scopes cover entirely: a client may ask for less than it is
 * registered for, never for more.
 */
export function narrowerScopes(registered: string, wanted: readonly string[]): readonly string[] {
  const held = splitScopes(registered)
    .map(parseSystemScope)
    .filter((scope) => scope !== undefined);
  return wanted.filter((scope) => {
    const asked = parseSystemScope(scope);
    return (
      asked !== undefined &&
      held.some(
        (own) =>
          matchesType(own, asked.type) &&
          Array.from(asked.letters).every((letter) => own.letters.includes(letter)),
      )
    );
  });
}
