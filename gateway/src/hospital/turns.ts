// SPDX-License-Identifier: Apache-2.0

/** Lets admitted requests begin one after the other. */
export interface Turns {
  /** A request was heard, whatever becomes of it. */
  heard(): void;
  /** Resolves when the request may begin: emergencies before all others, and among each kind clients by turns. Never rejects. */
  next(client: string, isEmergency: boolean): Promise<void>;
}

/** So many turns of the loop in which nothing is heard show that nobody waits at the door: one takes a connection, the next one reads it. */
const QUIET = 2;
/** Turns of the loop that somebody who may begin waits for others to be heard, however many come. */
const LONGEST = 64;

/** Requests that wait, by client; the client whose turn it is comes first. */
class Line {
  readonly #clients = new Map<string, (() => void)[]>();

  add(client: string, begin: () => void): void {
    const waiting = this.#clients.get(client);
    if (waiting === undefined) {
      this.#clients.set(client, [begin]);
    } else {
      waiting.push(begin);
    }
  }

  /** Takes out whose turn it is; undefined when nobody waits. */
  take(): (() => void) | undefined {
    const [first] = this.#clients;
    if (first === undefined) {
      return undefined;
    }
    const [client, waiting] = first;
    const begin = waiting.shift();
    this.#clients.delete(client);
    if (waiting.length > 0) {
      this.#clients.set(client, waiting);
    }
    return begin;
  }
}

/**
 * One request begins at a time, and only after whoever came meanwhile was heard. The platform takes one connection in each turn of the
 * event loop: were all that it heard to begin at once, the others would wait unheard for what these cost, an emergency among them.
 * @param later runs an action in the next turn of the loop; the platform's `setImmediate` unless given.
 */
export function createTurns(later: (action: () => void) => void = setImmediate): Turns {
  const emergencies = new Line();
  const others = new Line();
  let isDue = false;
  let quiet = 0;
  let waited = 0;
  const turn = (): void => {
    quiet += 1;
    waited += 1;
    if (quiet <= QUIET && waited < LONGEST) {
      later(turn);
      return;
    }
    waited = 0;
    const first = emergencies.take() ?? others.take();
    isDue = first !== undefined;
    if (first !== undefined) {
      quiet = 0;
      // Before it begins, so that what it does at once never keeps the next one from its turn.
      later(turn);
      first();
    }
  };
  return {
    heard: () => {
      quiet = 0;
    },
    next: (client, isEmergency) =>
      new Promise((resolve) => {
        (isEmergency ? emergencies : others).add(client, resolve);
        if (!isDue) {
          isDue = true;
          later(turn);
        }
      }),
  };
}
