// SPDX-License-Identifier: Apache-2.0

/** Says when admitted requests begin. */
export interface Turns {
  /** Somebody was heard on a new connection, whatever becomes of the request. */
  heard(): void;
  /** Resolves when the request may begin: emergencies before all others, and among each kind clients by turns. Never rejects. */
  next(client: string, isEmergency: boolean): Promise<void>;
}

export interface TurnsOptions {
  /** Runs an action in the next turn of the loop; the platform's `setImmediate` unless given. */
  readonly later?: (action: () => void) => void;
  /** Milliseconds that never run backwards. */
  readonly monotonic?: () => number;
}

/** So many turns in which nobody new is heard show that nobody is at the door: one takes a connection, the next one reads it. */
const QUIET = 2;
/** Turns of the loop that somebody who may begin waits for others to be heard, however many come. */
const LONGEST_WAIT = 64;
/** Requests that begin in one turn: twice as many when this took no longer than a few milliseconds, fewer when it took too long. */
const FIRST_BURST = 16;
const LARGEST_BURST = 256;
const SHORT_MS = 10;
const LONG_MS = 40;

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
 * Requests begin in bursts of what the loop can bear, and only after whoever came meanwhile was heard. The platform takes one new
 * connection in each turn of the event loop: were all that it has heard to begin at once, the others would wait unheard for what these cost, an
 * emergency among them. On connections that are open already all are heard in one turn, and nobody waits.
 */
export function createTurns({
  later = setImmediate,
  monotonic = () => performance.now(),
}: TurnsOptions = {}): Turns {
  const emergencies = new Line();
  const others = new Line();
  let isDue = false;
  /** Turns of the loop since somebody was heard. */
  let quiet = QUIET;
  let waited = 0;
  let burst = FIRST_BURST;
  let beganAt: number | undefined;
  const adapt = (): void => {
    if (beganAt !== undefined) {
      const took = monotonic() - beganAt;
      const wanted = took > LONG_MS ? (burst * LONG_MS) / took : took < SHORT_MS ? burst * 2 : burst;
      burst = Math.min(LARGEST_BURST, Math.max(1, Math.floor(wanted)));
      beganAt = undefined;
    }
  };
  const take = (): readonly (() => void)[] => {
    const taken: (() => void)[] = [];
    for (let first = emergencies.take() ?? others.take(); first !== undefined;) {
      taken.push(first);
      first = taken.length < burst ? (emergencies.take() ?? others.take()) : undefined;
    }
    return taken;
  };
  const turn = (): void => {
    adapt();
    quiet += 1;
    if (quiet <= QUIET && waited < LONGEST_WAIT) {
      waited += 1;
      later(turn);
      return;
    }
    waited = 0;
    const beginning = take();
    isDue = beginning.length > 0;
    if (isDue) {
      beganAt = monotonic();
      later(turn);
      for (const begin of beginning) {
        begin();
      }
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
