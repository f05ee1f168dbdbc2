// SPDX-License-Identifier: Apache-2.0

/** How one try to record an access went. */
export interface RecordTime {
  readonly milliseconds: number;
  /** Whether it was recorded rather than refused. */
  readonly isRecorded: boolean;
  /** When it ended, milliseconds since the epoch. */
  readonly at: number;
  /** How many parts of records were under way when it began. */
  readonly beside: number;
}

/** Records of one kind that are drawn from. */
const REMEMBERED = 64;
/**
 * Older ones, in milliseconds, say nothing about now: somebody who makes the ledger slow for a moment must
 * not set how long absence takes.
 */
const RECENT_MS = 2_000;
/** Kinds that are remembered; of more the one that was longest not drawn from or added to goes. */
const MAX_KINDS = 1000;

/** How the last records of each kind went. */
export class RecordTimes {
  readonly #kinds = new Map<string, RecordTime[]>();

  note(kind: string, time: RecordTime): void {
    const times = this.#touch(kind) ?? [];
    times.push(time);
    times.splice(0, times.length - REMEMBERED);
    this.#kinds.set(kind, times);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MAX_KINDS && oldest !== undefined) {
      this.#kinds.delete(oldest);
    }
  }

  /**
   * One of the last 64 that ended within two seconds, and began beside about as many as one that begins now:
   * or a flood that is over would set how long absence takes.
   * @param number any, at random, from 0.
   * @param beside how many parts of records are under way now.
   * @returns undefined when there are none.
   */
  drawn(kind: string, number: number, now: number, beside: number): RecordTime | undefined {
    const times = (this.#touch(kind) ?? []).filter(
      (time) => Math.abs(now - time.at) < RECENT_MS && doublings(time.beside) === doublings(beside),
    );
    return times[number % Math.max(1, times.length)];
  }

  #touch(kind: string): RecordTime[] | undefined {
    const times = this.#kinds.get(kind);
    if (times !== undefined) {
      this.#kinds.delete(kind);
      this.#kinds.set(kind, times);
    }
    return times;
  }
}

/** 0; 1–2; 3–6; 7–14 … count as alike. */
function doublings(count: number): number {
  return Math.floor(Math.log2(count + 1));
}
