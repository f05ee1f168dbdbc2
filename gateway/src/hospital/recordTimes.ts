// SPDX-License-Identifier: Apache-2.0

/** How one try to record an access went. */
export interface RecordTime {
  readonly milliseconds: number;
  /** Whether it was recorded rather than refused. */
  readonly isRecorded: boolean;
}

/** Records of one kind that are drawn from. */
const REMEMBERED = 64;
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

  /** One of the last 64. @param number any, at random, from 0. @returns undefined when there are none. */
  drawn(kind: string, number: number): RecordTime | undefined {
    const times = this.#touch(kind) ?? [];
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
