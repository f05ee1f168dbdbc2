// SPDX-License-Identifier: Apache-2.0

/** A national number in the one spelling that stands for its person, and whether it has the published shape and check digits. */
export interface NormalNumber {
  readonly value: string;
  /** `false`: still a subject, of its normalised text; the operator is told how many there are. */
  readonly isWellFormed: boolean;
}

/**
 * How the values of an identifier system are brought into one spelling.
 * `text`: no more than what every form does (below). The others are national numbers with a published shape:
 * `us-ssn` 9 digits (SSA; no check digit) · `nhs-number` 10 digits, modulo 11 (NHS Data Dictionary) · `cn-resident-id` GB 11643-1999, 18
 * characters, ISO 7064 MOD 11-2; the 15 digits of before 1999 are made 18 · `ch-ahv` 13 digits beginning with 756, GS1 check digit ·
 * `ch-epr-spid` 18 digits beginning with 76133761, GS1 check digit · `no-fodselsnummer` 11 digits, two check digits, D-numbers as well ·
 * `se-personnummer` 12 digits with the century, Luhn; of 10 digits the century is the youngest possible one, 100 years earlier after `+`.
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

/** Characters that are not seen, wherever they stand: controls, formats, joiners, variation selectors, fillers. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const BLANKS = /\s+/gu;
/** Between the groups of a number: blanks, all dashes, the minus sign, dots and slashes. */
const SEPARATORS = /[\s\p{Pd}\u2212./·]+/gu;

/**
 * One spelling of `value`. Every form: compatibility characters (full-width digits) as their plain ones, without unseen characters,
 * without blanks at the ends, one blank where there are several. National numbers are also freed of separators.
 *
 * @param year the current one, for numbers that do not tell their century.
 */
export function normaliseNumber(form: IdentifierForm, value: string, year: number): NormalNumber {
  const text = value.normalize('NFKC').replace(UNSEEN, '').replace(BLANKS, ' ').trim();
  if (form === 'text') return { value: text, isWellFormed: text !== '' };
  if (form === 'se-personnummer') return normalisePersonnummer(text, year);
  const bare = text.replace(SEPARATORS, '').toUpperCase();
  if (form === 'cn-resident-id') return normaliseResidentId(bare);
  return { value: bare, isWellFormed: CHECKS[form](bare) };
}

const CHECKS: Readonly<
  Record<Exclude<IdentifierForm, 'text' | 'cn-resident-id' | 'se-personnummer'>, (value: string) => boolean>
> = {
  'us-ssn': (value) => /^\d{9}$/.test(value) && !/^000|^...00|0000$/.test(value),
  'nhs-number': (value) => {
    if (!/^\d{10}$/.test(value)) return false;
    const check = 11 - (weigh(value, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
    return (check === 11 ? 0 : check) === Number(value[9]);
  },
  'ch-ahv': (value) => /^756\d{10}$/.test(value) && hasGs1CheckDigit(value),
  'ch-epr-spid': (value) => /^76133761\d{10}$/.test(value) && hasGs1CheckDigit(value),
  // From 2032 the first check digit also stands for the remainders 1 to 3, so that numbers suffice (Skatteetaten).
  'no-fodselsnummer': (value) =>
    /^\d{11}$/.test(value) &&
    weigh(value, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 <= 3 &&
    weigh(value, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
};

const RESIDENT_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

function normaliseResidentId(bare: string): NormalNumber {
  if (/^\d{15}$/.test(bare)) {
    const long = `${bare.slice(0, 6)}19${bare.slice(6)}`;
    return { value: long + residentCheck(long), isWellFormed: true };
  }
  const isWellFormed = /^\d{17}[\dX]$/.test(bare) && residentCheck(bare.slice(0, 17)) === bare[17];
  return { value: bare, isWellFormed };
}

function residentCheck(digits: string): string {
  return '10X98765432'.charAt(weigh(digits, RESIDENT_WEIGHTS) % 11);
}

function normalisePersonnummer(text: string, year: number): NormalNumber {
  const bare = text.replace(SEPARATORS, '');
  const [, century, day, plus, rest] = /^(\d{2})?(\d{6})(\+?)(\d{4})$/.exec(bare) ?? [];
  if (day === undefined || rest === undefined) return { value: bare, isWellFormed: false };
  const short = day + rest;
  const value = (century ?? centuryOf(short, plus === '+', year)) + short;
  return { value, isWellFormed: hasLuhnDigit(short) };
}

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
