// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { isEmergency, reasonKey } from '../../lib/accessKinds';
import { dayKey, parseDay, startOfWeek } from '../../lib/dates';

/** What the colour of the chart shows. */
export type Split = 'organisation' | 'reason';

export interface Week {
  /** The Monday, `YYYY-MM-DD`. */
  readonly start: string;
  readonly end: string;
  readonly total: number;
  readonly emergencies: number;
  /** Of which nothing left, or not all. */
  readonly refusals: number;
  /** Per series, in the order of the series. */
  readonly counts: readonly number[];
}

export interface WeekCounts {
  /** MSP ids or reasons (purpose codes, `emergency`), the most frequent first; `null` collects the rest. */
  readonly series: readonly (string | null)[];
  /** Oldest first, without a gap. */
  readonly weeks: readonly Week[];
  readonly largest: number;
}

const SERIES = 4;

/** Counts entries per week and per organisation or reason, over `weeks` weeks from `since` (a Monday). */
export function countWeeks(
  entries: readonly AccessEntry[],
  since: Date,
  weeks: number,
  split: Split,
): WeekCounts {
  const keyOf = (entry: AccessEntry): string =>
    split === 'organisation' ? entry.requester.organisation.mspId : reasonKey(entry);
  const series = topSeries(entries.map(keyOf));
  const byWeek = groupByWeek(entries);
  const rows = Array.from({ length: weeks }, (_, at): Week => {
    const start = new Date(since.getFullYear(), since.getMonth(), since.getDate() + 7 * at);
    const inWeek = byWeek.get(dayKey(start)) ?? [];
    const counts = series.map(() => 0);
    for (const entry of inWeek) {
      const found = series.indexOf(keyOf(entry));
      const place = found === -1 ? series.length - 1 : found;
      counts[place] = (counts[place] ?? 0) + 1;
    }
    return {
      start: dayKey(start),
      end: dayKey(new Date(start.getFullYear(), start.getMonth(), start.getDate() + 6)),
      total: inWeek.length,
      emergencies: inWeek.filter(isEmergency).length,
      refusals: inWeek.filter((entry) => entry.outcome !== 'permit').length,
      counts,
    };
  });
  return { series, weeks: rows, largest: Math.max(0, ...rows.map((week) => week.total)) };
}

/** There are as many as the style sheet has; more than are shown at once. */
export const COLOURS = 8;
/** Of what has no place of its own: the rest. */
export const OTHER_COLOUR = 'other';

/**
 * A colour for each series that does not change with what is most frequent: by its place in `order`. Of two
 * that would have the same, the later in the order has the next one that is free; what the order lacks comes
 * last, by name.
 */
export function coloursOf(
  series: readonly (string | null)[],
  order: readonly string[],
): readonly (number | typeof OTHER_COLOUR)[] {
  const placeOf = (key: string): number => {
    const place = order.indexOf(key);
    return place === -1 ? order.length : place;
  };
  const taken = new Map<number, string>();
  const named = series.filter((key) => key !== null);
  for (const key of named.toSorted((a, b) => placeOf(a) - placeOf(b) || a.localeCompare(b, 'en'))) {
    let colour = placeOf(key) % COLOURS;
    while (taken.has(colour)) {
      colour = (colour + 1) % COLOURS;
    }
    taken.set(colour, key);
  }
  const found = new Map([...taken].map(([colour, key]) => [key, colour]));
  return series.map((key) => (key === null ? OTHER_COLOUR : (found.get(key) ?? OTHER_COLOUR)));
}

function topSeries(keys: readonly string[]): readonly (string | null)[] {
  const counts = new Map<string, number>();
  for (const key of keys) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b, 'en')).map(([key]) => key);
  return sorted.length <= SERIES ? sorted : [...sorted.slice(0, SERIES - 1), null];
}

function groupByWeek(entries: readonly AccessEntry[]): ReadonlyMap<string, readonly AccessEntry[]> {
  const weeks = new Map<string, AccessEntry[]>();
  for (const entry of entries) {
    const key = dayKey(startOfWeek(new Date(entry.at)));
    const week = weeks.get(key);
    if (week === undefined) {
      weeks.set(key, [entry]);
    } else {
      week.push(entry);
    }
  }
  return weeks;
}

/** The Monday that a week begins with. */
export function weekStart(week: Week | undefined): Date {
  return (week && parseDay(week.start)) ?? new Date();
}
