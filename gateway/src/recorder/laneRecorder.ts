// SPDX-License-Identifier: Apache-2.0
import {
  type AccessRequest,
  DomainError,
  isEmergencyPurpose,
  parseAccessRequest,
  parseLane,
} from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import { LedgerError } from '../ledger/ledgerError';
import { isStorageFailure } from '../sqlite';
import { backoffMs } from './backoff';
import { attemptBatch, type AttemptResult } from './batchAttempt';
import { Intake, Waiting } from './intake';
import { LaneNotContinuable, type RecoveredLane, recoverLane } from './laneRecovery';
import { type RecorderLimits, resolveLimits } from './limits';
import type { OutboxBatch } from './outbox';
import { hasWaiting, type PendingBatch } from './pendingBatch';
import type { RecordOutcome, Recorder, RecorderDeps, RecorderPhase, RecorderState } from './recorder';
import { fenced, isFinalRefusal, overloaded, refusedByLedger, unavailable } from './refusals';
import { OwnPeer } from './ownPeer';
import { pause, type Scheduler, systemScheduler } from './scheduler';
import { type Admission, Shares } from './shares';

/** Room for `{"start":…,"requests":[…]}` around the requests. */
const ENVELOPE_BYTES = 64;
/** Settled batches leave the disk at the latest after this time without another write. */
const FLUSH_AFTER_MS = 100;
/** How long the journal rests after the ledger refused a batch with entries of it. */
const JOURNAL_HOLD_MS = 30_000;

