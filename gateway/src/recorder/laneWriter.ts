// SPDX-License-Identifier: Apache-2.0
import type { AppError } from '../errors';
import type { LedgerError } from '../ledger/ledgerError';
import { backoffMs } from './backoff';
import type { Callers } from './callers';
import { BatchSource } from './batchSource';
import type { Composed } from './composer';
import { LaneAttempt } from './laneAttempt';
import type { LaneContext } from './laneContext';
import type { LaneProof } from './laneProof';
import { LaneTally } from './laneTally';
import type { LanePlaces } from './lanePlaces';
import type { RecoveredLane } from './laneRecovery';
import { ENVELOPE_BYTES } from './limits';
import type { Opening } from './nextBatch';
import type { OutboxChange } from './outbox';
import { type PendingBatch, pendingOf, ticketsOf } from './pendingBatch';
import type { BatchReport } from './recorder';
import { storeUnavailable, unavailable } from './refusals';
import { pause } from './scheduler';
import { type Committed, settlementOf } from './settlement';
import { type RivalCommitted, Settler } from './settler';
import { Suspects } from './suspects';
import { TakingBack } from './takingBack';
import type { Ticket } from './ticket';

/** What is set aside is tried again so often: somebody may have mended the cause. */
const SET_ASIDE_AGAIN_MS = 15 * 60_000;

export interface LaneWriterOptions extends LaneContext {
  readonly proof: LaneProof;
  readonly callers: Callers;
  readonly onBatch: ((report: BatchReport) => void) | undefined;
  /** Something was begun, committed or given back. */
  readonly onChange: () => void;
  /** Another gateway writes in this lane. */
  readonly onFenced: () => void;
  /** The lane went on before it was read: it has to be read anew, and nothing is under way. */
  readonly onOvertaken: () => void;
}

/**
 * Forms batches of what waits, gives each its place in the lane, and sees to it that each place is filled.
 */
