// SPDX-License-Identifier: Apache-2.0

/**
 * A text with `{placeholders}`; one that depends on a number has a form per plural category of its language
 * (Unicode CLDR).
 */
export type Message = string | ({ readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

export type Value = string | number;

const PLACEHOLDER = /\{(\w+)\}/g;

/** The plain form of `message` for `count`, chosen by the language's plural rules. */
export function chooseForm(message: Message, language: string, count?: Value): string {
  if (typeof message === 'string') {
    return message;
  }
  const category = typeof count === 'number' ? pluralRules(language).select(count) : 'other';
  return message[category] ?? message.other;
}

/**
 * Fills `{placeholders}`; numbers are written as the language writes them. A placeholder without a value
 * stays visible.
 */
export function fill(text: string, language: string, values: Readonly<Record<string, Value>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) {
      return whole;
    }
    return typeof value === 'number' ? formatNumber(language, value) : value;
  });
}

/** Splits a text at its placeholders: literal pieces and names in turn, starting with a literal piece. */
export function splitPlaceholders(text: string): readonly string[] {
  return text.split(PLACEHOLDER);
}

// Creating the first formatter is slow, and most numbers are small. Every language of the portal writes them
// in these digits (a test compares).
const PLAIN = 1000;

const numberFormats = new Map<string, Intl.NumberFormat>();
export function formatNumber(language: string, value: number): string {
  if (Number.isInteger(value) && value >= 0 && value < PLAIN) {
    return String(value);
  }
  let format = numberFormats.get(language);
  if (format === undefined) {
    format = new Intl.NumberFormat(language);
    numberFormats.set(language, format);
  }
  return format.format(value);
}

const rules = new Map<string, Intl.PluralRules>();
function pluralRules(language: string): Intl.PluralRules {
  let found = rules.get(language);
  if (found === undefined) {
    found = new Intl.PluralRules(language);
    rules.set(language, found);
  }
  return found;
}
