// SPDX-License-Identifier: Apache-2.0

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses one JSON object and refuses repeated member names, of which parsers may each keep another one (RFC
 * 8725 §2.4, RFC 7515 §4).
 * @throws SyntaxError for anything else than one JSON object with unique names at every depth.
 */
export function parseStrictObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SyntaxError('not a JSON object');
  }
  assertUniqueNames(text);
  return value as JsonObject;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const COLON = /[ \t\r\n]*:/y;

/** Walks text that is known to be valid JSON; only names, braces and brackets matter. */
function assertUniqueNames(text: string): void {
  const open: Set<string>[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      STRING.lastIndex = at;
      const literal = STRING.exec(text)?.[0] ?? '""';
      at += literal.length;
      COLON.lastIndex = at;
      if (COLON.test(text)) {
        addName(open.at(-1), literal);
      }
      continue;
    }
    if (character === '{') {
      open.push(new Set());
    } else if (character === '}') {
      open.pop();
    }
    at += 1;
  }
}

function addName(names: Set<string> | undefined, literal: string): void {
  // Escapes can spell one name in two ways, so names are compared decoded.
  const name = JSON.parse(literal) as string;
  if (names?.has(name) === true) {
    throw new SyntaxError('a member name is repeated');
  }
  names?.add(name);
}