export class LaneWriter {
  readonly #options: LaneWriterOptions;
  readonly #places: LanePlaces;
  readonly #suspects = new Suspects();
  readonly #takingBack: TakingBack;
  readonly #source: BatchSource;
  readonly #settler: Settler;
  readonly #attempt: LaneAttempt;
  readonly #stop = new AbortController();
  readonly #tally: LaneTally;
  #isOpen = false;
  #cancelPump: (() => void) | undefined;
  #cancelRecall: (() => void) | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(options: LaneWriterOptions) {
    this.#options = options;
    const { maxBatchEvents, maxBatchBytes } = options.limits;
    this.#places = options.places;
    this.#tally = new LaneTally(options);
    this.#takingBack = new TakingBack({
      ...options,
      suspects: this.#suspects,
      committed: () => this.#tally.totals.batches,
      begin: (batch) => {
        this.#begin(batch);
      },
    });
    this.#attempt = new LaneAttempt({
      ...options,
      isWriting: () => this.#isWriting(),
      signal: this.#stop.signal,
    });
    this.#settler = new Settler({ ...options, takingBack: this.#takingBack });
    this.#source = new BatchSource({
      ...options,
      suspects: this.#suspects,
      takingBack: this.#takingBack,
      whole: { events: maxBatchEvents, bytes: maxBatchBytes - ENVELOPE_BYTES },
    });
  }

  get totals(): Readonly<LaneTally['totals']> {
    return this.#tally.totals;
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#tally.isFailing;
  }

  /** Whether the ledger refuses what is owed, for no entry's fault. */
  get isOwedRefused(): boolean {
    return this.#takingBack.isOwedRefused;
  }

  /** Parts that wait to go by themselves, after a batch with them was refused. */
  get suspects(): number {
    return this.#suspects.parts;
  }

  /** Goes on where the lane ends. */
  start(recovered: RecoveredLane): void {
    const now = this.#options.scheduler.now();
    this.#places.resume(recovered);
    this.#isOpen = true;
    for (const batch of recovered.unsettled) {
      this.#begin(pendingOf(batch, now));
    }
    this.#recall();
    this.pump();
  }

  #recall(): void {
    this.#source.recall(this.totals.batches);
    this.#cancelRecall = this.#options.scheduler.after(SET_ASIDE_AGAIN_MS, () => {
      this.#recall();
      this.pump();
    });
  }

  /** Opens as many batches as may be open now. Called whenever something changed that could allow one. */
  pump(): void {
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    if (!this.#isWriting()) {
      return;
    }
    let next = this.#opening();
    while (next.kind === 'open') {
      this.#open(this.#source.compose(next.takes));
      next = this.#opening();
    }
    if (next.kind === 'wait') {
      this.#cancelPump = this.#options.scheduler.after(next.milliseconds, () => {
        this.pump();
      });
    }
    this.#signalIdle();
  }

  /** Refuses those who wait, wherever their requests are. */
  giveUp(which: (ticket: Ticket) => boolean, error: AppError): void {
    const placed = [...this.#places.pending].flatMap(({ parts }) => [...ticketsOf(parts)]);
    const all = [...this.#options.queue.tickets, ...this.#suspects.tickets, ...placed];
    this.#options.callers.giveUpAll(all.filter(which), error);
  }

  /** Resolves when everything accepted is settled. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      this.#signalIdle();
    });
  }

  /** Nothing is begun any more, and what is under way is left to the next process. */
  stop(): void {
    this.#isOpen = false;
    this.#stop.abort(new Error('the recorder is closed'));
    this.#cancelPump?.();
    this.#cancelRecall?.();
  }

  // ---------------------------------------------------------------- forming batches

  /**
   * Gives the batch its place in the lane, durably together with `change`, and sets it going. @returns
   * whether that could be written.
   */
  #open(composed: Composed | undefined, change: OutboxChange = {}): boolean {
    try {
      this.#options.outbox.write(composed === undefined ? change : { ...change, open: composed.opening });
    } catch (error) {
      this.#options.store.noteFailure(error, 'the recorder store cannot be used; requests are refused');
      this.#options.callers.giveUpAll(
        ticketsOf(composed?.batch.parts ?? []),
        storeUnavailable('the recorder store cannot be used', error),
      );
      if (composed?.batch.group !== undefined) {
        this.#suspects.putFirst([composed.batch.group]);
      }
      this.#source.hold(backoffMs('rejected', 1, this.#options.jitter()));
      return false;
    }
    this.#options.store.noteWritten();
    if (composed !== undefined) {
      const { batch } = composed;
      this.#places.take(batch);
      batch.parts.forEach((part, index) => {
        if (part !== undefined) {
          part.state = { kind: 'placed', batch, index };
        }
      });
      this.#begin(batch);
    }
    return true;
  }

  // ---------------------------------------------------------------- committing

  #begin(batch: PendingBatch): void {
    const { health, awake, log, onChange } = this.#options;
    this.#places.pending.add(batch);
    health.busy(awake.now());
    onChange();
    this.#commit(batch).catch((error: unknown) => {
      // A mistake in this program: the row stays, and a restart settles it.
      log.error({ err: error, lane: batch.lane, seq: batch.seq }, 'a batch could not be settled');
      this.#options.callers.giveUpAll(
        ticketsOf(batch.parts),
        unavailable('the batch could not be settled', error),
      );
    });
  }

  async #commit(batch: PendingBatch): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await this.#turnOf(batch);
      if (!this.#isWriting() || batch.isTakenBack) {
        return;
      }
      const result = await this.#attempt.run(batch);
      if (!this.#isWriting()) {
        return;
      }
      if (result.kind === 'committed' || result.kind === 'rival') {
        await this.#settle(batch, result);
        return;
      }
      if (result.kind === 'overtaken' && this.#startAnew(batch)) {
        return;
      }
      const wait = result.kind === 'taken' ? this.#fence(batch) : this.#afterFailure(batch, result.error);
      if (wait === undefined) {
        return;
      }
      await pause(this.#options.scheduler, wait, signal);
    }
  }

  /**
   * The place holds what the gateway itself wrote before its store and peer came back from a backup: the peer
   * did not show it yet when the lane was read. So the lane is read anew, when nothing else is under way and
   * this process has committed nothing here.
   * @returns whether that begins.
   */
  #startAnew(batch: PendingBatch): boolean {
    const behind = this.#places.behind(batch).length;
    const isAlone = this.#places.pending.size === behind + 1 && batch.lane === this.#options.lane;
    if (this.#tally.hasCommitted || !isAlone || !this.#takingBack.giveBack(batch)) {
      batch.mayBeOrdered = true;
      return false;
    }
    this.#isOpen = false;
    this.#cancelPump?.();
    this.#cancelRecall?.();
    this.#options.onOvertaken();
    return true;
  }

  /**
   * Each try waits for the place before. Behind one that the ledger may refuse by now, the batch could not be
   * taken back with it; behind one that may be another's, its numbers might not follow.
   */
  async #turnOf(batch: PendingBatch): Promise<void> {
    let before = this.#places.before(batch);
    while (before !== undefined && !this.#places.mayGoBehind(before) && !batch.isTakenBack) {
      const isOwn = this.#places.claims.gateOf(batch.lane);
      const endorsed = Promise.all([isOwn.opened, before.admitted.opened]);
      await Promise.race([endorsed, before.committed.opened]);
      before = this.#places.before(batch);
    }
  }

  async #settle(batch: PendingBatch, result: Committed | RivalCommitted): Promise<void> {
    this.#noteCommit(batch, result.kind === 'rival' ? result.rival : batch);
    while (
      !(result.kind === 'rival'
        ? this.#settler.trySettleRival(batch, result)
        : this.#trySettle(batch, result))
    ) {
      await pause(
        this.#options.scheduler,
        backoffMs('rejected', 1, this.#options.jitter()),
        this.#stop.signal,
      );
      if (!this.#isWriting()) {
        return;
      }
    }
    this.pump();
  }

  /** One write settles the batch and opens the next one; only then are the callers answered. */
  #trySettle(batch: PendingBatch, result: Committed): boolean {
    const settlement = settlementOf(batch, result, this.#options.names);
    this.#places.pending.delete(batch);
    const next = this.#opening();
    const isWritten = this.#open(next.kind === 'open' ? this.#source.compose(next.takes) : undefined, {
      remove: [batch],
      owe: settlement.owed,
      forget: settlement.forgotten,
      ...(this.#places.rivalsOf(batch).length > 0 ? { filled: batch } : {}),
    });
    if (!isWritten) {
      this.#places.pending.add(batch);
      this.#settler.refuse(settlement);
      return false;
    }
    this.#places.noteFilled(batch);
    this.#settler.answer(settlement);
    return true;
  }

  /** @param there what the place holds. */
  #noteCommit(batch: PendingBatch, there: { readonly requests: readonly unknown[] }): void {
    this.#tally.noteCommit(batch, there.requests.length);
    this.#source.goOn();
    this.#takingBack.noteCommit();
    batch.admitted.open();
    batch.committed.open();
    this.#options.onChange();
  }

  /** @returns how long to wait before the next try; `undefined` when the batch was taken back. */
  #afterFailure(batch: PendingBatch, error: LedgerError): number | undefined {
    batch.admitted.close();
    this.#options.proof.noteFailure(error);
    const wait = this.#tally.noteFailure(batch, error);
    this.#takingBack.noteFailure(batch, error);
    const hold = this.#takingBack.takeBack(batch, error, wait);
    if (hold === undefined) {
      return wait;
    }
    this.#source.hold(hold);
    this.#options.onChange();
    this.pump();
    return undefined;
  }

  /**
   * The batch's place is another gateway's.
   * @returns how long to wait when the store cannot be told; `undefined` when it was.
   */
  #fence(batch: PendingBatch): number | undefined {
    if (batch.lane === this.#options.lane) {
      this.#isOpen = false;
      this.#options.onFenced();
    }
    if (!this.#takingBack.abandon(batch)) {
      return backoffMs('unavailable', 1, this.#options.jitter());
    }
    this.pump();
    return undefined;
  }

  #opening(): Opening {
    return this.#source.opening(this.#tally.isUnreached);
  }

  #isWriting(): boolean {
    return this.#isOpen && !this.#stop.signal.aborted;
  }

  #signalIdle(): void {
    if (
      !this.#isOpen ||
      (this.#options.queue.length + this.#suspects.parts === 0 && this.#places.pending.size === 0)
    ) {
      this.#whenIdle?.();
    }
  }
}
