// SPDX-License-Identifier: Apache-2.0
import { BlockCutter, type CutterLimits } from './blockCutter';

export interface OrdererLimits extends CutterLimits {
  absoluteMaxBytes: number;
  batchTimeoutMs: number;
}

const LONGEST_PAUSE_MS = 2;

interface Envelope {
  bytes: Uint8Array;
  size: number;
}

/**
 * Puts transactions in order and cuts them into blocks. Without a batch timeout a block takes whatever has
 * arrived when the previous one is committed: a lone transaction waits for nobody, and under load blocks fill
 * by themselves.
 */
export class Orderer {
  readonly #cutter: BlockCutter<Envelope>;
  readonly #ready: Uint8Array[][] = [];
  #timer: NodeJS.Timeout | undefined;
  #scheduled = false;
  #failure: Error | undefined;
  #lastEnd = -Infinity;
  #lastDuration = 0;

  /** `commit` makes one block of the envelopes; it runs once per event-loop turn. */
  readonly #limits: OrdererLimits;
  readonly #commit: (envelopes: Uint8Array[]) => void;
  readonly #failed: (error: Error) => void;

  constructor(
    limits: OrdererLimits,
    commit: (envelopes: Uint8Array[]) => void,
    failed: (error: Error) => void,
  ) {
    this.#limits = limits;
    this.#commit = commit;
    this.#failed = failed;

    this.#cutter = new BlockCutter(limits);
  }

  /**
   * Takes an envelope whose payload and signature have `size` bytes, unless the ledger has stopped; then the
   * reason.
   */
  submit(bytes: Uint8Array, size: number): string | undefined {
    if (this.#failure) {
      return `ledger stopped: ${this.#failure.message}`;
    }
    for (const block of this.#cutter.add({ bytes, size })) {
      this.#enqueue(block);
    }
    if (this.#cutter.hasPending) {
      this.#waitForMore();
    }
    return undefined;
  }

  #waitForMore(): void {
    if (this.#limits.batchTimeoutMs === 0) {
      this.#schedule();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#cutter.hasPending) {
        this.#enqueue(this.#cutter.cut());
      }
    }, this.#limits.batchTimeoutMs);
  }

  #enqueue(block: Envelope[]): void {
    this.#ready.push(block.map(({ bytes }) => bytes));
    if (!this.#cutter.hasPending) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) {
      return;
    }
    this.#scheduled = true;
    const commit = (): void => {
      this.#scheduled = false;
      this.#commitNext();
    };
    const pause = this.#pauseMs();
    if (pause > 0) {
      setTimeout(commit, pause);
    } else {
      setImmediate(commit);
    }
  }

  /**
   * Right after a block, more is usually on its way: waiting about as long as a block takes fills the next
   * one.
   */
  #pauseMs(): number {
    if (this.#ready.length > 0) {
      return 0;
    }
    const wanted = Math.min(this.#lastDuration, LONGEST_PAUSE_MS);
    return Math.ceil(wanted - (performance.now() - this.#lastEnd));
  }

  #commitNext(): void {
    if (this.#failure) {
      return;
    }
    const block = this.#ready.shift() ?? this.#takePending();
    if (block === undefined) {
      return;
    }
    const startedAt = performance.now();
    try {
      this.#commit(block);
      this.#lastEnd = performance.now();
      this.#lastDuration = this.#lastEnd - startedAt;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#failed(this.#failure);
      return;
    }
    if (this.#ready.length > 0 || (this.#limits.batchTimeoutMs === 0 && this.#cutter.hasPending)) {
      this.#schedule();
    }
  }

  #takePending(): Uint8Array[] | undefined {
    if (this.#limits.batchTimeoutMs > 0 || !this.#cutter.hasPending) {
      return undefined;
    }
    return this.#cutter.cut().map(({ bytes }) => bytes);
  }

  /** Commits what was accepted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#cutter.hasPending) {
      this.#ready.push(this.#cutter.cut().map(({ bytes }) => bytes));
    }
    while (this.#ready.length > 0 && !this.#failure) {
      this.#commitNext();
    }
  }
}
