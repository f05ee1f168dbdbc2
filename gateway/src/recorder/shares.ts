// SPDX-License-Identifier: Apache-2.0
import { overloaded } from './refusals';

/** One request's place; given back exactly once, when the request is answered. */
export interface Admission extends Place {
  /** When it was given: a moment of the recorder's scheduler, from which the request's deadline counts. */
  readonly at: number;
}

/** A place among others; see {@link Shares}. */
export interface Place {
  /** Gives the place back; further calls do nothing. */
  release(): void;
}

/**
 * Places that clients share. A client may hold as many as are still free: one alone gets half of them, two a
 * third each, and so on. So somebody who comes later always finds free places, however many the others ask
 * for.
 */
export class Shares {
  readonly #places: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  /** @param places how many there are, from 1. */
  constructor(places: number) {
    this.#places = places;
  }

  /** Places held now. */
  get total(): number {
    return this.#total;
  }

  /** @throws AppError `OVERLOADED` with `retryAfterSeconds` when the client holds its share already. */
  take(client: string): Place {
    const held = this.#held.get(client) ?? 0;
    if (held >= this.#places - this.#total) {
      throw overloaded(
        `the client holds ${String(held)} of ${String(this.#total)} places of ${String(this.#places)}`,
      );
    }
    this.#held.set(client, held + 1);
    this.#total += 1;
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) {
          isHeld = false;
          this.#giveBack(client);
        }
      },
    };
  }

  #giveBack(client: string): void {
    const held = this.#held.get(client) ?? 0;
    this.#total -= 1;
    if (held <= 1) {
      this.#held.delete(client);
    } else {
      this.#held.set(client, held - 1);
    }
  }
}
