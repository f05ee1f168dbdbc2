// SPDX-License-Identifier: Apache-2.0

/**
 * A national number in the one spelling that stands for its person, and whether it has the published shape
 * and check digits.
 */
export interface NormalNumber {
  readonly value: string;
  /** `false`: still a subject, of its normalised text; the log says how many there are. */
  readonly isWellFormed: boolean;
}

/**
 * How the values of an identifier system are brought into one spelling. `text`: no more than what every form
 * does (below). The others are national numbers with a published shape. `us-ssn`: 9 digits (SSA; no check
 * digit). `nhs-number`: 10 digits, modulo 11 (NHS Data Dictionary). `cn-resident-id`: GB 11643-1999, 18
 * characters, ISO 7064 MOD 11-2; the 15 digits of before 1999 are made 18. `ch-ahv`: 13 digits beginning with
 * 756, GS1 check digit. `ch-epr-spid`: 18 digits beginning with 76133761, GS1 check digit.
 * `no-fodselsnummer`: 11 digits, two check digits, D-numbers as well. `se-personnummer`: 12 digits with the
 * century, Luhn. 10 digits take the century of the birth date where that is known, else the youngest possible
 * one, 100 years earlier after `+`.
 */
export const IDENTIFIER_FORMS = [
  'text',
  'us-ssn',
  'nhs-number',
  'cn-resident-id',
  'ch-ahv',
  'ch-epr-spid',
  'no-fodselsnummer',
  'se-personnummer',
] as const;

export type IdentifierForm = (typeof IDENTIFIER_FORMS)[number];

/**
 * Characters that are not seen, wherever they stand: controls, formats, joiners, variation selectors,
 * fillers.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
/** Blanks, line breaks and tabs of every kind; the byte order mark is an unseen character, not a blank. */
const BLANKS = /[^\S\ufeff]+/gu;
const DIGIT = /\p{Nd}/u;
const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;
/**
 * Whatever is neither letter nor digit only stands between the groups of a number; `+` is part of a Swedish
 * one.
 */
const SEPARATORS = /[^\p{L}\p{N}+]+/gu;

/**
 * One spelling of `value`. Every form: compatibility characters (full-width digits) as their plain ones,
 * digits of every script as 0–9, without unseen characters, without blanks at the ends, one blank where there
 * are several. National numbers are also freed of everything that is neither letter nor digit, and written in
 * capitals.
 *
 * @param year the current one (UTC), for numbers that do not tell their century.
 * @param birthDate of the person where it is known (`YYYY…`); it tells the century where the number does not.
 */
export function normaliseNumber(
  form: IdentifierForm,
  value: string,
  year: number,
  birthDate?: string,
): NormalNumber {
  const text = plainText(value).replace(OTHER_DIGITS, plainDigit);
  if (form === 'text') {
    return { value: text, isWellFormed: text !== '' };
  }
  const groups = text.replace(SEPARATORS, '').toUpperCase();
  if (form === 'se-personnummer') {
    return normalisePersonnummer(groups, year, birthDate);
  }
  const bare = groups.replaceAll('+', '');
  if (form === 'cn-resident-id') {
    return normaliseResidentId(bare);
  }
  return { value: bare, isWellFormed: CHECKS[form](bare) };
}

/**
 * Without what cannot be seen: compatibility characters as plain ones, no unseen characters, single blanks,
 * none at the ends.
 */
export function plainText(value: string): string {
  return value.normalize('NFKC').replace(BLANKS, ' ').replace(UNSEEN, '').replace(BLANKS, ' ').trim();
}

/** Unicode keeps the digits of a script together, from 0 to 9; a run may hold several scripts' tens. */
function plainDigit(digit: string): string {
  const at = digit.codePointAt(0) ?? 0;
  let before = 0;
  while (DIGIT.test(String.fromCodePoint(at - before - 1))) {
    before += 1;
  }
  return String(before % 10);
}

const CHECKS: Readonly<
  Record<Exclude<IdentifierForm, 'text' | 'cn-resident-id' | 'se-personnummer'>, (value: string) => boolean>
> = {
  'us-ssn': (value) => /^\d{9}$/.test(value) && !/^000|^...00|0000$/.test(value),
  'nhs-number': (value) => {
    if (!/^\d{10}$/.test(value)) {
      return false;
    }
    const check = 11 - (weigh(value, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
    return (check === 11 ? 0 : check) === Number(value[9]);
  },
  'ch-ahv': (value) => /^756\d{10}$/.test(value) && hasGs1CheckDigit(value),
  'ch-epr-spid': (value) => /^76133761\d{10}$/.test(value) && hasGs1CheckDigit(value),
  // From 2032 the first check digit also stands for the remainders 1 to 3, so that numbers suffice
  // (Skatteetaten).
  'no-fodselsnummer': (value) =>
    /^\d{11}$/.test(value) &&
    weigh(value, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 <= 3 &&
    weigh(value, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
};

const RESIDENT_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

function normaliseResidentId(bare: string): NormalNumber {
  if (/^\d{15}$/.test(bare)) {
    // The last four order numbers were kept for people who were a hundred or older.
    const century = Number(bare.slice(12)) >= 996 ? '18' : '19';
    const long = bare.slice(0, 6) + century + bare.slice(6);
    return { value: long + residentCheck(long), isWellFormed: true };
  }
  const isWellFormed = /^\d{17}[\dX]$/.test(bare) && residentCheck(bare.slice(0, 17)) === bare[17];
  return { value: bare, isWellFormed };
}

function residentCheck(digits: string): string {
  return '10X98765432'.charAt(weigh(digits, RESIDENT_WEIGHTS) % 11);
}

/**
 * Of twelve digits, or of ten, where `+` says that the person has reached the year of her hundredth birthday
 * (Skatteverket).
 */
function normalisePersonnummer(groups: string, year: number, birthDate?: string): NormalNumber {
  const [, century, day, plus, rest] = /^(\d{2})?(\d{6})(\+?)(\d{4})$/.exec(groups) ?? [];
  if (day === undefined || rest === undefined) {
    return { value: groups.replaceAll('+', ''), isWellFormed: false };
  }
  const short = day + rest;
  const told = century ?? centuryBorn(short, birthDate) ?? centuryOf(short, plus === '+', year);
  return { value: told + short, isWellFormed: hasLuhnDigit(short) && /^(1[89]|2[01])$/.test(told) };
}

/** The century of the birth date, if that is of the number's year. */
function centuryBorn(short: string, birthDate = ''): string | undefined {
  const [, century, year] = /^(\d{2})(\d{2})(?!\d)/.exec(birthDate) ?? [];
  return year === short.slice(0, 2) ? century : undefined;
}

/** The youngest possible one: a number without `+` is of somebody who turns less than a hundred this year. */
function centuryOf(short: string, isOlder: boolean, year: number): string {
  const ofThisCentury = Math.floor(year / 100) * 100 + Number(short.slice(0, 2));
  const youngest = ofThisCentury > year ? ofThisCentury - 100 : ofThisCentury;
  return String(Math.floor((isOlder ? youngest - 100 : youngest) / 100)).padStart(2, '0');
}

function weigh(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);
}

/** GS1 General Specifications §7.9: weights 3 and 1 from the right. */
function hasGs1CheckDigit(digits: string): boolean {
  const sum = digits
    .split('')
    .reverse()
    .reduce((total: number, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

function hasLuhnDigit(digits: string): boolean {
  const sum = digits
    .split('')
    .reverse()
    .reduce((total: number, digit, i) => {
      const doubled = Number(digit) * (i % 2 === 0 ? 1 : 2);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
}
