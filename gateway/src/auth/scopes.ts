// SPDX-License-Identifier: Apache-2.0

/** The two interactions that the hospital gateway serves, as SMART App Launch 2.2 letters: `r` read, `s` search. */
export type ScopeLetter = 'r' | 's';

interface SystemScope {
  readonly type: string;
  readonly letters: string;
}

const SYSTEM_SCOPE = /^system\/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|write|[cruds]{1,5})$/;
/** SMART v1 words and what they mean in v2. */
const V1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };
const IN_ORDER = /^c?r?u?d?s?$/;

/** Reads `system/(Type|*).(letters)`; anything else, for instance a scope with `?parameters`, grants nothing. */
function parseScope(scope: string): SystemScope | undefined {
  const match = SYSTEM_SCOPE.exec(scope);
  const [, type, permission] = match ?? [];
  if (type === undefined || permission === undefined) {
    return undefined;
  }
  const letters = V1[permission] ?? permission;
  return IN_ORDER.test(letters) ? { type, letters } : undefined;
}

/** Whether a space-separated scope string lets the bearer do `letter` with resources of `type`. */
export function coversType(scopes: string, type: string, letter: ScopeLetter): boolean {
  return scopes
    .split(' ')
    .map(parseScope)
    .some((scope) => scope !== undefined && matchesType(scope, type) && scope.letters.includes(letter));
}

function matchesType(scope: SystemScope, type: string): boolean {
  return scope.type === '*' || scope.type === type;
}

/** Every scope that the token endpoint may grant for `types`: v2 `rs`, `r`, `s` and v1 `read`, for each type and for `*`. */
export function grantableScopes(types: readonly string[]): readonly string[] {
  return ['*', ...types].flatMap((type) =>
    ['rs', 'r', 's', 'read'].map((permission) => `system/${type}.${permission}`),
  );
}

/** Those of `wanted` that the registered scopes cover entirely: a client may ask for less than it is registered for, never for more. */
export function narrowerScopes(registered: string, wanted: readonly string[]): readonly string[] {
  const held = registered
    .split(' ')
    .map(parseScope)
    .filter((scope) => scope !== undefined);
  return wanted.filter((scope) => {
    const asked = parseScope(scope);
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