/** Group commit of one lane: see the README beside this file for the life of a batch and what happens when a step fails. */
export class LaneRecorder implements Recorder {
  readonly #deps: RecorderDeps;
  readonly #limits: RecorderLimits;
  readonly #scheduler: Scheduler;
  readonly #jitter: () => number;
  readonly #intake = new Intake();
  readonly #shares: Shares;
  readonly #emergencyShares: Shares;
  readonly #ownPeer: OwnPeer;
  readonly #pending = new Set<PendingBatch>();
  readonly #stop = new AbortController();
  #phase: RecorderPhase = 'recovering';
  #reason: string | undefined = 'the lane is being read';
  #isAccepting = true;
  #nextSeq = 0;
  /** The highest place that is certainly on the ledger; -1 when none is known. */
  #provenSeq = -1;
  #nextStart = 0;
  /** Failures in a row, and the last one's time when it left the ledger unreached. */
  #failures = 0;
  #awaySince: number | undefined;
  /** No new batch before this time: a refused or withdrawn one has just shown that it would fail. */
  #holdUntil = 0;
  /** When the store could not be written last; unset by the next write that succeeds. */
  #storeFailedAt: number | undefined;
  /** Nothing from the journal before this time: the ledger refused a batch with it, and others must not fail with it. */
  #journalHeldUntil = 0;
  #cancelPump: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;
  #whenIdle: (() => void) | undefined;
  readonly #totals = {
    events: 0,
    batches: 0,
    failed: 0,
    late: 0,
    lastCommitAt: undefined as number | undefined,
  };

  constructor(deps: RecorderDeps) {
    parseLane(deps.lane);
    this.#deps = deps;
    this.#limits = resolveLimits(deps.limits);
    this.#scheduler = deps.scheduler ?? systemScheduler;
    this.#jitter = deps.jitter ?? Math.random;
    this.#shares = new Shares(this.#limits.maxAdmitted);
    this.#emergencyShares = new Shares(this.#limits.maxAdmittedEmergencies);
    this.#ownPeer = new OwnPeer({
      ledger: deps.ledger,
      lane: deps.lane,
      scheduler: this.#scheduler,
      waitMs: this.#limits.evaluateMs,
      maxEvents: this.#limits.maxBatchEvents,
      maxBytes: this.#limits.maxBatchBytes - ENVELOPE_BYTES,
      provenSeq: () => (this.#provenSeq < 0 ? undefined : this.#provenSeq),
    });
  }

  /** Resolves after the first try to recover the lane. */
  async open(): Promise<void> {
    const { lane, outbox } = this.#deps;
    if (outbox.head(lane).fenced) {
      this.#enterFenced();
      return;
    }
    if (!(await this.#tryRecover())) {
      void this.#keepRecovering();
    }
  }

  admit(client: string, isEmergency: boolean): Admission {
    return (isEmergency ? this.#emergencyShares : this.#shares).take(client);
  }

  async evaluate(request: AccessRequest): Promise<readonly boolean[]> {
    this.#assertOpen();
    try {
      return await this.#ownPeer.ask(checked(request));
    } catch (error) {
      if (!(error instanceof LedgerError)) {
        throw error;
      }
      throw error.kind === 'rejected'
        ? refusedByLedger(error)
        : unavailable('the own peer gave no answer', error);
    }
  }

  async record(parts: readonly AccessRequest[]): Promise<readonly RecordOutcome[]> {
    if (parts.length === 0) {
      throw new AppError('BAD_REQUEST', 'a request has at least one part');
    }
    return Promise.all(parts.map((part) => this.#accept(part)));
  }

  state(): RecorderState {
    return {
      phase: this.#phase,
      reason: this.#reason,
      lane: this.#deps.lane,
      queued: this.#intake.length,
      inFlight: this.#pending.size,
      journalled: this.#phase === 'closed' ? 0 : this.#deps.outbox.journalLength(),
      nextSeq: this.#nextSeq,
      lastCommitAt: this.#totals.lastCommitAt,
      ledgerAway: this.#isAway(),
      storeFailing: this.#isStoreFailing(),
      committedEvents: this.#totals.events,
      committedBatches: this.#totals.batches,
      failedAttempts: this.#totals.failed,
      lateReleases: this.#totals.late,
    };
  }

  async close(): Promise<void> {
    if (this.#phase === 'closed') {
      return;
    }
    this.#isAccepting = false;
    await this.#drain();
    this.#phase = 'closed';
    this.#reason = 'the gateway is stopping';
    this.#stop.abort(new Error('the recorder is closed'));
    this.#cancelPump?.();
    this.#cancelFlush?.();
    this.#refuseAll(unavailable('the gateway is stopping'));
    this.#flush();
    this.#deps.outbox.close();
  }

  // ---------------------------------------------------------------- accepting

  #accept(request: AccessRequest): Promise<RecordOutcome> {
    this.#assertOpen();
    const waiting = new Waiting(checked(request), this.#scheduler.now(), mayBeLate(request));
    if (waiting.bytes + ENVELOPE_BYTES >= this.#limits.maxBatchBytes) {
      throw new AppError('PAYLOAD_TOO_LARGE', 'one access request is larger than a batch may be');
    }
    if (waiting.mayBeLate && this.#isAway()) {
      this.#releaseLate(waiting);
      return waiting.outcome;
    }
    if (!waiting.mayBeLate && this.#intake.length >= this.#limits.maxQueued) {
      throw overloaded(`${String(this.#intake.length)} requests wait to be recorded`);
    }
    this.#watch(waiting);
    this.#intake.add(waiting);
    this.#pump();
    return waiting.outcome;
  }

  #assertOpen(): void {
    if (this.#phase === 'fenced') {
      throw fenced(this.#reason ?? 'the lane is fenced');
    }
    if (!this.#isAccepting) {
      throw unavailable('the gateway is stopping');
    }
  }

  #watch(waiting: Waiting): void {
    const wait = waiting.mayBeLate ? this.#limits.emergencyWaitMs : this.#limits.deadlineMs;
    const cancel = this.#scheduler.after(wait, () => {
      this.#expire(waiting);
    });
    waiting.onSettled(cancel);
  }

  #expire(waiting: Waiting): void {
    if (waiting.mayBeLate) {
      this.#releaseLate(waiting);
      return;
    }
    this.#intake.remove(waiting);
    waiting.reject(unavailable('the access was not committed in time'));
  }

  /** Puts a break-glass request on the disk as late, then lets it go. What the consent says cannot be known, so every item is given. */
  #releaseLate(waiting: Waiting): void {
    const late: AccessRequest = {
      ...waiting.request,
      late: true,
      lateBasis: 'deployment',
      items: waiting.request.items.map((item) => ({ ...item, released: true })),
    };
    try {
      if (waiting.place === undefined) {
        this.#intake.remove(waiting);
        this.#deps.outbox.journal(late);
      } else {
        this.#markLate(waiting.place.batch, waiting.place.index, late);
      }
    } catch (error) {
      this.#noteStoreFailure(error, 'a break-glass request could not be journalled and is refused');
      waiting.reject(unavailable('the emergency journal cannot be written', error));
      return;
    }
    this.#storeFailedAt = undefined;
    this.#totals.late += 1;
    waiting.resolve({ permitted: late.items.map(() => true), late: true });
    this.#pump();
  }

  /** The request's batch has its place already: it keeps it, and says from now on that the release came first. */
  #markLate(batch: PendingBatch, index: number, late: AccessRequest): void {
    const requests = batch.requests.with(index, late);
    this.#deps.outbox.rewrite(batch.lane, batch.seq, JSON.stringify(requests));
    batch.requests = requests;
  }

  // ---------------------------------------------------------------- forming batches

  /** Opens as many batches as may be open now. Called whenever something changed that could allow one. */
  #pump(): void {
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    if (this.#phase !== 'ready') {
      return;
    }
    let wait = this.#waitBeforeNext();
    while (wait === 0) {
      this.#openBatch();
      wait = this.#waitBeforeNext();
    }
    if (wait !== undefined) {
      this.#cancelPump = this.#scheduler.after(wait, () => {
        this.#pump();
      });
    }
    this.#signalIdle();
  }

  /** Milliseconds until a batch may be opened: 0 now, `undefined` not before something else happens. */
  #waitBeforeNext(): number | undefined {
    const now = this.#scheduler.now();
    const journalled = this.#deps.outbox.journalLength();
    const waiting = this.#intake.length + (this.#isJournalHeld() ? 0 : journalled);
    if (waiting === 0) {
      return journalled === 0 ? undefined : this.#journalHeldUntil - now;
    }
    const own = [...this.#pending].filter((batch) => batch.lane === this.#deps.lane);
    if (own.length >= this.#limits.maxInFlight || this.#isWindowFull(own)) {
      return undefined;
    }
    return now < this.#holdUntil ? this.#holdUntil - now : this.#waitBeside(own.length, waiting);
  }

  /** The same beside `open` batches in flight: a further one has to be worth its transaction. */
  #waitBeside(open: number, waiting: number): number | undefined {
    if (open === 0 || (waiting >= this.#limits.pipelineAt * open && this.#awaySince === undefined)) {
      return 0;
    }
    const oldest = this.#intake.oldestSince;
    if (this.#awaySince !== undefined || oldest === undefined) {
      // While the ledger is away the batches in flight find out when it is back; more would only be more to withdraw.
      return undefined;
    }
    return Math.max(0, oldest + this.#limits.pipelineAfterMs - this.#scheduler.now());
  }

  #isJournalHeld(): boolean {
    return this.#scheduler.now() < this.#journalHeldUntil;
  }

  /** A lane runs no further ahead of its lowest unsettled batch than a restart would look for gaps. */
  #isWindowFull(own: readonly PendingBatch[]): boolean {
    const lowest = Math.min(this.#nextSeq, ...own.map((batch) => batch.seq));
    return this.#nextSeq - lowest >= this.#limits.maxInFlight;
  }

  /** Gives the oldest requests (journalled ones first) their place in the lane, durably, and sets them going. */
  #openBatch(): void {
    let batch: PendingBatch;
    const waiting: Waiting[] = [];
    try {
      batch = this.#placeBatch(waiting);
    } catch (error) {
      this.#noteStoreFailure(error, 'the recorder store cannot be used; requests are refused');
      waiting.forEach((one) => {
        one.reject(unavailable('the recorder store cannot be used', error));
      });
      this.#hold(backoffMs('rejected', 1, this.#jitter()));
      return;
    }
    this.#storeFailedAt = undefined;
    this.#nextSeq += 1;
    this.#nextStart += batch.requests.length;
    const journalled = batch.requests.length - waiting.length;
    waiting.forEach((one, index) => {
      one.place = { batch, index: journalled + index };
    });
    this.#drive(batch);
  }

  /** @param waiting receives what is taken from the queue, also when the store then fails. */
  #placeBatch(waiting: Waiting[]): PendingBatch {
    const { outbox, lane } = this.#deps;
    const room = this.#limits.maxBatchBytes - ENVELOPE_BYTES;
    const journal = this.#isJournalHeld() ? [] : outbox.peekJournal(this.#limits.maxBatchEvents, room);
    const used = journal.reduce((sum, entry) => sum + entry.bytes + 1, 0);
    waiting.push(...this.#intake.take(this.#limits.maxBatchEvents - journal.length, room - used));
    const requests = [...journal.map((entry) => entry.request), ...waiting.map((one) => one.request)];
    outbox.open({
      lane,
      seq: this.#nextSeq,
      start: this.#nextStart,
      count: requests.length,
      requestsJson: `[${[...journal, ...waiting].map((one) => one.json).join(',')}]`,
      journalPositions: journal.map((entry) => entry.position),
    });
    return {
      lane,
      seq: this.#nextSeq,
      start: this.#nextStart,
      requests,
      waiting: [...journal.map(() => undefined), ...waiting],
      mayBeOrdered: false,
      refused: false,
      openedAt: this.#scheduler.now(),
    };
  }

  // ---------------------------------------------------------------- committing

  #drive(batch: PendingBatch): void {
    this.#pending.add(batch);
    this.#commit(batch).catch((error: unknown) => {
      // A mistake in this program: the row stays, and a restart settles it.
      this.#deps.log.error({ err: error, lane: batch.lane, seq: batch.seq }, 'a batch could not be settled');
      batch.waiting.forEach((waiting) =>
        waiting?.reject(unavailable('the batch could not be settled', error)),
      );
    });
  }

  async #commit(batch: PendingBatch): Promise<void> {
    const { signal } = this.#stop;
    while (this.#isWriting()) {
      const result = await attemptBatch(this.#deps.ledger, batch, signal);
      if (result.kind === 'committed' && !signal.aborted) {
        this.#settle(batch, result);
        return;
      }
      if (!this.#isWriting()) {
        return;
      }
      const wait = result.kind === 'failed' ? this.#giveUp(batch, result.error) : this.#fence(batch);
      if (wait === undefined) {
        return;
      }
      await pause(this.#scheduler, wait, signal);
    }
  }

  /** After a failed try. @returns how long to wait before the next one; `undefined` when the batch was withdrawn. */
  #giveUp(batch: PendingBatch, error: LedgerError): number | undefined {
    const wait = this.#noteFailure(batch, error);
    if (!this.#withdraw(batch)) {
      return wait;
    }
    this.#hold(wait);
    this.#pump();
    return undefined;
  }

  #isWriting(): boolean {
    return this.#phase === 'ready' && !this.#stop.signal.aborted;
  }

  #settle(batch: PendingBatch, result: Extract<AttemptResult, { kind: 'committed' }>): void {
    const { lane, seq } = batch;
    this.#pending.delete(batch);
    this.#deps.outbox.settle(lane, seq);
    this.#scheduleFlush();
    this.#noteCommit(batch);
    if (lane === this.#deps.lane) {
      this.#provenSeq = Math.max(this.#provenSeq, seq);
    }
    if (result.requests !== undefined && result.requests !== batch.requests) {
      this.#deps.log.warn(
        { lane, seq },
        'a break-glass request was released while its commit was under way; the ledger has it, not marked late',
      );
    }
    batch.waiting.forEach((waiting, index) => {
      const permitted = result.permitted[index];
      if (waiting === undefined || permitted?.length !== waiting.request.items.length) {
        waiting?.reject(new AppError('INTERNAL', 'the decision does not fit the request'));
        return;
      }
      waiting.resolve(
        result.transactionId === undefined
          ? { permitted, late: false }
          : { permitted, late: false, transactionId: result.transactionId },
      );
    });
    this.#pump();
    this.#signalIdle();
  }

  #noteCommit(batch: PendingBatch): void {
    const now = this.#scheduler.now();
    this.#failures = 0;
    this.#awaySince = undefined;
    this.#holdUntil = 0;
    this.#totals.events += batch.requests.length;
    this.#totals.batches += 1;
    this.#totals.lastCommitAt = now;
    this.#deps.onBatch?.({
      lane: batch.lane,
      seq: batch.seq,
      events: batch.requests.length,
      milliseconds: now - batch.openedAt,
    });
  }

  /** @returns how long to wait before the next try. */
  #noteFailure(batch: PendingBatch, error: LedgerError): number {
    this.#failures += 1;
    this.#totals.failed += 1;
    const wait = backoffMs(error.kind, this.#failures, this.#jitter());
    const level = error.kind === 'rejected' ? 'error' : 'warn';
    this.#deps.log[level](
      { err: error, lane: batch.lane, seq: batch.seq, failures: this.#failures, retryInMs: wait },
      'a batch was not committed; it is tried again',
    );
    if (error.kind === 'unavailable' || error.kind === 'unknown') {
      this.#awaySince = this.#scheduler.now();
      this.#releaseEmergencies();
    } else if (error.kind === 'rejected') {
      this.#awaySince = undefined;
      batch.refused = true;
      this.#refuse(batch, error);
    }
    return wait;
  }

  /** The ledger is away: emergencies that wait for it do not wait any longer. */
  #releaseEmergencies(): void {
    const inBatches = [...this.#pending].flatMap((batch) => [...batch.waiting]);
    for (const waiting of [...inBatches, ...this.#intake.emergencies()]) {
      if (waiting?.mayBeLate === true && !waiting.settled) {
        this.#releaseLate(waiting);
      }
    }
  }

  #refuse(batch: PendingBatch, error: LedgerError): void {
    for (const waiting of batch.waiting) {
      if (waiting === undefined || waiting.settled) {
        continue;
      }
      if (waiting.mayBeLate && !isFinalRefusal(error)) {
        this.#releaseLate(waiting);
      } else {
        waiting.reject(refusedByLedger(error));
      }
    }
  }

  /**
   * Takes a batch back that nobody waits for and that is certainly not on the ledger, so that no access is recorded that never took place.
   * Only the lane's last batch can go: the ones after it count on its number and its length.
   */
  #withdraw(batch: PendingBatch): boolean {
    const late = batch.requests.filter((request) => request.late);
    const isWorthIt = batch.refused || late.length < batch.requests.length;
    const isLast = batch.lane === this.#deps.lane && batch.seq === this.#nextSeq - 1;
    if (batch.mayBeOrdered || !isLast || !isWorthIt || hasWaiting(batch)) {
      return false;
    }
    try {
      this.#deps.outbox.withdraw(batch, late);
    } catch (error) {
      // Its place stays taken, so it is tried on: withdrawn or committed, whichever is possible first.
      this.#noteStoreFailure(error, 'a batch that nobody waits for could not be withdrawn');
      return false;
    }
    if (batch.refused && late.length > 0) {
      this.#journalHeldUntil = this.#scheduler.now() + JOURNAL_HOLD_MS;
    }
    this.#nextSeq = batch.seq;
    this.#nextStart = batch.start;
    this.#pending.delete(batch);
    return true;
  }

  #hold(milliseconds: number): void {
    this.#holdUntil = this.#scheduler.now() + milliseconds;
  }

  #scheduleFlush(): void {
    this.#cancelFlush ??= this.#scheduler.after(FLUSH_AFTER_MS, () => {
      this.#cancelFlush = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    try {
      this.#deps.outbox.flush();
    } catch (error) {
      // The rows are tried again with the next write; at a restart they are found on the ledger.
      this.#deps.log.warn({ err: error }, 'settled batches could not be removed from the recorder store');
    }
  }

  #noteStoreFailure(error: unknown, message: string): void {
    this.#storeFailedAt = this.#scheduler.now();
    this.#deps.log.error({ err: error }, message);
  }

  // ---------------------------------------------------------------- fencing

  /** The batch's place is another gateway's. @returns how long to wait when the store cannot be told; `undefined` when it was. */
  #fence(batch: PendingBatch): number | undefined {
    const isOwnLane = batch.lane === this.#deps.lane;
    if (isOwnLane) {
      this.#enterFenced();
    }
    try {
      this.#deps.outbox.fence(batch.lane);
      if (!isOwnLane) {
        // An earlier name of this gateway was taken over by another: its released requests go into this lane.
        this.#deps.outbox.abandon(
          batch.lane,
          batch.seq,
          batch.requests.filter((request) => request.late),
        );
      }
    } catch (error) {
      // Of its own lane the next process finds out again.
      this.#noteStoreFailure(error, 'the recorder store could not be told that a lane is fenced');
      return backoffMs('unavailable', 1, this.#jitter());
    }
    if (!isOwnLane) {
      this.#pending.delete(batch);
      this.#pump();
    }
    return undefined;
  }

  #enterFenced(): void {
    const { lane, log } = this.#deps;
    this.#phase = 'fenced';
    this.#reason =
      `Another gateway writes in lane ${lane}. Nothing is released any more. ` +
      'Give one of the two gateways another GATEWAY_NAME and start it again.';
    log.fatal({ lane }, this.#reason);
    this.#refuseAll(fenced(this.#reason));
    this.#signalIdle();
  }

  #refuseAll(error: AppError): void {
    for (const waiting of this.#intake.takeAll()) {
      waiting.reject(error);
    }
    for (const batch of this.#pending) {
      batch.waiting.forEach((waiting) => waiting?.reject(error));
    }
  }

  // ---------------------------------------------------------------- starting and stopping

  async #keepRecovering(): Promise<void> {
    const { signal } = this.#stop;
    do {
      await pause(this.#scheduler, backoffMs('unavailable', this.#failures, this.#jitter()), signal);
    } while (!signal.aborted && !(await this.#tryRecover()));
  }

  async #tryRecover(): Promise<boolean> {
    const { ledger, outbox, lane, log } = this.#deps;
    let recovered: RecoveredLane;
    try {
      recovered = await recoverLane(ledger, outbox, lane, log);
    } catch (error) {
      this.#failures += 1;
      this.#awaySince = this.#scheduler.now();
      this.#reason = reasonOf(error);
      log[error instanceof LaneNotContinuable ? 'error' : 'warn'](
        { err: error, lane },
        'the lane cannot be continued yet',
      );
      if (!this.#stop.signal.aborted) {
        this.#releaseEmergencies();
      }
      return false;
    }
    if (!this.#stop.signal.aborted) {
      this.#resume(recovered);
    }
    return true;
  }

  #resume(recovered: RecoveredLane): void {
    this.#nextSeq = recovered.nextSeq;
    this.#nextStart = recovered.nextStart;
    this.#phase = 'ready';
    this.#reason = undefined;
    this.#failures = 0;
    this.#awaySince = undefined;
    for (const batch of recovered.unsettled) {
      this.#drive(pendingOf(batch, this.#scheduler.now()));
    }
    this.#pump();
  }

  /** Waits until everything accepted is settled, at most `drainMs`. */
  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#scheduler.after(this.#limits.drainMs, () => {
        this.#whenIdle = undefined;
        resolve();
      });
      this.#whenIdle = () => {
        this.#whenIdle = undefined;
        cancel();
        resolve();
      };
      this.#signalIdle();
    });
  }

  #signalIdle(): void {
    const isIdle = this.#phase !== 'ready' || (this.#intake.length === 0 && this.#pending.size === 0);
    if (isIdle) {
      this.#whenIdle?.();
    }
  }

  #isAway(): boolean {
    return this.#isRecent(this.#awaySince);
  }

  #isStoreFailing(): boolean {
    return this.#isRecent(this.#storeFailedAt);
  }

  #isRecent(time: number | undefined): boolean {
    return time !== undefined && this.#scheduler.now() - time < this.#limits.awayMemoryMs;
  }
}

/** Why a lane cannot be continued yet, for an operator. */
function reasonOf(error: unknown): string {
  if (error instanceof LaneNotContinuable) {
    return error.message;
  }
  return isStorageFailure(error) ? 'the recorder store cannot be written' : 'the ledger could not be read';
}

function checked(request: AccessRequest): AccessRequest {
  try {
    return parseAccessRequest(request);
  } catch (error) {
    if (error instanceof DomainError) {
      throw new AppError('BAD_REQUEST', 'the access request does not have its documented form', {
        cause: error,
        expose: error.detail,
      });
    }
    throw error;
  }
}

/** Break-glass that is complete: the rest of the rules is the ledger's, this one decides whether a release may precede its record. */
function mayBeLate(request: AccessRequest): boolean {
  return (
    isEmergencyPurpose(request.purpose) && request.emergency !== null && request.requester.person !== null
  );
}

/** What an earlier process left: it may have handed the batch in, so the ledger is read first. */
function pendingOf(batch: OutboxBatch, now: number): PendingBatch {
  return {
    ...batch,
    waiting: batch.requests.map(() => undefined),
    mayBeOrdered: true,
    refused: false,
    openedAt: now,
  };
}
