// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';

/** An answer of the own peer. */
export interface PeerAnswer<T> {
  readonly value: T;
  /** How many blocks the peer had before it was asked: the answer rests on them all. */
  readonly height: bigint;
}

/**
 * The own peer, as far as its word about the Registry counts. One that came back from a backup, or is being
 * rebuilt, knows an older Registry: it must not take from this process what it had learnt.
 */
export class RegistryPeer {
  readonly #ledger: Pick<ProvenanceLedger, 'ownHeight'>;
  #known: bigint;

  /** @param known blocks that the peer had when what is remembered was read; 0: nothing is. */
  constructor(ledger: Pick<ProvenanceLedger, 'ownHeight'>, known = 0n) {
    this.#ledger = ledger;
    this.#known = known;
  }

  /** The peer has announced a change in the block with this number. */
  noteBlock(block: bigint): void {
    this.#note(block + 1n);
  }

  /**
   * Asks, unless the peer has fewer blocks than an answer before, or an announced change, rested on.
   * @throws LedgerError `unavailable` with reason `PEER_BEHIND`; and what the ledger or `question` throws.
   */
  async ask<T>(question: () => Promise<T>): Promise<PeerAnswer<T>> {
    const known = this.#known;
    const height = await this.#ledger.ownHeight();
    if (height < known) {
      throw new LedgerError(
        'unavailable',
        `the own peer has ${String(height)} of the ${String(known)} blocks that the remembered Registry rests on`,
        { reason: 'PEER_BEHIND' },
      );
    }
    const value = await question();
    this.#note(height);
    return { value, height };
  }

  #note(height: bigint): void {
    if (height > this.#known) {
      this.#known = height;
    }
  }
}
