// SPDX-License-Identifier: Apache-2.0
import type { AccessEntry } from '@api/schemas';
import type { Vocabulary } from '../words/context';
import { dayKey, formatExactTime, formatShortMoment, formatTime } from './dates';

type Times = Pick<AccessEntry, 'at' | 'requestedAt'>;

/**
 * When something was asked for that was recorded later. Nothing is recorded before it was asked for: such a
 * claim is passed over.
 */
export function askedBefore({ at, requestedAt }: Times): Date | undefined {
  return requestedAt !== undefined && Date.parse(requestedAt) < Date.parse(at)
    ? new Date(requestedAt)
    : undefined;
}

/** When it happened, as a reader means it: data that left before the record left when they were asked for. */
export function happenedAt(entry: Times): Date {
  return askedBefore(entry) ?? new Date(entry.at);
}

/**
 * A time of day beside the day of the record, under which an entry stands: with its own day where that is
 * another.
 */
export function besideRecord(words: Vocabulary, time: Date, recorded: Date): string {
  return dayKey(time) === dayKey(recorded)
    ? formatTime(words.tag, time)
    : formatShortMoment(words.tag, time, recorded);
}

/**
 * Both times of an entry that was recorded late, in words that tell them apart; `undefined` for any other.
 */
export function bothTimes(
  words: Vocabulary,
  entry: Times,
): { readonly asked: string; readonly recorded: string } | undefined {
  const asked = askedBefore(entry);
  if (asked === undefined) {
    return undefined;
  }
  const recorded = new Date(entry.at);
  const { tag } = words;
  if (dayKey(asked) !== dayKey(recorded)) {
    return {
      asked: formatShortMoment(tag, asked, recorded),
      recorded: formatShortMoment(tag, recorded, asked),
    };
  }
  const format = formatTime(tag, asked) === formatTime(tag, recorded) ? formatExactTime : formatTime;
  return { asked: format(tag, asked), recorded: format(tag, recorded) };
}
