// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';
import type { LedgerBlock, LedgerTip, ProvenanceLedger } from '../ledger/provenanceLedger';
import type { Anchor, Checkpoint } from '../readmodel/accessStore';
import { ProjectionHalted } from './projectionHalted';

/** How old an anchor may become, in milliseconds, before a newer block takes its place. */
const ANCHOR_MS = 60_000;

/**
 * Proves that the ledger is the one that the list was made of. A peer whose ledger lacks the list's last
 * transaction answers everything and announces nothing, so that a list would look complete for ever.
 *
 * Every proof is one answer of one peer, a block by its number: several peers may stand behind one address,
 * and what two of them say does not belong together. A block that is absent proves nothing but that this peer
 * is behind.
 */
export class LedgerProof {
  readonly #ledger: Pick<ProvenanceLedger, 'findBlock'>;
  readonly #clock: () => number;
  #anchor: Anchor | undefined;
  #anchoredAt = 0;
  /** Hash of the first block, once it was read. */
  #origin: string | undefined;

  constructor(ledger: Pick<ProvenanceLedger, 'findBlock'>, clock: () => number) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** The newest block of which it is known that it belongs to this ledger. Kept with the checkpoint. */
  get anchor(): Anchor | undefined {
    return this.#anchor && this.#origin !== undefined
      ? { ...this.#anchor, origin: this.#origin }
      : this.#anchor;
  }

  /**
   * To be called on every connect, before anything is believed.
   * @throws ProjectionHalted LEDGER_FORKED; LedgerError PEER_BEHIND while this peer does not reach the
   *   checkpoint, BLOCKS_MISSING.
   */
  async connect(checkpoint: Checkpoint | undefined): Promise<void> {
    if (checkpoint === undefined) {
      // Here a peer without the first block differs from one that is silent.
      await this.#proveOrigin();
      await this.#proveAnchor();
      return;
    }
    this.#origin ??= checkpoint.anchor?.origin;
    const block = await this.#ledger.findBlock(BigInt(checkpoint.block));
    if (block === undefined) {
      // A ledger that was set up anew is shorter as well, and never becomes the list's.
      await this.#unlessMissing(this.#proveOrigin());
      throw new LedgerError(
        'unavailable',
        `the list has applied block ${String(checkpoint.block)}, which the peer does not have`,
        { reason: 'PEER_BEHIND' },
      );
    }
    if (!block.transactionIds.includes(checkpoint.transactionId)) {
      throw forked(checkpoint.block, 'lacks the last transaction of the list');
    }
    this.#anchor = newer(this.#anchor, checkpoint.anchor);
    await this.#proveAnchor(block);
    if (this.#origin === undefined) {
      await this.#unlessMissing(this.#proveOrigin());
    }
    this.#keep(newer(this.#anchor, anchorOf(block)));
  }

  /**
   * To be called with every look at the ledger.
   * @throws ProjectionHalted LEDGER_FORKED; LedgerError.
   */
  async look({ height, hash }: LedgerTip): Promise<void> {
    const tip = { block: Number(height) - 1, hash };
    if (tip.block < 0) {
      return;
    }
    if (this.#anchor?.block === tip.block && this.#anchor.hash !== hash) {
      throw forked(tip.block, 'is another block than before');
    }
    if (tip.block > (this.#anchor?.block ?? -1) && this.#clock() - this.#anchoredAt >= ANCHOR_MS) {
      await this.#proveAnchor();
      this.#keep(tip);
    }
  }

  /** @throws ProjectionHalted LEDGER_FORKED; LedgerError. */
  async #proveOrigin(): Promise<void> {
    const first = await this.#ledger.findBlock(0n);
    if (first === undefined) {
      return;
    }
    if (this.#origin !== undefined && this.#origin !== first.hash) {
      throw forked(0, 'is another block than before');
    }
    this.#origin = first.hash;
  }

  /** A peer that began with a snapshot has no first block; the list can be followed all the same. */
  async #unlessMissing(proof: Promise<void>): Promise<void> {
    try {
      await proof;
    } catch (error) {
      if (!(error instanceof LedgerError && error.reason === 'BLOCKS_MISSING')) {
        throw error;
      }
    }
  }

  async #proveAnchor(known?: LedgerBlock): Promise<void> {
    const anchor = this.#anchor;
    if (anchor === undefined) {
      return;
    }
    const block =
      known !== undefined && Number(known.number) === anchor.block
        ? known
        : await this.#ledger.findBlock(BigInt(anchor.block));
    // An anchor beyond this peer's height is compared when the peer has it.
    if (block !== undefined && block.hash !== anchor.hash) {
      throw forked(anchor.block, 'is another block than before');
    }
  }

  #keep(anchor: Anchor | undefined): void {
    this.#anchor = anchor;
    this.#anchoredAt = this.#clock();
  }
}

function forked(block: number, what: string): ProjectionHalted {
  return new ProjectionHalted('LEDGER_FORKED', `block ${String(block)} of this ledger ${what}`);
}

function anchorOf({ number, hash }: LedgerBlock): Anchor {
  return { block: Number(number), hash };
}

function newer(one: Anchor | undefined, other: Anchor | undefined): Anchor | undefined {
  return (one?.block ?? -1) >= (other?.block ?? -1) ? one : other;
}
