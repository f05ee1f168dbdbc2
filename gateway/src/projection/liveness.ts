// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { SilenceCheck } from './silenceCheck';

/** How long the stream may keep an event to itself that the blocks hold, in milliseconds. */
const SILENT_MS = 10_000;

/** How far the list and the ledger reach, as last seen. */
export interface Extent {
  /** The last applied block; `undefined` before the first. */
  readonly block: number | undefined;
  /** Blocks on the ledger; `undefined` before it was seen. */
  readonly height: number | undefined;
}

/**
 * Whether the list holds all that the ledger has. Blocks without a chaincode event are never announced, so
 * the applied block alone cannot tell: nothing may be in hand, and no block after the last applied one may
 * hold an event.
 */
export class Liveness {
  readonly #silence: SilenceCheck;
  readonly #extent: () => Extent;
  /** Whether events are being applied. */
  #isBusy = false;
  /** Events that were announced on this connection and are not applied yet. */
  #inHand = 0;
  /** Whether an event has arrived that could not be applied yet. */
  #isStuck = false;

  /** @param extent asked again after each wait, during which it may have changed. */
  constructor(ledger: Pick<ProvenanceLedger, 'findEventBlock'>, clock: () => number, extent: () => Extent) {
    this.#silence = new SilenceCheck(ledger, clock, SILENT_MS);
    this.#extent = extent;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** A connection begins, perhaps to another peer. */
  connects(): void {
    this.#silence.reset();
    this.#inHand = 0;
  }

  disconnects(): void {
    this.#isBusy = false;
  }

  announced(): void {
    this.#inHand += 1;
  }

  begins(): void {
    this.#isBusy = true;
  }

  /** @param count events that are applied. */
  finishes(count: number): void {
    this.#inHand -= count;
    this.#isBusy = false;
  }

  /** An event could not be applied. */
  sticks(): void {
    this.#isStuck = true;
  }

  moves(): void {
    this.#isStuck = false;
  }

  reachesTip(): boolean {
    const { block, height } = this.#extent();
    return height !== undefined && (block ?? -1) + 1 >= height;
  }

  /** @param height blocks on the ledger at the present look. @throws LedgerError */
  async isCaughtUp(height: number, signal: AbortSignal): Promise<boolean> {
    if (this.reachesTip()) {
      return !this.#isBusy;
    }
    return (
      !this.#hasWork() &&
      (await this.#silence.isComplete(this.#extent().block, height, signal)) &&
      !this.#hasWork()
    );
  }

  /**
   * Whether something is missing of what was on the ledger at the look before: a slow store, or a stream that
   * gives nothing, is not live.
   * @throws LedgerError
   */
  async isBehind(heightBefore: number | undefined, signal: AbortSignal): Promise<boolean> {
    const { block } = this.#extent();
    if (heightBefore === undefined || (block ?? -1) + 1 >= heightBefore) {
      return false;
    }
    return this.#hasWork() || !(await this.#silence.isComplete(block, heightBefore, signal));
  }

  /** @throws StreamSilent when the stream has kept an event to itself for too long. */
  demandNews(): void {
    if (!this.#hasWork()) {
      this.#silence.demandNews(this.#extent().block);
    }
  }

  /** Asked again after a wait, during which an event may have come. */
  #hasWork(): boolean {
    return this.#isBusy || this.#isStuck || this.#inHand > 0;
  }
}
