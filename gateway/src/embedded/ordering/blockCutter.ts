// SPDX-License-Identifier: Apache-2.0

export interface CutterLimits {
  maxMessageCount: number;
  preferredMaxBytes: number;
}

export interface Message {
  /** Bytes of payload and signature, as an orderer counts. */
  size: number;
}

/**
 * Gathers messages into blocks by Fabric's rules: a message beyond the preferred size gets a block of its
 * own, one that would overflow the block starts the next, and a full count closes it.
 */
export class BlockCutter<T extends Message> {
  #pending: T[] = [];
  #pendingBytes = 0;

  readonly #limits: CutterLimits;

  constructor(limits: CutterLimits) {
    this.#limits = limits;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** The blocks that the message completes, in order. */
  add(message: T): T[][] {
    const { size } = message;
    const blocks: T[][] = [];
    if (size > this.#limits.preferredMaxBytes) {
      if (this.hasPending) {
        blocks.push(this.cut());
      }
      blocks.push([message]);
      return blocks;
    }
    if (this.hasPending && this.#pendingBytes + size > this.#limits.preferredMaxBytes) {
      blocks.push(this.cut());
    }
    this.#pending.push(message);
    this.#pendingBytes += size;
    if (this.#pending.length >= this.#limits.maxMessageCount) {
      blocks.push(this.cut());
    }
    return blocks;
  }

  /** What is pending, as a block. */
  cut(): T[] {
    const block = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    return block;
  }
}
