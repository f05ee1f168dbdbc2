// SPDX-License-Identifier: Apache-2.0
import { type BatchRecord, parseBatchRecord, parsePrivateBatch, type PrivateBatch } from '../domain';
import type { TransactionState } from './transactionState';

const BATCH = 'batch';
/** Digits of a sequence number in a key, so that key order is number order. */
const SEQ_DIGITS = 12;

/** The batches of every lane: one public record each, and one private value at the holder and at the trustee. */
export class BatchStore {
  readonly #state: TransactionState;

  constructor(state: TransactionState) {
    this.#state = state;
  }

  findRecord(lane: string, seq: number): Promise<BatchRecord | undefined> {
    return this.#state.find(this.#key(lane, seq), parseBatchRecord);
  }

  isTaken(lane: string, seq: number): Promise<boolean> {
    return this.#state.has(this.#key(lane, seq));
  }

  /** The private value as `owner`'s own peer keeps it. */
  findPrivate(lane: string, seq: number, owner: string): Promise<PrivateBatch | undefined> {
    return this.#state.find(this.#key(lane, seq), parsePrivateBatch, implicitCollection(owner));
  }

  /** Writes the public record, and the private value (canonical bytes) to each owner's own collection. */
  async put(
    lane: string,
    seq: number,
    record: BatchRecord,
    privateBytes: Uint8Array,
    owners: readonly string[],
  ): Promise<void> {
    const key = this.#key(lane, seq);
    for (const owner of owners) {
      await this.#state.putBytes(key, privateBytes, implicitCollection(owner));
    }
    await this.#state.put(key, record);
  }

  #key(lane: string, seq: number): string {
    return this.#state.key(BATCH, lane, String(seq).padStart(SEQ_DIGITS, '0'));
  }
}

function implicitCollection(mspId: string): string {
  return `_implicit_org_${mspId}`;
}
