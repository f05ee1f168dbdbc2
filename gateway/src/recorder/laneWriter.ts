// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { AppError } from '../errors';
import { LedgerError } from '../ledger/ledgerError';
import { backoffMs } from './backoff';
import { attemptBatch, type AttemptResult } from './batchAttempt';
import type { Callers } from './callers';
import { BatchSource } from './batchSource';
import type { Composed } from './composer';
import type { EntryNames } from './lateMark';
import type { LaneHealth } from './laneHealth';
import type { LaneProof } from './laneProof';
import type { LanePlaces } from './lanePlaces';
import type { RecoveredLane } from './laneRecovery';
import type { RecorderLimits } from './limits';
import type { Opening } from './nextBatch';
import type { Outbox, OutboxChange } from './outbox';
import { type PendingBatch, pendingOf, ticketsOf } from './pendingBatch';
import type { Queue } from './queue';
import type { BatchReport, RecordingLedger } from './recorder';
import { unavailable } from './refusals';
import { pause, type Scheduler } from './scheduler';
import { rivalSettlement } from './rivals';
import { type Committed, concernedBy, type Settlement, settlementOf } from './settlement';
import type { StoreHealth } from './storeHealth';
import { Suspects } from './suspects';
import { TakingBack } from './takingBack';
import type { Ticket } from './ticket';

type RivalCommitted = Extract<AttemptResult, { kind: 'rival' }>;

/** What is set aside is tried again so often: somebody may have mended the cause. */
const SET_ASIDE_AGAIN_MS = 15 * 60_000;

/** Room for `{"start":…,"requests":[…]}` around the requests. */
export const ENVELOPE_BYTES = 64;

export interface LaneWriterOptions {
  readonly ledger: RecordingLedger;
  readonly lane: string;
  readonly places: LanePlaces;
  readonly proof: LaneProof;
  readonly outbox: Outbox;
  readonly queue: Queue;
  readonly health: LaneHealth;
  readonly store: StoreHealth;
  readonly callers: Callers;
  readonly limits: RecorderLimits;
  readonly scheduler: Scheduler;
  /** Time in which this process could have noticed a commit; the health's. */
  readonly awake: Scheduler;
  readonly jitter: () => number;
  /** A random id and salt for each amendment. */
  readonly names: () => EntryNames;
  readonly log: Logger;
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
  readonly #stop = new AbortController();
  #isOpen = false;
  /** Whether this process has seen a commit in this lane. */
  #hasCommitted = false;
  /** Failures in a row, and whether the last one left the ledger unreached. */
  #failures = 0;
  #isUnreached = false;
  #cancelPump: (() => void) | undefined;
  #cancelRecall: (() => void) | undefined;
  #whenIdle: (() => void) | undefined;
  readonly #totals = { events: 0, batches: 0, failed: 0, lastCommitAt: undefined as number | undefined };

