// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';

/** One request's way into the source. */
export interface Passage {
  /**
   * Resolves when it is this request's turn to ask the source.
   * @throws AppError OVERLOADED when `deadline` passes before.
   */
  enter(deadline: AbortSignal): Promise<void>;
  /** What the source was asked for is there, or nobody needs it any more. Further calls do nothing. */
  leave(): void;
}

interface Waiting {
  readonly client: string;
  readonly begin: () => void;
}

const RETRY_SECONDS = 5;

/**
 * So many requests ask the source at once, whatever they ask for; the others wait, each client's in the order in which they came. A client
 * has as many of the places as are still free: one alone half of them, two a third each. So whoever comes later finds one at once, and a
 * request waits for few others of its own client once it is in. A place that is given back goes to the client that has fewest.
 */
export class Door {
  readonly #places: number;
  readonly #inside = new Map<string, number>();
  #total = 0;
  #waiting: readonly Waiting[] = [];

  /** @param places from 2. */
  constructor(places: number) {
    this.#places = places;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  open(client: string): Passage {
    let state: 'outside' | 'inside' | 'left' = 'outside';
    return {
      enter: async (deadline) => {
        await this.#turn(client, deadline);
        state = 'inside';
      },
      leave: () => {
        if (state === 'inside') {
          this.#giveBack(client);
        }
        state = 'left';
      },
    };
  }

  #turn(client: string, deadline: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onDeadline = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(
          new AppError('OVERLOADED', 'the source could not be asked within the deadline', {
            retryAfterSeconds: RETRY_SECONDS,
          }),
        );
      };
      const waiting: Waiting = {
        client,
        begin: () => {
          deadline.removeEventListener('abort', onDeadline);
          resolve();
        },
      };
      if (deadline.aborted) {
        onDeadline();
        return;
      }
      deadline.addEventListener('abort', onDeadline);
      this.#waiting = [...this.#waiting, waiting];
      this.#next();
    });
  }

  #next(): void {
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      const { client, begin } = next;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      this.#inside.set(client, this.#of(client) + 1);
      this.#total += 1;
      begin();
    }
  }

  /** Of the client that has fewest; of several such the one that waits for longest. */
  #first(): Waiting | undefined {
    const free = this.#places - this.#total;
    let first: Waiting | undefined;
    for (const one of this.#waiting) {
      if (this.#of(one.client) < Math.min(free, first === undefined ? Infinity : this.#of(first.client))) {
        first = one;
      }
    }
    return first;
  }

  #of(client: string): number {
    return this.#inside.get(client) ?? 0;
  }

  #giveBack(client: string): void {
    this.#total -= 1;
    const left = this.#of(client) - 1;
    if (left === 0) {
      this.#inside.delete(client);
    } else {
      this.#inside.set(client, left);
    }
    this.#next();
  }
}
