// SPDX-License-Identifier: Apache-2.0
import { LedgerError } from '../ledger/ledgerError';
import type { RecordingLedger } from './recorder';
import { pause, type Scheduler } from './scheduler';

/** How long each peer may take to tell its height. */
const HEIGHT_MS = 1_000;

/**
 * Before the lane is read: whether the own peer has the blocks that were known to exist when this was asked
 * first. One that came back from a backup with the store would show a lane that ends where the store does, as
 * after a crash.
 */
export class PeerUpToDate {
  readonly #ledger: Pick<RecordingLedger, 'ownHeight' | 'knownHeight'>;
  readonly #scheduler: Scheduler;
  readonly #signal: AbortSignal;
  /** So many blocks at least; `undefined` when nobody has told. */
  #needed: bigint | undefined;

  constructor(
    ledger: Pick<RecordingLedger, 'ownHeight' | 'knownHeight'>,
    scheduler: Scheduler,
    signal: AbortSignal,
  ) {
    this.#ledger = ledger;
    this.#scheduler = scheduler;
    this.#signal = signal;
  }

  /** The next look asks anew how many there are. */
  forget(): void {
    this.#needed = undefined;
  }

  /**
   * A height that nobody tells in time is not known, and no reason to wait.
   * @throws LedgerError `PEER_BEHIND`.
   */
  async assert(): Promise<void> {
    this.#needed ??= await this.#ledger.knownHeight(HEIGHT_MS);
    if (this.#needed === 0n) {
      // Nobody has told: asked again with the next look.
      this.#needed = undefined;
      return;
    }
    const own = await Promise.race([
      this.#ledger.ownHeight().catch(() => undefined),
      pause(this.#scheduler, HEIGHT_MS, this.#signal).then(() => undefined),
    ]);
    if (own !== undefined && own < this.#needed) {
      throw new LedgerError(
        'unavailable',
        `the own peer has ${String(own)} of ${String(this.#needed)} blocks; the lane is read when it has them`,
        { reason: 'PEER_BEHIND' },
      );
    }
  }
}
