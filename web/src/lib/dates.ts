// SPDX-License-Identifier: Apache-2.0 Instants on the wire are RFC 3339 in UTC; days, hours and weeks here
// are those of the reader's time zone, because that is the day that a patient remembers.

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(language, options);
    formats.set(key, found);
  }
  return found;
}

export function formatTime(language: string, at: Date): string {
  return format(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** With seconds. */
export function formatExactTime(language: string, at: Date): string {
  return format(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/**
 * Day and time where there is little room; with the year only where it is another than that of what stands
 * beside it.
 */
export function formatShortMoment(language: string, at: Date, beside: Date): string {
  return format(language, {
    day: 'numeric',
    month: 'short',
    ...(at.getFullYear() === beside.getFullYear() ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

export function formatDay(language: string, at: Date): string {
  return format(language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

export function formatDate(language: string, at: Date): string {
  return format(language, { day: 'numeric', month: 'short', year: 'numeric' }).format(at);
}

export function formatShortDate(language: string, at: Date): string {
  return format(language, { day: 'numeric', month: 'short' }).format(at);
}

export function formatMoment(language: string, at: Date): string {
  return format(language, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** "today", "yesterday" in the language's own words; undefined for other days. */
export function formatNearDay(language: string, day: Date, now: Date): string | undefined {
  const days = Math.round((startOfDay(day).getTime() - startOfDay(now).getTime()) / 86_400_000);
  if (days !== 0 && days !== -1) {
    return undefined;
  }
  const word = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(days, 'day');
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** `YYYY-MM-DD` in the reader's time zone. */
export function dayKey(at: Date): string {
  return `${String(at.getFullYear())}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

const FIRST_YEAR = 1900;

/**
 * Midnight at the start of `YYYY-MM-DD` in the reader's time zone, `days` later; undefined when it is not a
 * day, or one before 1900.
 */
export function parseDay(key: string, days = 0): Date | undefined {
  const found = DAY.exec(key);
  if (found === null) {
    return undefined;
  }
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  // Before it the year is still being typed, and JavaScript takes the years 0 to 99 for those of the last
  // century.
  if (year < FIRST_YEAR || dayKey(new Date(year, month - 1, day)) !== key) {
    return undefined;
  }
  return new Date(year, month - 1, day + days);
}

export function startOfDay(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}

/** The Monday that `at`'s week starts with (ISO 8601), at midnight. */
export function startOfWeek(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() - ((at.getDay() + 6) % 7));
}

const OPENS = 7;
const CLOSES = 20;

/**
 * Whether `at` is outside 07:00–20:00 on a weekday. Hospitals work around the clock: this is a hint for the
 * eye, not a verdict.
 */
export function isAfterHours(at: Date): boolean {
  const day = at.getDay();
  return day === 0 || day === 6 || at.getHours() < OPENS || at.getHours() >= CLOSES;
}
