// SPDX-License-Identifier: Apache-2.0
import { DomainError, type DomainErrorCode } from './errors';

/**
 * Reads one value of a documented form. Adds a line to `problems` for everything that is wrong, naming the
 * place and the expectation and never the value, which may be personal. What it returns counts only when it
 * added none.
 */
export type Form<T> = (value: unknown, at: string, problems: string[]) => T;

/** A field of {@link record} that may be absent. */
interface Optional<T> {
  readonly optional: Form<T>;
}

type Fields<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Optional<Exclude<T[K], undefined>> : Form<T[K]>;
};

const LISTED_PROBLEMS = 20;
const UNPRINTABLE = /[\p{Surrogate}\p{Cc}]/u;
const SAYABLE = /^[A-Za-z0-9_.-]{1,64}$/;

/** Reads `value`, or throws one error that lists every problem (the first 20, and how many more). */
export function parseAs<T>(
  form: Form<T>,
  value: unknown,
  name: string,
  code: DomainErrorCode = 'INVALID_INPUT',
): T {
  const problems: string[] = [];
  const result = form(value, name, problems);
  if (problems.length > 0) {
    const rest = problems.length - LISTED_PROBLEMS;
    const more = rest > 0 ? `; and ${rest} more` : '';
    throw new DomainError(code, problems.slice(0, LISTED_PROBLEMS).join('; ') + more);
  }
  return result;
}

export function optional<T>(form: Form<T>): Optional<T> {
  return { optional: form };
}

/** An object with exactly these fields. */
export function record<T extends object>(fields: Fields<T>): Form<T> {
  const table = Object.entries(fields).map(([name, field]) => {
    const isOptional = typeof field === 'object';
    return {
      name,
      isOptional,
      form: (isOptional ? (field as Optional<unknown>).optional : field) as Form<unknown>,
    };
  });
  const known = new Set(table.map(({ name }) => name));
  return (value, at, problems) => {
    const result: Record<string, unknown> = {};
    if (!isObject(value)) {
      problems.push(`${at}: expected an object`);
      return result as T;
    }
    for (const { name, isOptional, form } of table) {
      const field = Object.hasOwn(value, name) ? value[name] : undefined;
      if (field !== undefined) {
        result[name] = form(field, `${at}.${name}`, problems);
      } else if (!isOptional) {
        problems.push(`${at}.${name}: missing`);
      }
    }
    for (const name of Object.keys(value)) {
      if (!known.has(name)) {
        problems.push(unknownField(at, name));
      }
    }
    return result as T;
  };
}

/** A list within bounds, inclusive. */
export function list<T>(form: Form<T>, least: number, most: number): Form<readonly T[]> {
  return (value, at, problems) => {
    if (!Array.isArray(value)) {
      problems.push(`${at}: expected a list`);
      return [];
    }
    if (value.length < least || value.length > most) {
      problems.push(`${at}: expected ${least} to ${most} entries, found ${value.length}`);
      return [];
    }
    return value.map((entry: unknown, i) => form(entry, `${at}[${i}]`, problems));
  };
}

/** A form with a further check, which runs only when the form itself found nothing wrong. */
export function checked<T>(
  form: Form<T>,
  check: (value: T, at: string, problems: string[]) => void,
): Form<T> {
  return (value, at, problems) => {
    const before = problems.length;
    const result = form(value, at, problems);
    if (problems.length === before) {
      check(result, at, problems);
    }
    return result;
  };
}

/** Printable text on one line; lengths in UTF-16 code units. */
export function line(least: number, most: number): Form<string> {
  return (value, at, problems) => {
    if (typeof value !== 'string' || value.length < least || value.length > most || UNPRINTABLE.test(value)) {
      problems.push(`${at}: expected ${least} to ${most} printable characters on one line`);
      return '';
    }
    return value;
  };
}

/** Text that matches `pattern`, which must bound its length; `what` says so in words. */
export function matching(pattern: RegExp, what: string): Form<string> {
  return satisfying((value) => pattern.test(value), what);
}

/** Text that `test` accepts. */
export function satisfying(test: (value: string) => boolean, what: string): Form<string> {
  return (value, at, problems) => {
    if (typeof value === 'string' && test(value)) {
      return value;
    }
    problems.push(`${at}: expected ${what}`);
    return '';
  };
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Form<T> {
  return (value, at, problems) => {
    const found = values.find((allowed) => allowed === value);
    if (found !== undefined) {
      return found;
    }
    problems.push(`${at}: expected ${values.join(' or ')}`);
    return value as T;
  };
}

/** A whole number within bounds, inclusive. */
export function whole(least: number, most: number): Form<number> {
  return (value, at, problems) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) {
      return value;
    }
    problems.push(`${at}: expected a whole number from ${least} to ${most}`);
    return least;
  };
}

export const flag: Form<boolean> = (value, at, problems) => {
  if (typeof value !== 'boolean') {
    problems.push(`${at}: expected true or false`);
  }
  return value === true;
};

export function nullable<T>(form: Form<T>): Form<T | null> {
  return (value, at, problems) => (value === null ? null : form(value, at, problems));
}

/** One of several object forms, told apart by the text of the field `key`. */
export function variant<T extends object>(key: string, forms: Readonly<Record<string, Form<T>>>): Form<T> {
  return (value, at, problems) => {
    const kind = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    const form = typeof kind === 'string' && Object.hasOwn(forms, kind) ? forms[kind] : undefined;
    if (form !== undefined) {
      return form(value, at, problems);
    }
    problems.push(`${at}.${key}: expected ${Object.keys(forms).join(' or ')}`);
    return {} as T;
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An unknown field's name is the caller's text: it is repeated only when it can hold little. */
export function unknownField(at: string, name: string): string {
  return SAYABLE.test(name) ? `${at}.${name}: unknown field` : `${at}: a field with an unknown name`;
}
