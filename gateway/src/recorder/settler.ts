// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import type { AttemptResult } from './batchAttempt';
import type { Callers } from './callers';
import type { LaneContext } from './laneContext';
import type { PendingBatch } from './pendingBatch';
import { storeUnavailable } from './refusals';
import { rivalSettlement } from './rivals';
import { concernedBy, type Settlement } from './settlement';
import type { TakingBack } from './takingBack';

export type RivalCommitted = Extract<AttemptResult, { kind: 'rival' }>;

export type SettlerOptions = Pick<
  LaneContext,
  'lane' | 'places' | 'outbox' | 'names' | 'store' | 'health' | 'awake'
> & {
  readonly callers: Callers;
  readonly takingBack: Pick<TakingBack, 'giveWay'>;
};

/** What follows from a commit once it is known: who is answered, and what goes on elsewhere. */
export class Settler {
  readonly #options: SettlerOptions;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** The store has it: the callers are answered. */
  answer(settlement: Settlement): void {
    const { health, awake, places, callers } = this.#options;
    health.committed(awake.now(), places.pending.size > 0);
    for (const { part, outcome, held } of settlement.committed) {
      part.state = { kind: 'committed', outcome, held };
    }
    for (const { ticket, outcomes } of settlement.answers) {
      ticket.resolve(outcomes);
    }
    callers.giveUpAll(settlement.misfits, new AppError('INTERNAL', 'the decision does not fit the request'));
  }

  /** The store could not be told, and later nobody could know: nothing is given. */
  refuse(settlement: Settlement, error?: unknown): void {
    const refusal = storeUnavailable('the recorder store cannot be used', error);
    this.#options.callers.giveUpAll(concernedBy(settlement), refusal);
  }

  /**
   * The place holds a batch that had it before: one write settles that one and takes this one back.
   * @returns whether the store could be told.
   */
  trySettleRival(batch: PendingBatch, { rival, ...decided }: RivalCommitted): boolean {
    const { outbox, names, store, places, lane, takingBack } = this.#options;
    const { settlement, change, ids } = rivalSettlement(rival, batch, decided, outbox, names);
    try {
      outbox.write(change);
    } catch (error) {
      store.noteFailure(error, 'what the ledger has could not be written down; requests are refused');
      this.refuse(settlement, error);
      return false;
    }
    store.noteWritten();
    places.pending.delete(batch);
    places.noteFilled(batch);
    if (batch.lane === lane && batch.seq + 1 === places.nextSeq) {
      places.nextStart = rival.start + rival.requests.length;
    }
    takingBack.giveWay(batch, ids);
    this.answer(settlement);
    return true;
  }
}
