// SPDX-License-Identifier: Apache-2.0
import { Context } from 'fabric-contract-api';
import { canonicalBytes, DomainError } from '../domain';
import { BatchStore } from '../ledger/batchStore';
import { ConsentStore } from '../ledger/consentStore';
import { RegistryStore } from '../ledger/registryStore';
import { TransactionState } from '../ledger/transactionState';

const MAX_TIME_DIFFERENCE_MS = 60_000;

interface Stores {
  readonly registry: RegistryStore;
  readonly consents: ConsentStore;
  readonly batches: BatchStore;
}

/** What a transaction works with. It lives as long as the transaction; nothing outlives it. */
export class ProvenanceContext extends Context {
  #stores: Stores | undefined;

  /** All stores share one view, so that no key is read twice. */
  get stores(): Stores {
    this.#stores ??= this.#open();
    return this.#stores;
  }

  /**
   * The transaction's time, which is the client's claim and the same on every peer, as RFC 3339 in UTC with
   * milliseconds.
   * @param nowMs this peer's clock. It only refuses (`TIME_OUT_OF_RANGE` beyond 60 s) and never enters a
   *   result.
   */
  timeWithin(nowMs: number): string {
    const { seconds, nanos } = this.stub.getTxTimestamp();
    const atMs = seconds.toNumber() * 1000 + Math.floor(nanos / 1_000_000);
    if (!(Math.abs(atMs - nowMs) <= MAX_TIME_DIFFERENCE_MS)) {
      throw new DomainError(
        'TIME_OUT_OF_RANGE',
        'the transaction’s time is more than 60 s from the peer’s clock; correct the clock and send a new proposal',
      );
    }
    return new Date(atMs).toISOString();
  }

  /** Emits the transaction's one event. */
  emit(name: string, payload: object): void {
    this.stub.setEvent(name, canonicalBytes(payload));
  }

  #open(): Stores {
    const state = new TransactionState(this.stub);
    return {
      registry: new RegistryStore(state),
      consents: new ConsentStore(state),
      batches: new BatchStore(state),
    };
  }
}
