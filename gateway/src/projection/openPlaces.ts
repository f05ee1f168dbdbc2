// SPDX-License-Identifier: Apache-2.0
import type { Checkpoint } from '../readmodel/accessStore';

/** Longest time, in milliseconds, for which an open place is ordinary. */
export const DEFAULT_OPEN_PLACE_MS = 60_000;

/**
 * A place of a lane that the ledger has nothing at, although it has later ones: entries may have been left
 * out there.
 */
export interface OpenPlace {
  readonly lane: string;
  /** The lowest open place of the lane. */
  readonly seq: number;
  /** How many places are open before the lane's last one. */
  readonly open: number;
  /** How many places after it are filled. */
  readonly later: number;
  /**
   * Since when, at least: the earliest time that a later batch says of itself, in milliseconds since the
   * epoch.
   */
  readonly since: number;
}

/**
 * The lowest open place of each lane that has one. Ordinary for a moment: a gateway has several batches under
 * way.
 */
export function openPlacesOf(lanes: Checkpoint['lanes']): readonly OpenPlace[] {
  return Object.entries(lanes).flatMap(([lane, { nextSeq, ahead = [] }]) => {
    const last = ahead.at(-1);
    return last === undefined
      ? []
      : [
          {
            lane,
            seq: nextSeq,
            open: last.seq - nextSeq + 1 - ahead.length,
            later: ahead.length,
            since: Math.min(...ahead.map(({ at }) => Date.parse(at))),
          },
        ];
  });
}

/** Those that have been open for `boundMs` at `now`. */
export function overdue(places: readonly OpenPlace[], now: number, boundMs: number): readonly OpenPlace[] {
  return places.filter(({ since }) => now - since >= boundMs);
}

/** Whether the same places are open, whatever else has come to their lanes. */
export function arePlacesEqual(some: readonly OpenPlace[], others: readonly OpenPlace[]): boolean {
  const text = (places: readonly OpenPlace[]): string =>
    JSON.stringify(places.map(({ lane, seq }) => [lane, seq]));
  return text(some) === text(others);
}

/** How many lanes a text names. */
const NAMED = 3;

/** For operators: lanes and places, never persons. */
export function describeOpenPlaces(places: readonly OpenPlace[]): string {
  const named = places.slice(0, NAMED).map(describeOpenPlace);
  return places.length > NAMED
    ? `${named.join('; ')}; and ${String(places.length - NAMED)} more lanes`
    : named.join('; ');
}

function describeOpenPlace({ lane, seq, open, later, since }: OpenPlace): string {
  const others = open > 1 ? ` and ${String(open - 1)} more after it` : '';
  const time = new Date(since).toISOString();
  return `lane ${lane}, seq ${String(seq)}${others}: open since ${time}, although ${String(later)} later batches are recorded`;
}
