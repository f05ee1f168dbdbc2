// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Characters. The upper bound keeps hashing bounded; any text fits, spaces included. */
export const PASSWORD_BOUNDS = { least: 12, most: 256 } as const;

const LIST_FILE = join(__dirname, '..', '..', '..', 'data', 'passwords', 'common.txt');
/** What must be left of a password when everything about its owner is taken out. */
const LEAST_OF_ITS_OWN = 6;
const SERVICE_WORDS = ['chartwitness', 'password', 'passwort', 'kennwort', '密码'];
/** Parts of a name or identifier shorter than this occur in everything. */
const LEAST_WORD = 3;
const LONGEST_UNIT = 4;

let commonPasswords: ReadonlySet<string> | undefined;

/** Whose password it is; all of it is what a guesser knows first. */
export interface PasswordOwner {
  readonly username: string;
  readonly name: string;
  readonly identifier: { readonly value: string };
}

/**
 * What is wrong with a new password, in words for the person who chose it; `undefined` when it may be used.
 * Length and what guessers try first, as NIST SP 800-63B asks (§3.1.1.2 of revision 4, §5.1.1.2 of revision
 * 3): no rules about kinds of characters.
 */
export function passwordProblem(password: string, owner: PasswordOwner): string | undefined {
  const { least, most } = PASSWORD_BOUNDS;
  const length = Array.from(password.normalize('NFC')).length;
  if (length < least || password.length > most) {
    return `password must have ${String(least)}–${String(most)} characters`;
  }
  const text = folded(password);
  if (isPattern(text)) {
    return 'password must not be one piece repeated, or characters in a row';
  }
  if (isCommon(text)) {
    return 'password is one that many people use, or one with digits or signs added to it';
  }
  if (ownPart(text, owner).length < LEAST_OF_ITS_OWN) {
    return 'password must not be made of the user name, the name, the identifier or the service’s name';
  }
  return undefined;
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function isCommon(text: string): boolean {
  commonPasswords ??= new Set(readFileSync(LIST_FILE, 'utf8').split('\n').filter(Boolean));
  // "Baseball2024!" is tried right after "baseball".
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  return (
    commonPasswords.has(text) || commonPasswords.has(core) || commonPasswords.has(text.replace(/\s/gu, ''))
  );
}

/** `abcabcabcabc`, `aaaaaaaaaaaa`, `abcdefghijkl`, `987654321098`. */
function isPattern(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const repeats = (unit: number): boolean => codes.every((code, at) => code === codes[at % unit]);
  const steps = (by: number): boolean => codes.slice(1).every((code, at) => code - (codes[at] ?? 0) === by);
  return Array.from({ length: LONGEST_UNIT }, (_, at) => at + 1).some(repeats) || steps(1) || steps(-1);
}

/** The letters and digits that are left without words about the owner and the service. */
function ownPart(text: string, { username, name, identifier }: PasswordOwner): string {
  const words = [username, ...name.split(/\s+/u), identifier.value]
    .map((word) => plain(folded(word)))
    .filter((word) => word.length >= LEAST_WORD);
  return [...words, ...SERVICE_WORDS].reduce((left, word) => left.replaceAll(word, ''), plain(text));
}

function plain(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, '');
}
