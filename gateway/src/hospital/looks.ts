// SPDX-License-Identifier: Apache-2.0
import { sourceFailed } from '../fhir/sources/sourceFailed';
import { NoRoom, type Room } from '../fhir/sources/upstream';

/** Who wants to look at what there is no room for. */
export interface Looker {
  readonly client: string;
  readonly isEmergency: boolean;
}

export interface LookUntil {
  /** Ends the request. */
  readonly deadline: AbortSignal;
  /** Of an emergency, which then does without. */
  readonly hurry: AbortSignal | undefined;
}

export interface LooksOptions {
  /** Milliseconds from any moment on, never going back. */
  readonly stopwatch: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

interface Waiting {
  readonly looker: Looker;
  readonly begin: () => void;
}

/** By how much longer than it looked a client's other ordinary requests do not look. */
const REST = 4;

const ANY_SIZE: Room = { reserve: () => undefined };

/**
 * One answer of the source at a time, beside all places. The others wait their turn: emergencies first, then
 * whose client does not rest, then who came first. Who was turned away instead would not know what a resource
 * is, and could neither give nor name it. After a look its client rests for four times as long, since to read
 * a large answer costs the process time that emergencies need; not its emergencies, nor a request that has
 * looked, which else would wait by the number of large resources in a chart.
 */
export class Looks {
  readonly #options: LooksOptions;
  /** Until when, by client. */
  readonly #rests = new Map<string, number>();
  readonly #haveLooked = new WeakSet<Looker>();
  #waiting: readonly Waiting[] = [];
  #isLooking = false;
  #isPausing = false;

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /**
   * @throws NoRoom when an emergency has to give what it has while it waits; AppError UPSTREAM_FAILED when
   *   the deadline passes; what `work` throws.
   */
  async look<T>(looker: Looker, until: LookUntil, work: (room: Room) => Promise<T>): Promise<T> {
    await this.#turn(looker, until);
    const from = this.#options.stopwatch();
    try {
      return await work(ANY_SIZE);
    } finally {
      this.#isLooking = false;
      this.#rest(looker, from);
      this.#next();
    }
  }

  #turn(looker: Looker, { deadline, hurry }: LookUntil): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (error: Error): void => {
        stop();
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(error);
      };
      const onDeadline = (): void => {
        leave(sourceFailed('nothing could be looked at within the deadline'));
      };
      const onHurry = (): void => {
        leave(new NoRoom());
      };
      const stop = (): void => {
        deadline.removeEventListener('abort', onDeadline);
        hurry?.removeEventListener('abort', onHurry);
      };
      const waiting: Waiting = {
        looker,
        begin: () => {
          stop();
          resolve();
        },
      };
      deadline.addEventListener('abort', onDeadline);
      hurry?.addEventListener('abort', onHurry);
      this.#waiting = [...this.#waiting, waiting];
      this.#next();
      // Signals that were aborted before tell nobody any more.
      if (this.#waiting.includes(waiting) && deadline.aborted) {
        onDeadline();
      } else if (this.#waiting.includes(waiting) && hurry?.aborted === true) {
        onHurry();
      }
    });
  }

  #next(): void {
    if (this.#isLooking) {
      return;
    }
    const now = this.#options.stopwatch();
    const ranked = this.#waiting
      .filter(({ looker }) => this.#mayLook(looker, now))
      .sort((one, other) => this.#rank(one.looker, now) - this.#rank(other.looker, now));
    const [first] = ranked;
    if (first === undefined) {
      this.#wakeLater(now);
      return;
    }
    this.#waiting = this.#waiting.filter((one) => one !== first);
    this.#isLooking = true;
    first.begin();
  }

  #mayLook(looker: Looker, now: number): boolean {
    return looker.isEmergency || this.#haveLooked.has(looker) || !this.#isResting(looker, now);
  }

  #rank(looker: Looker, now: number): number {
    return (looker.isEmergency ? 0 : 2) + (this.#isResting(looker, now) ? 1 : 0);
  }

  #isResting({ client }: Looker, now: number): boolean {
    return (this.#rests.get(client) ?? now) > now;
  }

  /** Wakes those who wait when the first of their clients has rested. */
  #wakeLater(now: number): void {
    if (this.#waiting.length === 0 || this.#isPausing) {
      return;
    }
    this.#isPausing = true;
    const ends = this.#waiting.map(({ looker }) => this.#rests.get(looker.client) ?? now);
    void this.#options.pause(Math.max(1, Math.min(...ends) - now)).then(() => {
      this.#isPausing = false;
      this.#next();
    });
  }

  /** Only those who rest are remembered. */
  #rest(looker: Looker, from: number): void {
    const now = this.#options.stopwatch();
    for (const [client, until] of this.#rests) {
      if (until <= now) {
        this.#rests.delete(client);
      }
    }
    this.#haveLooked.add(looker);
    const until = now + REST * (now - from);
    this.#rests.set(looker.client, Math.max(until, this.#rests.get(looker.client) ?? until));
  }
}
