// SPDX-License-Identifier: Apache-2.0
import {
  CONFIDENTIALITY_LABELS,
  type Confidentiality,
  type KnownSystem,
  SYSTEM_NAMES,
  SYSTEM_URLS,
} from './labelTable';
import { kindOf } from './visibleCharacters';

/**
 * The label of an item whose labels cannot be told, or are too many to be recorded. Alone in its list; it
 * counts as carrying every label, so every denial by label matches it and no permission by label does.
 */
export const EVERY_LABEL = '*';
/** Labels of one item; data that carry more are labelled {@link EVERY_LABEL}. */
export const MAX_LABELS = 20;
/** UTF-16 code units of one label; data that carry a longer one are labelled {@link EVERY_LABEL}. */
export const MAX_LABEL_LENGTH = 256;

const BARE_CODE = /^[A-Z0-9_-]+$/;
const PLAIN = /^[\x21-\x7e]+$/;
const CONTROL = /[\p{Cc}\p{Surrogate}]/u;

/** A label taken apart. */
export interface ParsedLabel {
  /** A known system; `other` for one that is not known, `none` where the label names none. */
  readonly system: KnownSystem | 'other' | 'none';
  /** The system's name folded, for comparing systems that are not known; empty for others. */
  readonly systemName: string;
  /** The code folded: HL7's codes are capitals. */
  readonly code: string;
}

/**
 * Takes a label apart: `system|code`, `system|version|code`, `|code` without a system, or a bare code of HL7
 * Confidentiality (U, L, M, N, R, V) or ActCode (every other). Spelling does not count: case, blanks, full
 * width, invisible characters, a version, a slash at the end, https, and the names that HL7 gave its systems
 * over time.
 */
export function parseLabel(label: string): ParsedLabel {
  const known = parsedLabels.get(label);
  if (known !== undefined) {
    return known;
  }
  const parsed = parse(label);
  // Data and rules repeat few labels; a sender of many costs no memory.
  if (parsedLabels.size === REMEMBERED_LABELS) {
    parsedLabels.clear();
  }
  parsedLabels.set(label, parsed);
  return parsed;
}

const REMEMBERED_LABELS = 2000;
const parsedLabels = new Map<string, ParsedLabel>();

function parse(label: string): ParsedLabel {
  if (BARE_CODE.test(label)) {
    return { system: isConfidentiality(label) ? 'Confidentiality' : 'ActCode', systemName: '', code: label };
  }
  const end = label.indexOf('|');
  const code = foldCode(label.slice(label.lastIndexOf('|') + 1));
  if (end < 0) {
    return { system: isConfidentiality(code) ? 'Confidentiality' : 'ActCode', systemName: '', code };
  }
  const systemName = foldSystem(label.slice(0, end));
  if (systemName === '') {
    return { system: 'none', systemName, code };
  }
  const known = SYSTEM_NAMES.get(systemName);
  return known === undefined
    ? { system: 'other', systemName, code }
    : { system: known, systemName: '', code };
}

/**
 * One spelling for a security label: the bare code for HL7 v3 Confidentiality and ActCode, `system|code` as
 * it stands, trimmed, for every other system, `|code` where there is none. A code that both systems have is
 * bare only for the one that a bare code means. Idempotent.
 */
export function normaliseLabel(label: string): string {
  if (label === EVERY_LABEL) {
    return label;
  }
  const { system, code } = parseLabel(label);
  if (system === 'ActCode' || system === 'Confidentiality') {
    const isPlain = (system === 'Confidentiality') === isConfidentiality(code) && code !== EVERY_LABEL;
    return isPlain && code !== '' ? code : `${SYSTEM_URLS[system]}|${code}`;
  }
  const start = label.lastIndexOf('|') + 1;
  return `${label.slice(0, start - 1).trim()}|${label.slice(start).trim()}`;
}

/** The normalised label of a FHIR Coding (`meta.security`); `|code` without a system. */
export function labelOf(system: string | undefined, code: string): string {
  return normaliseLabel(`${system ?? ''}|${code}`);
}

/**
 * The labels of an item as a request carries them: normalised, sorted by code unit, without repeats. What
 * cannot be recorded makes them `[EVERY_LABEL]`: more than 20, one that is longer than 256 code units, empty,
 * or with control characters.
 */
export function normaliseLabels(labels: Iterable<string>): string[] {
  const given = Array.from(labels);
  const normal = [...new Set(given.map(normaliseLabel))].sort();
  const canBeRecorded =
    normal.length <= MAX_LABELS &&
    normal.every(isRecordableLabel) &&
    !given.some((label) => CONTROL.test(label));
  return canBeRecorded ? normal : [EVERY_LABEL];
}

/** The code of a label, for words; the label itself for {@link EVERY_LABEL}. */
export function labelCode(label: string): string {
  return label === EVERY_LABEL ? label : parseLabel(label).code;
}

export function isConfidentiality(code: string): code is Confidentiality {
  return (CONFIDENTIALITY_LABELS as readonly string[]).includes(code);
}

function isRecordableLabel(label: string): boolean {
  return label !== EVERY_LABEL && label.length <= MAX_LABEL_LENGTH && !label.endsWith('|') && label !== '';
}

function foldCode(code: string): string {
  return capitals(visible(code));
}

function foldSystem(system: string): string {
  const name = visible(system)
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replace(/^https:/, 'http:');
  return name.replace(/[/#]+$/, '');
}

/** Capitals of ASCII only: those of other letters depend on the platform's version of Unicode. */
function capitals(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/**
 * Compatibility forms resolved, white space and everything that cannot be seen left out. First what the table
 * does not know: a platform that is newer than the table would resolve it, an older one would not, and two
 * peers would decide differently.
 */
function visible(text: string): string {
  if (PLAIN.test(text)) {
    return text;
  }
  return seen(seen(text).normalize('NFKC')).normalize('NFKC');
}

function seen(text: string): string {
  return Array.from(text)
    .filter((character) => kindOf(character.codePointAt(0) ?? 0) !== 'none')
    .join('');
}
