// SPDX-License-Identifier: Apache-2.0
import type { StateReader, TransactionRecord } from '../store/stateReader';
import type { Cancellation } from './cancellation';

/** Wakes those who wait for blocks and for the outcome of transactions. */
export class BlockFeed {
  readonly #forBlock = new Set<() => void>();
  readonly #forTransaction = new Map<string, Set<() => void>>();
  #closed = false;

  readonly #reader: StateReader;

  constructor(reader: StateReader) {
    this.#reader = reader;
  }

  get height(): number {
    return this.#reader.height();
  }

  /** To be called when a block is durable. */
  announce(transactionIds: Iterable<string>): void {
    for (const wake of [...this.#forBlock]) {
      wake();
    }
    for (const id of transactionIds) {
      for (const wake of [...(this.#forTransaction.get(id) ?? [])]) {
        wake();
      }
    }
  }

  /**
   * Resolves with the block's bytes as soon as it exists; undefined when the call or the ledger ends first.
   */
  async block(number: number, cancellation: Cancellation): Promise<Uint8Array | undefined> {
    for (;;) {
      if (cancellation.cancelled || this.#closed) {
        return undefined;
      }
      const bytes = this.#reader.block(number);
      if (bytes) {
        return bytes;
      }
      await this.#wait(this.#forBlock, cancellation);
    }
  }

  /** Resolves when the transaction is in a block; undefined when the call or the ledger ends first. */
  async transaction(id: string, cancellation: Cancellation): Promise<TransactionRecord | undefined> {
    for (;;) {
      const record = this.#reader.transaction(id);
      if (record) {
        return record;
      }
      if (cancellation.cancelled || this.#closed) {
        return undefined;
      }
      const waiting = this.#forTransaction.get(id) ?? new Set();
      this.#forTransaction.set(id, waiting);
      await this.#wait(waiting, cancellation);
      if (waiting.size === 0) {
        this.#forTransaction.delete(id);
      }
    }
  }

  #wait(waiting: Set<() => void>, cancellation: Cancellation): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        withdraw();
        resolve();
      };
      waiting.add(wake);
      const withdraw = cancellation.onCancel(() => {
        waiting.delete(wake);
        resolve();
      });
    });
  }

  close(): void {
    this.#closed = true;
    for (const wake of [...this.#forBlock]) {
      wake();
    }
    for (const waiting of [...this.#forTransaction.values()]) {
      for (const wake of [...waiting]) {
        wake();
      }
    }
  }
}
