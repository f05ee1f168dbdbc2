// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import { AppError } from '../errors';
import type { LedgerError } from '../ledger/ledgerError';
import { backoffMs } from './backoff';
import { attemptBatch, type RecordingLedger } from './batchAttempt';
import type { Callers } from './callers';
import { type Composed, composeBatch } from './composer';
import { type EntryNames, isOwed } from './lateMark';
import type { LaneHealth } from './laneHealth';
import type { RecoveredLane } from './laneRecovery';
import type { RecorderLimits } from './limits';
import { nextOpening, type Opening } from './nextBatch';
import type { Outbox, OutboxChange } from './outbox';
import { hasWaiting, type PendingBatch, pendingOf } from './pendingBatch';
import type { Queue, Room } from './queue';
import type { BatchReport } from './recorder';
import { isConsideredNo, refusedByLedger, unavailable } from './refusals';
import { pause, type Scheduler } from './scheduler';
import { type Committed, type Settlement, settlementOf } from './settlement';
import type { Part, Ticket } from './ticket';

/** Room for `{"start":…,"requests":[…]}` around the requests. */
export const ENVELOPE_BYTES = 64;
/** How long owed entries rest after the ledger refused a batch with some of them. */
const OWED_REST_MS = 30_000;

export interface LaneWriterOptions {
  readonly ledger: RecordingLedger;
  readonly lane: string;
  readonly outbox: Outbox;
  readonly queue: Queue;
  readonly health: LaneHealth;
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
}

/** Forms batches of what waits, gives each its place in the lane, and sees to it that each place is filled. */
export class LaneWriter {
  readonly #options: LaneWriterOptions;
  readonly #room: Room;
  readonly #pending = new Set<PendingBatch>();
  readonly #stop = new AbortController();
  #isOpen = false;
  #nextSeq = 0;
  #nextStart = 0;
  #provenSeq = -1;
  /** Failures in a row, and whether the last one left the ledger unreached. */
  #failures = 0;
  #isUnreached = false;
  /** No new batch before this time: a refused or withdrawn one has just shown that it would fail. */
  #holdUntil = 0;
  /** Nothing owed before this time: the ledger refused a batch with it, and others must not fail with it. */
  #owedRestsUntil = 0;
  #storeFailedAt: number | undefined;
  #cancelPump: (() => void) | undefined;
  #whenIdle: (() => void) | undefined;
  readonly #totals = { events: 0, batches: 0, failed: 0, lastCommitAt: undefined as number | undefined };

  constructor(options: LaneWriterOptions) {
    this.#options = options;
    const { maxBatchEvents, maxBatchBytes } = options.limits;
    this.#room = { events: maxBatchEvents, bytes: maxBatchBytes - ENVELOPE_BYTES };
  }

