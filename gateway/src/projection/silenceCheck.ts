// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { StreamSilent } from './problems';

/**
 * Whether the ledger holds events that have not been applied, asked of the blocks themselves: a stream of
 * events that gives nothing looks the same as a ledger on which nothing happens. Every block counts, so an
 * event of a lane that nobody has heard of is found as well.
 */
export class SilenceCheck {
  readonly #ledger: Pick<ProvenanceLedger, 'findEventBlock'>;
  readonly #clock: () => number;
  readonly #patienceMs: number;
  /** Blocks below it are applied or hold no event. */
  #seenTo = 0;
  /** The first block from there on with an event, if one is known. */
  #found: number | undefined;
  #foundAt = 0;

  /** @param patienceMs how long a stream may keep an event to itself before it is given up. */
  constructor(ledger: Pick<ProvenanceLedger, 'findEventBlock'>, clock: () => number, patienceMs: number) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Forgets what it has seen: the next connection may lead to another peer. */
  reset(): void {
    this.#seenTo = 0;
    this.#found = undefined;
  }

  /**
   * Whether all blocks below `height` are applied or hold no event.
   * @param applied the last applied block; `undefined` before the first.
   */
  async isComplete(applied: number | undefined, height: number, signal: AbortSignal): Promise<boolean> {
    const from = Math.max(this.#seenTo, (applied ?? -1) + 1);
    if (this.#found !== undefined && this.#found >= from) {
      return this.#found >= height;
    }
    this.#found = undefined;
    const found = await this.#ledger.findEventBlock(BigInt(from), BigInt(height), signal);
    if (signal.aborted) {
      return false;
    }
    this.#seenTo = found === undefined ? Math.max(from, height) : Number(found);
    if (found !== undefined) {
      this.#found = Number(found);
      this.#foundAt = this.#clock();
    }
    return found === undefined;
  }

  /**
   * @throws StreamSilent when what was found has stayed unannounced for too long. To be asked while nothing
   *   is in hand.
   */
  demandNews(applied: number | undefined): void {
    if (
      this.#found !== undefined &&
      this.#found > (applied ?? -1) &&
      this.#clock() - this.#foundAt >= this.#patienceMs
    ) {
      throw new StreamSilent(this.#found);
    }
  }
}
