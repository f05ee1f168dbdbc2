// SPDX-License-Identifier: Apache-2.0
import { isMembers } from './resource';

/** Milliseconds since the epoch, from `from` until before `until`; infinite where a period is open. */
export interface DateRange {
  readonly from: number;
  readonly until: number;
}

const DAY_MS = 24 * 3600 * 1000;
const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/**
 * The time that a FHIR date, dateTime or instant stands for at its precision (R4 §3.1.1.4.7): a year, month,
 * day, minute, second or millisecond. Without a time zone it is UTC. undefined: no date, or none of the
 * calendar.
 */
export function dateRange(text: string): DateRange | undefined {
  const [, year, month, day, minutes, seconds, fraction, zone = 'Z'] = DATE.exec(text) ?? [];
  if (year === undefined) {
    return undefined;
  }
  const date = `${year}-${month ?? '01'}-${day ?? '01'}`;
  // Date takes the 30th of February for the 1st of March.
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) {
    return undefined;
  }
  const time = `${minutes ?? '00:00'}:${seconds ?? '00'}${(fraction ?? '').slice(0, 4)}`;
  const from = Date.parse(`${date}T${time}${zone}`);
  const until = untilOf(from, { month, day, minutes, seconds, fraction });
  return Number.isNaN(from) ? undefined : { from, until };
}

function untilOf(
  from: number,
  given: Readonly<Record<'month' | 'day' | 'minutes' | 'seconds' | 'fraction', string | undefined>>,
): number {
  const next = new Date(from);
  if (given.month === undefined) {
    return next.setUTCFullYear(next.getUTCFullYear() + 1);
  }
  if (given.day === undefined) {
    return next.setUTCMonth(next.getUTCMonth() + 1);
  }
  if (given.minutes === undefined) {
    return from + DAY_MS;
  }
  return from + (given.seconds === undefined ? 60_000 : given.fraction === undefined ? 1000 : 1);
}

/** The time of an element: a date, or a Period, of which a missing end is open. undefined: neither. */
export function rangeOf(value: unknown): DateRange | undefined {
  if (typeof value === 'string') {
    return dateRange(value);
  }
  if (!isMembers(value)) {
    return undefined;
  }
  const [start, end] = [value['start'], value['end']].map((one) =>
    typeof one === 'string' ? dateRange(one) : undefined,
  );
  return start === undefined && end === undefined
    ? undefined
    : { from: start?.from ?? -Infinity, until: end?.until ?? Infinity };
}

const covers = (outer: DateRange, inner: DateRange): boolean =>
  outer.from <= inner.from && inner.until <= outer.until;

/**
 * How the time of a resource stands to the one asked for (R4 §3.1.1.4.6). `ap` is not among them: it would
 * depend on today.
 */
const COMPARISONS = {
  eq: (own, asked) => covers(asked, own),
  ne: (own, asked) => !covers(asked, own),
  gt: (own, asked) => own.until > asked.until,
  lt: (own, asked) => own.from < asked.from,
  ge: (own, asked) => own.until > asked.until || covers(asked, own),
  le: (own, asked) => own.from < asked.from || covers(asked, own),
  sa: (own, asked) => own.from >= asked.until,
  eb: (own, asked) => own.until <= asked.from,
} as const satisfies Record<string, (own: DateRange, asked: DateRange) => boolean>;

/** The condition of a date parameter's value, for instance `ge2020-05`; undefined: not understood. */
export function dateCondition(value: string): ((own: DateRange) => boolean) | undefined {
  const prefix = /^[a-z]{2}/.exec(value)?.[0];
  // A raw + in a query is a space.
  const asked = dateRange(value.slice(prefix?.length ?? 0).replace(' ', '+'));
  const name = prefix ?? 'eq';
  if (asked === undefined || !Object.hasOwn(COMPARISONS, name)) {
    return undefined;
  }
  const compare = COMPARISONS[name as keyof typeof COMPARISONS];
  return (own) => compare(own, asked);
}
