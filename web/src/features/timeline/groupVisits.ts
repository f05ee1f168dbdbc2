// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import { dayKey } from '../../lib/dates';
import { askedBefore, happenedAt } from '../../lib/entryTime';
import { isIncomplete } from '../../lib/whatLeft';

/**
 * Requests of one requester for one reason at one holder within one hour of one day: one line of the list.
 */
export interface Visit {
  readonly key: string;
  /** Newest first; never empty. */
  readonly entries: readonly [AccessEntry, ...AccessEntry[]];
}

export interface Day {
  /** `YYYY-MM-DD` in the reader's time zone. */
  readonly date: string;
  /** By their newest entry, newest first. */
  readonly visits: readonly Visit[];
}

/** Folds a list, newest first, into days and visits. Every entry is in exactly one visit. */
export function groupVisits(entries: readonly AccessEntry[]): readonly Day[] {
  const days = new Map<string, Map<string, [AccessEntry, ...AccessEntry[]]>>();
  for (const entry of entries) {
    const { date, key } = placeOf(entry);
    const visits = days.get(date) ?? new Map<string, [AccessEntry, ...AccessEntry[]]>();
    days.set(date, visits);
    const visit = visits.get(key);
    if (visit === undefined) {
      visits.set(key, [entry]);
    } else {
      visit.push(entry);
    }
  }
  return [...days].map(([date, visits]) => {
    const all = [...visits].map(([key, inVisit]): Visit => ({ key, entries: inVisit }));
    return { date, visits: all };
  });
}

// A list is folded anew with each page; an entry's place never changes.
const places = new WeakMap<AccessEntry, { readonly date: string; readonly key: string }>();

function placeOf(entry: AccessEntry): { readonly date: string; readonly key: string } {
  const known = places.get(entry);
  if (known !== undefined) {
    return known;
  }
  const at = new Date(entry.at);
  // The list is in the order of the record, and so are its days: nothing is put into the past unseen.
  const date = dayKey(at);
  const happened = happenedAt(entry);
  const hour = `${dayKey(happened)} ${String(happened.getHours())}`;
  const place = { date, key: visitKey(entry, date, hour) };
  places.set(entry, place);
  return place;
}

/**
 * @param hour in which it happened, with its day, which is another than `date` where it was recorded late.
 */
function visitKey(entry: AccessEntry, date: string, hour: string): string {
  const { organisation, person, clientId } = entry.requester;
  return JSON.stringify([
    date,
    hour,
    organisation.mspId,
    person?.id ?? null,
    person === null ? clientId : null,
    entry.purpose,
    entry.holder,
    // Two emergencies with two reasons are two things to understand.
    entry.emergency?.reason ?? null,
  ]);
}

/** Whether two lots of visits are the same lines: the same entries, as read, in the same order. */
export function sameVisits(some: readonly Visit[], others: readonly Visit[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ key, entries }, at) => {
      const other = others[at];
      return (
        other?.key === key &&
        other.entries.length === entries.length &&
        entries.every((entry, place) => entry === other.entries[place])
      );
    })
  );
}

/**
 * One entry's worth of facts about a visit, for its line: what is to be noticed about any of its entries is
 * about the line.
 */
export function visitSummary({ entries }: Visit): AccessEntry {
  const [first] = entries;
  const corrected = entries.find((entry) => entry.corrected !== undefined)?.corrected;
  const parts = entries.find(isIncomplete)?.parts ?? first.parts;
  const amends = entries.find((entry) => entry.amends !== undefined)?.amends;
  // Each entry of a line has times of its own: the line says that they are late, and when the newest was
  // asked for.
  const asked = askedBefore(first)?.toISOString();
  return {
    ...first,
    ...(asked && { at: asked, requestedAt: asked }),
    outcome: entries.every(({ outcome }) => outcome === first.outcome) ? first.outcome : 'partial',
    late: entries.some(({ late }) => late),
    items: entries.flatMap(({ items }) => items),
    ...(corrected && { corrected }),
    ...(parts && { parts }),
    ...(amends && { amends }),
  };
}