  constructor(options: LaneWriterOptions) {
    this.#options = options;
    const { maxBatchEvents, maxBatchBytes } = options.limits;
    this.#places = options.places;
    this.#takingBack = new TakingBack({
      ...options,
      suspects: this.#suspects,
      committed: () => this.#totals.batches,
      begin: (batch) => {
        this.#begin(batch);
      },
    });
    this.#source = new BatchSource({
      ...options,
      suspects: this.#suspects,
      takingBack: this.#takingBack,
      whole: { events: maxBatchEvents, bytes: maxBatchBytes - ENVELOPE_BYTES },
    });
  }

  get totals(): Readonly<{
    events: number;
    batches: number;
    failed: number;
    lastCommitAt: number | undefined;
  }> {
    return this.#totals;
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
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
    this.#source.recall(this.#totals.batches);
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
    this.#giveUp(all.filter(which), error);
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
      this.#giveUp(
        ticketsOf(composed?.batch.parts ?? []),
        unavailable('the recorder store cannot be used', error),
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
      this.#giveUp(ticketsOf(batch.parts), unavailable('the batch could not be settled', error));
    });
  }

  async #commit(batch: PendingBatch): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await this.#turnOf(batch);
      if (!this.#isWriting() || batch.isTakenBack) {
        return;
      }
      batch.isTrying = true;
      const unproven = await this.#options.proof.prove();
      const result: AttemptResult =
        unproven === undefined
          ? await attemptBatch(
              this.#options.ledger,
              batch,
              this.#places.rivalsOf(batch),
              () => {
                this.#handIn(batch);
              },
              signal,
            )
          : { kind: 'failed', error: unproven };
      batch.isTrying = false;
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
    if (this.#hasCommitted || !isAlone || !this.#takingBack.giveBack(batch)) {
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
   * Each try waits for the place before: behind one that the ledger may refuse by now, the batch could not be
   * taken back with it.
   */
  async #turnOf(batch: PendingBatch): Promise<void> {
    let before = this.#places.before(batch);
    while (before?.admitted.isOpen === false && !batch.isTakenBack) {
      await before.admitted.opened;
      before = this.#places.before(batch);
    }
  }

  /**
   * @throws LedgerError `retryable` when the disk cannot be told that the batch is handed in: then it is not.
   */
  #handIn(batch: PendingBatch): void {
    if (!this.#isWriting()) {
      throw new LedgerError('unavailable', 'the recorder is closed');
    }
    if (!this.#options.proof.mayHandIn) {
      throw new LedgerError('retryable', 'the ledger was out of reach in the meantime');
    }
    if (!batch.isHandedIn) {
      try {
        this.#options.outbox.write({ handIn: batch });
      } catch (error) {
        this.#options.store.noteFailure(error, 'a batch is not handed in, since the store cannot be told');
        throw new LedgerError('retryable', 'the recorder store cannot be written', { cause: error });
      }
      batch.isHandedIn = true;
    }
    batch.admitted.open();
  }

  async #settle(batch: PendingBatch, result: Committed | RivalCommitted): Promise<void> {
    this.#noteCommit(batch, result.kind === 'rival' ? result.rival : batch);
    while (
      !(result.kind === 'rival' ? this.#trySettleRival(batch, result) : this.#trySettle(batch, result))
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
      this.#giveUp(concernedBy(settlement), unavailable('the recorder store cannot be used'));
      return false;
    }
    this.#places.noteFilled(batch);
    this.#answer(settlement);
    return true;
  }

  /**
   * The place holds a batch that had it before: one write settles that one and takes this one back; the next
   * is opened only then.
   */
  #trySettleRival(batch: PendingBatch, { rival, ...decided }: RivalCommitted): boolean {
    const { outbox, names, store, lane } = this.#options;
    const { settlement, change, ids } = rivalSettlement(rival, batch, decided, outbox, names);
    try {
      outbox.write(change);
    } catch (error) {
      store.noteFailure(error, 'what the ledger has could not be written down; requests are refused');
      this.#giveUp(concernedBy(settlement), unavailable('the recorder store cannot be used', error));
      return false;
    }
    store.noteWritten();
    this.#places.pending.delete(batch);
    this.#places.noteFilled(batch);
    if (batch.lane === lane && batch.seq + 1 === this.#places.nextSeq) {
      this.#places.nextStart = rival.start + rival.requests.length;
    }
    this.#takingBack.giveWay(batch, ids);
    this.#answer(settlement);
    return true;
  }

  #answer(settlement: Settlement): void {
    const { health, awake } = this.#options;
    health.committed(awake.now(), this.#places.pending.size > 0);
    for (const { part, outcome, held } of settlement.committed) {
      part.state = { kind: 'committed', outcome, held };
    }
    for (const { ticket, outcomes } of settlement.answers) {
      ticket.resolve(outcomes);
    }
    this.#giveUp(settlement.misfits, new AppError('INTERNAL', 'the decision does not fit the request'));
  }

  /** @param there what the place holds. */
  #noteCommit(batch: PendingBatch, there: { readonly requests: readonly unknown[] }): void {
    const { lane, scheduler, awake, health, onBatch, onChange } = this.#options;
    const now = scheduler.now();
    this.#failures = 0;
    this.#isUnreached = false;
    this.#source.goOn();
    this.#takingBack.noteCommit();
    batch.admitted.open();
    this.#totals.events += there.requests.length;
    this.#totals.batches += 1;
    this.#totals.lastCommitAt = now;
    if (batch.lane === lane) {
      this.#hasCommitted = true;
      this.#places.noteProven(batch.seq);
    }
    health.committed(awake.now(), true);
    onBatch?.({
      lane: batch.lane,
      seq: batch.seq,
      events: there.requests.length,
      milliseconds: now - batch.openedAt,
    });
    onChange();
  }

  /** @returns how long to wait before the next try; `undefined` when the batch was taken back. */
  #afterFailure(batch: PendingBatch, error: LedgerError): number | undefined {
    batch.admitted.close();
    const wait = this.#noteFailure(batch, error);
    const hold = this.#takingBack.takeBack(batch, error, wait);
    if (hold === undefined) {
      return wait;
    }
    this.#source.hold(hold);
    this.#options.onChange();
    this.pump();
    return undefined;
  }

  #noteFailure(batch: PendingBatch, error: LedgerError): number {
    this.#options.proof.noteFailure(error);
    this.#failures += 1;
    this.#totals.failed += 1;
    const wait = backoffMs(error.kind, this.#failures, this.#options.jitter());
    // The ledger that the service watches logs, once and with its remedy, what keeps it from committing.
    const level = error.kind === 'rejected' ? 'error' : 'debug';
    this.#options.log[level](
      { err: error, lane: batch.lane, seq: batch.seq, failures: this.#failures, retryInMs: wait },
      'a batch was not committed; it is tried again',
    );
    this.#isUnreached = error.kind === 'unavailable' || error.kind === 'unknown';
    this.#takingBack.noteFailure(batch, error);
    return wait;
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

  #giveUp(tickets: Iterable<Ticket>, error: AppError): void {
    for (const ticket of tickets) {
      this.#options.callers.giveUp(ticket, error);
    }
  }

  #opening(): Opening {
    return this.#source.opening(this.#isUnreached);
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
