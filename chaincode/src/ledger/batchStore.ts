// SPDX-License-Identifier: Apache-2.0
import {
  type BatchRecord,
  MAX_IN_FLIGHT,
  parseBatchRecord,
  parseLane,
  parsePrivateBatch,
  type PrivateBatch,
} from '../domain';
import { parseAs, record } from '../domain/form';
import { laneForm } from '../domain/ledgerEventForm';
import type { TransactionState } from './transactionState';

const BATCH = 'batch';
const LANE_OF = 'laneOf';

const linkForm = record<{ lane: string }>({ lane: laneForm });
const parseLink = (value: unknown): { lane: string } => parseAs(linkForm, value, 'laneOf');

/** Digits of a sequence number in a key, so that key order is number order. */
const SEQ_DIGITS = 12;

/**
 * The batches of every lane: one public record each, and one private value at the holder and at the trustee.
 */
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

  /** The lanes of an organisation that have a batch, in the order of their names. */
  async lanesOf(mspId: string): Promise<string[]> {
    const links = await this.#state.list(LANE_OF, [mspId], parseLink);
    return links.map(({ lane }) => lane);
  }

  /** Writes the public record, and the private value (canonical bytes) to each owner's own collection. */
  async put(
    lane: string,
    seq: number,
    batchRecord: BatchRecord,
    privateBytes: Uint8Array,
    owners: readonly string[],
  ): Promise<void> {
    const key = this.#key(lane, seq);
    for (const owner of owners) {
      await this.#state.putBytes(key, privateBytes, implicitCollection(owner));
    }
    await this.#state.put(key, batchRecord);
    // Whichever of the first batches commits first: a later one may overtake them. Nobody reads it in a
    // write, so it conflicts with nothing.
    if (seq < MAX_IN_FLIGHT) {
      await this.#state.put(this.#state.key(LANE_OF, parseLane(lane).mspId, lane), { lane });
    }
  }

  #key(lane: string, seq: number): string {
    return this.#state.key(BATCH, lane, String(seq).padStart(SEQ_DIGITS, '0'));
  }
}

function implicitCollection(mspId: string): string {
  return `_implicit_org_${mspId}`;
}
