// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { Room } from '../fhir/upstream';

/** Bounds what the source's answers take in memory together. Small ones go free: the recorder's shares bound their number. */
export interface SourceMemory {
  /**
   * Room for one request.
   * @param client whose requests share what is to be had.
   * @param isEmergency takes the last places, which others leave free.
   * @param signal gives up waiting.
   */
  open(client: string, isEmergency: boolean, signal: AbortSignal): RequestRoom;
}

export interface RequestRoom extends Room {
  /** When what was read is no longer in memory: after the answer was sent, or the caller left. More calls do nothing. */
  close(): void;
}

export interface SourceMemoryBounds {
  /** Bytes of all answers together that are not small. */
  readonly totalBytes: number;
  /** Bytes of one answer at most. */
  readonly answerBytes: number;
}

/** Answers up to this size need no place. */
export const SMALL_BYTES = 256 * 1024;
/** Answers up to this size share the larger part of the places. */
export const MIDDLE_BYTES = 4 * 1024 * 1024;
/** Of the total, for answers above the middle size. */
export const LARGE_SHARE = 0.6;
/** One for everybody, one for emergencies. */
export const MIN_LARGE_PLACES = 2;

/**
 * Places by size, so that whoever got one can finish: a request holds a middle place while it waits for a large one, and nobody who holds
 * a large one waits for anything.
 */
export function createSourceMemory({ totalBytes, answerBytes }: SourceMemoryBounds): SourceMemory {
  const largest = Math.max(answerBytes, MIDDLE_BYTES);
  const large = new Places(Math.max(MIN_LARGE_PLACES, Math.floor((totalBytes * LARGE_SHARE) / largest)));
  const middle = new Places(Math.max(2, Math.floor((totalBytes * (1 - LARGE_SHARE)) / MIDDLE_BYTES)));
  return {
    open: (client, isEmergency, signal) => {
      const wish: Wish = { client, isEmergency, signal };
      let held: Places | undefined;
      let isClosed = false;
      /** What is being taken: several answers of one request may ask at the same time, and one place is for all of them. */
      let aim: Places | undefined;
      let taken: Promise<void> = Promise.resolve();
      const take = async (places: Places): Promise<void> => {
        await places.take(wish);
        held?.giveBack(wish);
        held = places;
        if (isClosed) {
          places.giveBack(wish);
          held = undefined;
        }
      };
      const reach = (places: Places): Promise<void> => {
        if (aim !== undefined && (aim === places || aim === large)) {
          return taken;
        }
        const first = aim === undefined ? take(places) : taken.then(() => take(places));
        aim = places;
        taken = first.finally(() => {
          aim = aim === places ? undefined : aim;
        });
        return taken;
      };
      return {
        reserve: (bytes) => {
          if (bytes <= SMALL_BYTES || held === large) {
            return undefined;
          }
          if (bytes <= MIDDLE_BYTES) {
            return held === undefined ? reach(middle) : undefined;
          }
          return reach(large);
        },
        close: () => {
          isClosed = true;
          held?.giveBack(wish);
          held = undefined;
        },
      };
    },
  };
}

interface Wish {
  readonly client: string;
  readonly isEmergency: boolean;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly wish: Wish;
  readonly start: () => void;
}

interface Holding {
  readonly ordinary: number;
  readonly emergencies: number;
}

const NOTHING_HELD: Holding = { ordinary: 0, emergencies: 0 };

/**
 * Emergencies first, then whose client holds fewest, then who came first. The last place is for emergencies. No client holds so many, not even
 * with slow readers, that another one's emergency finds none; nor, with ordinary requests, that another one's ordinary request finds none.
 * Each has one place of either kind whatever the others hold, so with two places both can be one client's.
 */
class Places {
  readonly #count: number;
  #free: number;
  readonly #holds = new Map<string, Holding>();
  readonly #waiting = new Set<Waiting>();

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  take(wish: Wish): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(waiting);
        reject(
          new AppError('OVERLOADED', 'no room for a large answer of the source', { retryAfterSeconds: 5 }),
        );
      };
      const waiting: Waiting = {
        wish,
        start: () => {
          wish.signal.removeEventListener('abort', stop);
          resolve();
        },
      };
      if (wish.signal.aborted) {
        stop();
        return;
      }
      wish.signal.addEventListener('abort', stop, { once: true });
      this.#waiting.add(waiting);
      this.#serve();
    });
  }

  giveBack(wish: Wish): void {
    this.#free += 1;
    this.#hold(wish, -1);
    this.#serve();
  }

  #held(client: string): Holding {
    return this.#holds.get(client) ?? NOTHING_HELD;
  }

  #hold({ client, isEmergency }: Wish, change: 1 | -1): void {
    const { ordinary, emergencies } = this.#held(client);
    const held = isEmergency
      ? { ordinary, emergencies: emergencies + change }
      : { ordinary: ordinary + change, emergencies };
    if (total(held) === 0) {
      this.#holds.delete(client);
    } else {
      this.#holds.set(client, held);
    }
  }

  /** Whether a place is free for it, and others' places stay free. */
  #mayTake({ client, isEmergency }: Wish): boolean {
    const held = this.#held(client);
    if (this.#free <= (isEmergency ? 0 : 1)) {
      return false;
    }
    const ownOfKind = isEmergency ? held.emergencies : held.ordinary;
    return ownOfKind === 0 || (ownOfKind < this.#count - 2 && total(held) < this.#count - 1);
  }

  #serve(): void {
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      this.#waiting.delete(next);
      this.#free -= 1;
      this.#hold(next.wish, 1);
      next.start();
    }
  }

  #first(): Waiting | undefined {
    let best: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (this.#mayTake(waiting.wish) && (best === undefined || this.#isBefore(waiting, best))) {
        best = waiting;
      }
    }
    return best;
  }

  #isBefore({ wish: a }: Waiting, { wish: b }: Waiting): boolean {
    if (a.isEmergency !== b.isEmergency) {
      return a.isEmergency;
    }
    return total(this.#held(a.client)) < total(this.#held(b.client));
  }
}

function total({ ordinary, emergencies }: Holding): number {
  return ordinary + emergencies;
}
