// SPDX-License-Identifier: Apache-2.0
import { type CharacterKind, kindOf } from './visibleCharacters';

const MAX_ID = 256;
const MAX_NAME = 300;
const MAX_ROLE = 128;
const MAX_REASON = 500;
const MIN_REASON_LETTERS = 3;
const MIN_REASON_SYLLABLES = 2;

/** {@link isReason} in words, for those who sent something else. */
export const REASON_IN_WORDS = `at least ${String(MIN_REASON_LETTERS)} letters (${String(MIN_REASON_SYLLABLES)} in Chinese, Japanese or Korean script), at most ${String(MAX_REASON)} characters`;

const BLANK = 0x20;
const ZWNJ = 0x200c;
const ZWJ = 0x200d;
const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
/**
 * White space as Unicode has it, without line and paragraph separators; unlike `\s` not the byte order mark.
 */
const BLANKS = /[\t-\r \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+/g;
const VARIATION_SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
/**
 * Embeddings, overrides and isolates: they turn the text around them. Marks of direction are kept in a
 * reason.
 */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;
const UNPRINTABLE = /(?![\t\n\r])\p{Cc}|\p{Surrogate}/u;
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g;

/**
 * Blocks of the scripts that need joiners, one entry a script: Arabic, Syriac, the ten Indic scripts from
 * Devanagari to Sinhala, Myanmar, Khmer, Mongolian (Unicode Standard chapter 23.2, UAX #31 section 2.3).
 */
const JOINING_SCRIPTS: readonly (readonly (readonly [number, number])[])[] = [
  [
    [0x600, 0x6ff],
    [0x750, 0x77f],
    [0x870, 0x8ff],
  ],
  [[0x700, 0x74f]],
  ...Array.from({ length: 10 }, (_, i) => [[0x900 + i * 0x80, 0x97f + i * 0x80]] as const),
  [[0x1000, 0x109f]],
  [[0x1780, 0x17ff]],
  [[0x1800, 0x18af]],
];

/**
 * Where the letters stand that are a syllable or a word each: Chinese characters, kana and Hangul syllables.
 * The blocks are fixed, as {@link kindOf}'s table is. It alone says which of their code points are letters.
 * The single sounds of Hangul and Bopomofo are not here.
 */
const SYLLABLES: readonly (readonly [number, number])[] = [
  [0x3005, 0x3006],
  [0x3031, 0x3035],
  [0x303b, 0x303c],
  [0x3041, 0x30ff],
  [0x31f0, 0x31ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xff66, 0xff9f],
  [0x16fe3, 0x16fe3],
  [0x1aff0, 0x1b16f],
  [0x20000, 0x3ffff],
];

/**
 * Whether a text can be a person's id: 1–256 UTF-16 code units that can be seen, among them a letter or a
 * number, with single spaces inside. Refused: control, format, unassigned, private and other invisible
 * characters, other white space, a combining mark without a character before it.
 */
export function isPersonId(text: string): boolean {
  return isVisible(text, MAX_ID, false) && count(text, ['letter', 'number'], 1) === 1;
}

/** As {@link isPersonId}, of at most 128 code units. */
export function isRoleCode(text: string): boolean {
  return text.length <= MAX_ROLE && isPersonId(text);
}

/**
 * The form in which ids of persons, and codes of roles, are compared: compatibility forms, case and the width
 * of white space do not count. Idempotent. Only what {@link isPersonId} accepts is ever compared; anything
 * else is changed as far as the rules go.
 */
export function normalisePersonId(text: string): string {
  if (PLAIN.test(text)) {
    return text.toLowerCase();
  }
  return foldCase(foldCase(text)).replace(BLANKS, ' ').replace(/^ | $/g, '');
}

/**
 * Whether a text can be a person's name: 1–300 UTF-16 code units in NFC that can be seen, among them a
 * letter, with single spaces inside. ZWJ and ZWNJ may stand between letters (or their marks) of one script
 * that needs them, as in Persian or Bengali.
 */
export function isPersonName(text: string): boolean {
  return (
    isVisible(text, MAX_NAME, true) && text.normalize('NFC') === text && count(text, ['letter'], 1) === 1
  );
}

/**
 * A name as systems deliver it, in the form that {@link isPersonName} asks for where it can be had without
 * changing what is read: NFC, one space for each run of white space, none at the ends, no variation
 * selectors.
 */
export function normalisePersonName(text: string): string {
  return text.replace(VARIATION_SELECTORS, '').normalize('NFC').replace(BLANKS, ' ').replace(/^ | $/g, '');
}

/**
 * Whether a text can be the reason of an emergency: at least three letters, at most 500 UTF-16 code units. Of
 * Chinese characters, kana and Hangul syllables two are enough: each is a syllable or a word. There is no
 * other least length. Letters are counted in NFC, so that both forms of one text are judged alike. Line
 * breaks and tabs are allowed; other controls, lone surrogates and characters that turn the direction of what
 * follows are not. Everything else is: nobody is kept from care by a stray character.
 */
export function isReason(text: string): boolean {
  return (
    text.length <= MAX_REASON &&
    !UNPRINTABLE.test(text) &&
    text.search(TURNS) < 0 &&
    hasWords(text.normalize('NFC'))
  );
}

function hasWords(text: string): boolean {
  const syllables = Array.from(text).filter(isSyllable).join('');
  return (
    count(text, ['letter'], MIN_REASON_LETTERS) === MIN_REASON_LETTERS ||
    count(syllables, ['letter'], MIN_REASON_SYLLABLES) === MIN_REASON_SYLLABLES
  );
}

function isSyllable(character: string): boolean {
  const codePoint = character.codePointAt(0) ?? 0;
  return SYLLABLES.some(([first, last]) => codePoint >= first && codePoint <= last);
}

/**
 * A reason as it was typed or pasted, in the form that {@link isReason} asks for: line breaks as `\n`,
 * nothing that turns the direction, no white space at the ends.
 */
export function normaliseReason(text: string): string {
  return text.replace(LINE_BREAK, '\n').replace(TURNS, '').trim();
}

function isVisible(text: string, most: number, mayJoin: boolean): boolean {
  if (text.length === 0 || text.length > most) {
    return false;
  }
  if (PLAIN.test(text)) {
    return true;
  }
  const codePoints = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return codePoints.every((codePoint, i) =>
    fits(codePoint, codePoints[i - 1] ?? BLANK, codePoints[i + 1] ?? BLANK, mayJoin),
  );
}

/** Whether a code point may stand between its neighbours; the ends of a text are blanks. */
function fits(codePoint: number, before: number, after: number, mayJoin: boolean): boolean {
  const kind = kindOf(codePoint);
  if (kind !== 'none') {
    return kind !== 'mark' || before !== BLANK;
  }
  if (codePoint === BLANK) {
    return before !== BLANK && after !== BLANK;
  }
  const isJoiner = codePoint === ZWJ || codePoint === ZWNJ;
  return mayJoin && isJoiner && scriptOf(before) !== -1 && scriptOf(before) === scriptOf(after);
}

/** Index of the joining script that a letter or mark belongs to; -1 for none. */
function scriptOf(codePoint: number): number {
  const kind = kindOf(codePoint);
  if (kind !== 'letter' && kind !== 'mark') {
    return -1;
  }
  return JOINING_SCRIPTS.findIndex((blocks) =>
    blocks.some(([first, last]) => codePoint >= first && codePoint <= last),
  );
}

/** How many characters of these kinds a text has, counted up to `enough`. */
function count(text: string, kinds: readonly CharacterKind[], enough: number): number {
  let found = 0;
  for (const character of text) {
    if (kinds.includes(kindOf(character.codePointAt(0) ?? 0))) {
      found += 1;
    }
    if (found === enough) {
      break;
    }
  }
  return found;
}

/** Character by character: the case of a whole text depends on what stands beside (final sigma). */
function foldCase(text: string): string {
  return Array.from(text.normalize('NFKC'), (character) => character.toUpperCase().toLowerCase())
    .join('')
    .normalize('NFKC');
}
