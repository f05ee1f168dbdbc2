// SPDX-License-Identifier: Apache-2.0
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const INSTANT =
  /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
const UTC_MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const MS_PER_DAY = 86_400_000;

/** Midnight UTC of a date `YYYY-MM-DD` in milliseconds since 1970, or undefined when there is no such day. */
export function dateMs(text: string): number | undefined {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined) {
    return undefined;
  }
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(ms);
  // A day that its month does not have comes out as another date, and a year before 100 as another century.
  const isReal =
    date.getUTCDate() === Number(day) &&
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCFullYear() === Number(year);
  return isReal ? ms : undefined;
}

/**
 * An RFC 3339 instant in milliseconds since 1970 (finer fractions are cut), or undefined. Leap seconds are
 * not instants here.
 */
export function instantMs(text: string): number | undefined {
  const [, date = '', hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] =
    INSTANT.exec(text) ?? [];
  const day = dateMs(date);
  if (day === undefined) {
    return undefined;
  }
  const offset =
    sign === undefined ? 0 : Number(`${sign}1`) * (Number(offsetHour) * 60 + Number(offsetMinute));
  const minutes = Number(hour) * 60 + Number(minute) - offset;
  return day + minutes * 60_000 + Number(second) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
}

/**
 * Whether the text is an RFC 3339 instant in UTC with exactly three digits of fraction, as events carry it.
 */
export function isUtcMilliseconds(text: string): boolean {
  return UTC_MILLISECONDS.test(text) && instantMs(text) !== undefined;
}