  get totals(): Readonly<{
    events: number;
    batches: number;
    failed: number;
    lastCommitAt: number | undefined;
  }> {
    return this.#totals;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The highest place of this lane that is certainly on the ledger; `undefined` when none is known. */
  get provenSeq(): number | undefined {
    return this.#provenSeq < 0 ? undefined : this.#provenSeq;
  }

  /** When the store could not be written last, milliseconds since the epoch; unset by the next write that succeeds. */
  get storeFailedAt(): number | undefined {
    return this.#storeFailedAt;
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** When the oldest batch in flight was opened, milliseconds since the epoch. */
  get oldestOpenedAt(): number | undefined {
    return this.#pending.size === 0
      ? undefined
      : Math.min(...[...this.#pending].map((batch) => batch.openedAt));
  }

  /** Amendments that the ledger lacks, those under way included. */
  get amendmentsOwed(): number {
    let count = this.#options.outbox.owed().amendments;
    for (const { requests } of this.#pending) {
      count += requests.reduce((sum, request) => sum + (request.amends === undefined ? 0 : 1), 0);
    }
    return count;
  }

  /** What is known before the lane could be read. */
  expect(provenSeq: number | undefined): void {
    this.#provenSeq = provenSeq ?? -1;
  }

  /** Goes on where the lane ends. */
  start(recovered: RecoveredLane): void {
    const now = this.#options.scheduler.now();
    this.#nextSeq = recovered.nextSeq;
    this.#nextStart = recovered.nextStart;
    this.#provenSeq = Math.max(this.#provenSeq, recovered.provenSeq);
    this.#isOpen = true;
    for (const batch of recovered.unsettled) {
      this.#begin(pendingOf(batch, now));
    }
    this.pump();
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
      this.#open(this.#compose(next.takes));
      next = this.#opening();
    }
    if (next.kind === 'wait') {
      this.#cancelPump = this.#options.scheduler.after(next.milliseconds, () => {
        this.pump();
      });
    }
    this.#signalIdle();
  }

  giveUpAll(error: AppError): void {
    const tickets = new Set(this.#options.queue.takeAll());
    for (const batch of this.#pending) {
      ticketsOf(batch.parts).forEach((ticket) => tickets.add(ticket));
    }
    for (const ticket of tickets) {
      this.#options.callers.giveUp(ticket, error);
    }
  }

  /** Notes that the store could not be written. */
  noteStoreFailure(error: unknown, message: string): void {
    this.#storeFailedAt = this.#options.scheduler.now();
    this.#options.log.error({ err: error }, message);
  }

  noteStoreWritten(): void {
    this.#storeFailedAt = undefined;
  }

  /** Resolves when everything accepted is settled, at the latest after `milliseconds`. */
  drain(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#whenIdle = undefined;
        cancel();
        resolve();
      };
      const cancel = this.#options.scheduler.after(milliseconds, end);
      this.#whenIdle = end;
      this.#signalIdle();
    });
  }

  /** Nothing is begun any more, and what is under way is left to the next process. */
  stop(): void {
    this.#isOpen = false;
    this.#stop.abort(new Error('the recorder is closed'));
    this.#cancelPump?.();
  }

  // ---------------------------------------------------------------- forming batches

  #opening(): Opening {
    const { outbox, queue, limits, scheduler } = this.#options;
    const now = scheduler.now();
    const owed = outbox.owed().entries;
    const isOwedResting = now < this.#owedRestsUntil;
    const own = [...this.#pending].filter((batch) => batch.lane === this.#options.lane);
    const next = nextOpening(
      {
        emergencies: queue.sizeOf(true).parts,
        owed: isOwedResting ? 0 : owed,
        ordinary: queue.sizeOf(false).parts,
        oldestSince: queue.oldestSince,
        inFlight: own.length,
        ahead: this.#nextSeq - Math.min(this.#nextSeq, ...own.map((batch) => batch.seq)),
        isUnreached: this.#isUnreached,
      },
      limits,
      now,
    );
    if (next.kind === 'open' && now < this.#holdUntil) {
      return { kind: 'wait', milliseconds: this.#holdUntil - now };
    }
    return next.kind === 'none' && isOwedResting && owed > 0
      ? { kind: 'wait', milliseconds: this.#owedRestsUntil - now }
      : next;
  }

  #compose(takes: 'everything' | 'emergencies'): Composed {
    const { outbox, queue, lane, scheduler } = this.#options;
    const now = scheduler.now();
    return composeBatch({
      outbox,
      queue,
      whole: this.#room,
      takes,
      mayTakeOwed: now >= this.#owedRestsUntil,
      place: { lane, seq: this.#nextSeq, start: this.#nextStart },
      now,
    });
  }

  /** Gives the batch its place in the lane, durably together with `change`, and sets it going. @returns whether that could be written. */
  #open(composed: Composed | undefined, change: OutboxChange = {}): boolean {
    try {
      this.#options.outbox.write(composed === undefined ? change : { ...change, open: composed.opening });
    } catch (error) {
      this.noteStoreFailure(error, 'the recorder store cannot be used; requests are refused');
      for (const ticket of ticketsOf(composed?.batch.parts ?? [])) {
        this.#options.callers.giveUp(ticket, unavailable('the recorder store cannot be used', error));
      }
      this.#hold(backoffMs('rejected', 1, this.#options.jitter()));
      return false;
    }
    this.noteStoreWritten();
    if (composed !== undefined) {
      const { batch } = composed;
      this.#nextSeq += 1;
      this.#nextStart += batch.requests.length;
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
    this.#pending.add(batch);
    health.busy(awake.now());
    onChange();
    this.#commit(batch).catch((error: unknown) => {
      // A mistake in this program: the row stays, and a restart settles it.
      log.error({ err: error, lane: batch.lane, seq: batch.seq }, 'a batch could not be settled');
      for (const ticket of ticketsOf(batch.parts)) {
        this.#options.callers.giveUp(ticket, unavailable('the batch could not be settled', error));
      }
    });
  }

  async #commit(batch: PendingBatch): Promise<void> {
    const { signal } = this.#stop;
    while (this.#isWriting()) {
      const result = await attemptBatch(this.#options.ledger, batch, signal);
      if (!this.#isWriting()) {
        return;
      }
      if (result.kind === 'committed') {
        await this.#settle(batch, result);
        return;
      }
      const wait = result.kind === 'failed' ? this.#afterFailure(batch, result.error) : this.#fence(batch);
      if (wait === undefined) {
        return;
      }
      await pause(this.#options.scheduler, wait, signal);
    }
  }

  async #settle(batch: PendingBatch, result: Committed): Promise<void> {
    this.#noteCommit(batch);
    while (!this.#trySettle(batch, result)) {
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
    const { health, awake, names } = this.#options;
    const settlement = settlementOf(batch, result, names);
    this.#pending.delete(batch);
    const next = this.#opening();
    const isWritten = this.#open(next.kind === 'open' ? this.#compose(next.takes) : undefined, {
      remove: [batch],
      owe: settlement.owed,
      forget: settlement.forgotten,
    });
    if (!isWritten) {
      this.#pending.add(batch);
      const error = unavailable('the recorder store cannot be used');
      for (const ticket of concernedBy(settlement)) {
        this.#options.callers.giveUp(ticket, error);
      }
      return false;
    }
    health.committed(awake.now(), this.#pending.size > 0);
    for (const { part, outcome, held } of settlement.committed) {
      part.state = { kind: 'committed', outcome, held };
    }
    for (const { ticket, outcomes } of settlement.answers) {
      ticket.resolve(outcomes);
    }
    for (const ticket of settlement.misfits) {
      this.#options.callers.giveUp(ticket, new AppError('INTERNAL', 'the decision does not fit the request'));
    }
    return true;
  }

  #noteCommit(batch: PendingBatch): void {
    const { lane, scheduler, awake, health, onBatch, onChange } = this.#options;
    const now = scheduler.now();
    this.#failures = 0;
    this.#isUnreached = false;
    this.#holdUntil = 0;
    this.#totals.events += batch.requests.length;
    this.#totals.batches += 1;
    this.#totals.lastCommitAt = now;
    if (batch.lane === lane) {
      this.#provenSeq = Math.max(this.#provenSeq, batch.seq);
    }
    health.committed(awake.now(), true);
    onBatch?.({
      lane: batch.lane,
      seq: batch.seq,
      events: batch.requests.length,
      milliseconds: now - batch.openedAt,
    });
    onChange();
  }

  /** @returns how long to wait before the next try; `undefined` when the batch was withdrawn. */
  #afterFailure(batch: PendingBatch, error: LedgerError): number | undefined {
    const wait = this.#noteFailure(batch, error);
    if (!this.#withdraw(batch)) {
      return wait;
    }
    this.#hold(wait);
    this.pump();
    return undefined;
  }

  #noteFailure(batch: PendingBatch, error: LedgerError): number {
    this.#failures += 1;
    this.#totals.failed += 1;
    const wait = backoffMs(error.kind, this.#failures, this.#options.jitter());
    const level = error.kind === 'rejected' ? 'error' : 'warn';
    this.#options.log[level](
      { err: error, lane: batch.lane, seq: batch.seq, failures: this.#failures, retryInMs: wait },
      'a batch was not committed; it is tried again',
    );
    this.#isUnreached = error.kind === 'unavailable' || error.kind === 'unknown';
    if (error.kind === 'rejected') {
      batch.refused = true;
      for (const ticket of ticketsOf(batch.parts)) {
        // An emergency waits on: a considered no ends it, anything else may pass or become an absence.
        if (!ticket.isEmergency || isConsideredNo(error)) {
          this.#options.callers.giveUp(ticket, refusedByLedger(error));
        }
      }
    }
    return wait;
  }

  /**
   * Takes a batch back that nobody waits for and that is certainly not on the ledger, so that no access is recorded that never took place.
   * Only the lane's last batch can go: the ones after it count on its number and its length.
   */
  #withdraw(batch: PendingBatch): boolean {
    const { outbox, lane, health, scheduler, awake, onChange } = this.#options;
    const owed = batch.requests.filter(isOwed);
    const isWorthIt = batch.refused || owed.length < batch.requests.length;
    const isLast = batch.lane === lane && batch.seq === this.#nextSeq - 1;
    if (batch.mayBeOrdered || !isLast || !isWorthIt || hasWaiting(batch)) {
      return false;
    }
    try {
      outbox.write({ remove: [batch], withdraw: batch, owe: owed.map((request) => ({ request })) });
    } catch (error) {
      // Its place stays taken, so it is tried on: withdrawn or committed, whichever is possible first.
      this.noteStoreFailure(error, 'a batch that nobody waits for could not be withdrawn');
      return false;
    }
    if (batch.refused && owed.length > 0) {
      this.#owedRestsUntil = scheduler.now() + OWED_REST_MS;
    }
    this.#nextSeq = batch.seq;
    this.#nextStart = batch.start;
    this.#pending.delete(batch);
    if (this.#pending.size === 0) {
      health.idle(awake.now());
    }
    onChange();
    return true;
  }

  /** The batch's place is another gateway's. @returns how long to wait when the store cannot be told; `undefined` when it was. */
  #fence(batch: PendingBatch): number | undefined {
    const { lane, outbox, onFenced, jitter } = this.#options;
    const isOwnLane = batch.lane === lane;
    if (isOwnLane) {
      this.#isOpen = false;
      onFenced();
    }
    const owe = batch.requests.filter(isOwed).map((request) => ({ request }));
    try {
      // An earlier name of this gateway was taken over by another: what that lane is owed goes into this one.
      outbox.write(isOwnLane ? { fence: lane } : { fence: batch.lane, remove: [batch], owe });
    } catch (error) {
      // Of its own lane the next process finds out again.
      this.noteStoreFailure(error, 'the recorder store could not be told that a lane is fenced');
      return backoffMs('unavailable', 1, jitter());
    }
    if (!isOwnLane) {
      this.#pending.delete(batch);
      this.pump();
    }
    return undefined;
  }

  #hold(milliseconds: number): void {
    this.#holdUntil = this.#options.scheduler.now() + milliseconds;
  }

  #isWriting(): boolean {
    return this.#isOpen && !this.#stop.signal.aborted;
  }

  #signalIdle(): void {
    if (!this.#isOpen || (this.#options.queue.length === 0 && this.#pending.size === 0)) {
      this.#whenIdle?.();
    }
  }
}

/** Whoever waits for one of the parts. */
function ticketsOf(parts: readonly (Part | undefined)[]): Set<Ticket> {
  return new Set(parts.flatMap((part) => (part?.ticket.isSettled === false ? [part.ticket] : [])));
}

function concernedBy({ answers, committed, misfits }: Settlement): Set<Ticket> {
  return new Set([
    ...answers.map(({ ticket }) => ticket),
    ...committed.map(({ part }) => part.ticket),
    ...misfits,
  ]);
}
