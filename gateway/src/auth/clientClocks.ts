// SPDX-License-Identifier: Apache-2.0
import { isNumericDate } from './numericDate';
import type { JsonObject } from './strictJson';

/** What an assertion whose signature was verified says about time. */
export interface ClockSign {
  readonly clientId: string;
  /** Its `iat` less this process' clock; `undefined` when it has none. */
  readonly aheadSeconds: number | undefined;
  /** Whether it was refused for its times alone, and in which direction; `none` when it was taken. */
  readonly refusedAs: 'none' | 'ahead' | 'expired';
}

/** @param nowSeconds this process' clock. */
export function signOf(
  clientId: string,
  { iat }: JsonObject,
  nowSeconds: number,
  refusedAs: ClockSign['refusedAs'],
): ClockSign {
  return { clientId, aheadSeconds: isNumericDate(iat) ? iat - nowSeconds : undefined, refusedAs };
}

export interface ClientClocksOptions {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Told when a suspicion begins, changes or ends (`undefined`). */
  readonly onSuspicion?: (suspicion: string | undefined) => void;
}

/** Different clients whose last assertions are remembered. */
const REMEMBERED = 16;
/**
 * So many different clients, all of them refused in one direction, make a suspicion. One alone never does:
 * its own clock may be wrong.
 */
const SUSPICIOUS = 3;
/** Older signs say nothing about now, in milliseconds. */
const RECENT_MS = 900_000;

/**
 * How the clocks of different clients compare with this one. Clients are not to be believed: one party may
 * run several and make them all wrong. So this is a suspicion for an operator, and never a reason not to
 * serve.
 */
export class ClientClocks {
  readonly #options: ClientClocksOptions;
  /** The last sign of each client, the latest at the end. */
  readonly #signs = new Map<string, ClockSign & { readonly at: number }>();
  #said: string | undefined;

  constructor(options: ClientClocksOptions) {
    this.#options = options;
  }

  note(sign: ClockSign): void {
    this.#signs.delete(sign.clientId);
    this.#signs.set(sign.clientId, { ...sign, at: this.#options.clock() });
    const [oldest] = this.#signs.keys();
    if (this.#signs.size > REMEMBERED && oldest !== undefined) {
      this.#signs.delete(oldest);
    }
    const suspicion = this.suspicion();
    if (suspicion !== this.#said) {
      this.#said = suspicion;
      this.#options.onSuspicion?.(suspicion);
    }
  }

  /**
   * Median, in seconds, by which the clients' clocks are ahead of this one; `undefined` without recent signs.
   */
  aheadSeconds(): number | undefined {
    const ahead = this.#recent()
      .flatMap(({ aheadSeconds }) => aheadSeconds ?? [])
      .sort((one, other) => one - other);
    return ahead[Math.floor(ahead.length / 2)];
  }

  /**
   * For an operator, when the last clients, at least three different ones, were all refused for being ahead,
   * or all for being expired.
   */
  suspicion(): string | undefined {
    const last = this.#recent().slice(-SUSPICIOUS);
    const [first] = last;
    if (first === undefined || last.length < SUSPICIOUS || first.refusedAs === 'none') {
      return undefined;
    }
    if (last.some(({ refusedAs }) => refusedAs !== first.refusedAs)) {
      return undefined;
    }
    const side = first.refusedAs === 'ahead' ? 'behind' : 'ahead';
    return (
      `the last ${String(SUSPICIOUS)} clients that asked for a token were all refused for the times in their assertions: ` +
      `this machine's clock may be ${side}; compare it with a time server`
    );
  }

  #recent(): readonly ClockSign[] {
    const now = this.#options.clock();
    return [...this.#signs.values()].filter(({ at }) => now - at < RECENT_MS);
  }
}
