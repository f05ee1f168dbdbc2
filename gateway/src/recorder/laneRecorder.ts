// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { type AccessRequest, isEmergencyPurpose, parseLane } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import { LedgerError } from '../ledger/ledgerError';
import { answerBy } from './answerBy';
import { awakeScheduler } from './awakeScheduler';
import { backoffMs } from './backoff';
import { Callers } from './callers';
import { LaneHealth } from './laneHealth';
import { LanePlaces } from './lanePlaces';
import { LaneProof } from './laneProof';
import {
  anotherGatewayIn,
  committedBatchGone,
  LANE_IS_READ,
  type LaneReason,
  notContinued,
  PEER_LACKED_THE_END,
  refusesFillers,
  STOPPING,
} from './laneReason';
import {
  LaneNotContinuable,
  proveLane,
  recoverLane,
  type RecoveredLane,
  settledOnDisk,
} from './laneRecovery';
import { ENVELOPE_BYTES, LaneWriter } from './laneWriter';
import { amendmentBytes, type EntryNames } from './lateMark';
import { LateReleases } from './lateReleases';
import { type RecorderLimits, resolveLimits } from './limits';
import { OwnPeer } from './ownPeer';
import { LostEvents } from './lostEvents';
import { PeerUpToDate } from './peerUpToDate';
import { Queue } from './queue';
import type { RecordOutcome, Recorder, RecorderDeps, RecorderPhase, RecorderState } from './recorder';
import { fenced, overloaded, refusedByLedger, unavailable } from './refusals';
import { checkedParts } from './requestParts';
import { entriesOwed } from './restoredStore';
import { pause, type Scheduler, systemScheduler } from './scheduler';
import { type Admission, Shares } from './shares';
import { StoreHealth } from './storeHealth';
import { Ticket } from './ticket';
import { WindingDown } from './windingDown';

const RANDOM_BYTES = 16;

/**
 * The recorder of one lane: takes requests in, opens and closes the lane. What waits is in {@link Queue},
 * what is under way in {@link LaneWriter}, what leaves before its record in {@link LateReleases}. See the
 * README beside this file.
 */
export class LaneRecorder implements Recorder {
  readonly #deps: RecorderDeps;
  readonly #limits: RecorderLimits;
  readonly #scheduler: Scheduler;
  readonly #awake: Scheduler;
  readonly #jitter: () => number;
  readonly #names: () => EntryNames;
  readonly #queue = new Queue();
  readonly #health: LaneHealth;
  readonly #store: StoreHealth;
  readonly #places: LanePlaces;
  readonly #proof: LaneProof;
  readonly #shares: Shares;
  readonly #emergencyShares: Shares;
  readonly #ownPeer: OwnPeer;
  readonly #callers: Callers;
  readonly #writer: LaneWriter;
  readonly #late: LateReleases;
  readonly #windingDown: WindingDown;
  readonly #lost: LostEvents;
  readonly #peer: PeerUpToDate;
  readonly #stop = new AbortController();
  #phase: RecorderPhase = 'recovering';
  #reason: LaneReason | undefined = LANE_IS_READ;
  #isAccepting = true;
  #recoveries = 0;
  /** The last state, of a recorder that is closed: its store cannot be asked any more. */
  #last: RecorderState | undefined;

  constructor(deps: RecorderDeps) {
    parseLane(deps.lane);
    const { ledger, lane, outbox, log } = deps;
    this.#deps = deps;
    const limits = (this.#limits = resolveLimits(deps.limits));
    const scheduler = (this.#scheduler = deps.scheduler ?? systemScheduler);
    // Time that a test decides never passes unnoticed.
    this.#awake = deps.scheduler ?? awakeScheduler();
    this.#jitter = deps.jitter ?? Math.random;
    const random = deps.random ?? randomBytes;
    const name = (): string => Buffer.from(random(RANDOM_BYTES)).toString('base64url');
    this.#names = () => ({ id: name(), salt: name() });
    this.#health = new LaneHealth(limits.awayAfterMs, limits.awayMemoryMs);
    this.#places = new LanePlaces(lane);
    this.#store = new StoreHealth(scheduler, log);
    this.#shares = new Shares(limits.maxAdmitted);
    this.#emergencyShares = new Shares(limits.maxAdmittedEmergencies);
    const shared = {
      ...{ ledger, lane, outbox, limits, scheduler, log },
      awake: this.#awake,
      queue: this.#queue,
      health: this.#health,
      store: this.#store,
      places: this.#places,
    };
    this.#proof = new LaneProof({
      ...shared,
      onLost: (seq) => {
        this.#enterLost(seq);
      },
    });
    this.#callers = new Callers({
      ...shared,
      onOwed: () => {
        this.#writer.pump();
      },
    });
    this.#writer = new LaneWriter({
      ...shared,
      proof: this.#proof,
      callers: this.#callers,
      jitter: this.#jitter,
      names: this.#names,
      onBatch: deps.onBatch,
      onChange: () => {
        this.#look();
      },
      onFenced: () => {
        this.#enterFenced();
      },
      onOvertaken: () => {
        this.#enterOvertaken();
      },
    });
    this.#ownPeer = new OwnPeer({
      ...shared,
      scheduler: this.#awake,
      waitMs: limits.evaluateMs,
      maxEvents: limits.maxBatchEvents,
      maxBytes: limits.maxBatchBytes - ENVELOPE_BYTES,
      provenSeq: () => this.#places.provenSeq,
    });
    this.#late = new LateReleases({
      ...shared,
      ownPeer: this.#ownPeer,
      writer: this.#writer,
      callers: this.#callers,
      withoutLedger: deps.emergencyWithoutLedger,
    });
    this.#windingDown = new WindingDown({
      ...shared,
      writer: this.#writer,
      late: this.#late,
      withinMs: limits.drainMs,
    });
    this.#peer = new PeerUpToDate(ledger, scheduler, this.#stop.signal);
    this.#lost = new LostEvents({
      ...shared,
      names: this.#names,
      onFound: () => {
        this.#writer.pump();
      },
    });
  }

  /** Resolves after the first try to recover the lane. */
  async open(): Promise<void> {
    const { lane, outbox } = this.#deps;
    if (outbox.head(lane).fenced) {
      this.#enterFenced();
      return;
    }
    this.#places.provenSeq = settledOnDisk(outbox, lane);
    this.#health.busy(this.#awake.now());
    if (!(await this.#tryRecover())) {
      void this.#keepRecovering();
    }
  }

  admit(client: string, isEmergency: boolean): Admission {
    const at = this.#scheduler.now();
    if (isEmergency) {
      return { ...this.#emergencyShares.take(client), at };
    }
    this.#assertOpen();
    if (this.#proof.isLost || this.#health.isAway(this.#awake.now())) {
      throw unavailable(
        this.#proof.isLost ? 'the ledger lacks what this lane has committed' : 'the ledger is away',
      );
    }
    return { ...this.#shares.take(client), at };
  }

  commitsNow(isEmergency: boolean): boolean {
    const now = this.#scheduler.now();
    const { lastCommitAt } = this.#writer.totals;
    const { parts, bytes } = this.#queue.sizeOf(isEmergency);
    const { awayAfterMs, maxQueued, maxQueuedBytes } = this.#limits;
    const isRecent = lastCommitAt !== undefined && now - lastCommitAt < awayAfterMs;
    const isWilling = this.#phase === 'ready' && this.#isAccepting && !this.#isStoreFailing(now);
    const hasRoom = parts < maxQueued && bytes < maxQueuedBytes;
    const isAway = this.#health.isAway(this.#awake.now());
    return isRecent && isWilling && hasRoom && !this.#writer.isFailing && !isAway;
  }

  timeLeft(isEmergency: boolean, admittedAt?: number): number {
    const handedInAt = this.#scheduler.now();
    return answerBy({ isEmergency, admittedAt, handedInAt }, this.#limits) - handedInAt;
  }

  async rehearse(request: AccessRequest, admittedAt?: number): Promise<Pick<RecordOutcome, 'late'>> {
    const ticket = new Ticket(checkedParts([request]), this.#scheduler.now());
    if (!ticket.isEmergency || !this.#health.isAway(this.#awake.now())) {
      const outcomes = await this.record([request], admittedAt);
      return { late: outcomes.some(({ late }) => late) };
    }
    this.#assertOpen();
    if (this.#isStoreFailing(this.#scheduler.now())) {
      throw unavailable('the emergency could not be written down');
    }
    await this.#late.rehearse(ticket);
    return { late: true };
  }

  async evaluate(request: AccessRequest, isRelease = false): Promise<readonly boolean[]> {
    this.#assertOpen();
    checkedParts([request]);
    try {
      return await this.#ownPeer.ask(request, isEmergencyPurpose(request.purpose), isRelease);
    } catch (error) {
      if (!(error instanceof LedgerError)) {
        throw error;
      }
      throw error.kind === 'rejected'
        ? refusedByLedger(error)
        : unavailable('the own peer gave no answer', error);
    }
  }

  async record(parts: readonly AccessRequest[], admittedAt?: number): Promise<readonly RecordOutcome[]> {
    this.#assertOpen();
    const ticket = new Ticket(checkedParts(parts), this.#scheduler.now(), admittedAt);
    this.#assertFits(ticket);
    this.#assertRoom(ticket);
    this.#queue.add(ticket);
    this.#writer.pump();
    const { isEmergency, since: handedInAt } = ticket;
    const by = answerBy({ isEmergency, admittedAt, handedInAt }, this.#limits);
    if (isEmergency) {
      this.#late.watch(ticket, by);
    } else {
      ticket.onSettled(
        this.#scheduler.after(by - handedInAt, () => {
          this.#callers.giveUp(ticket, unavailable('the access was not committed in time'));
        }),
      );
    }
    this.#windingDown.look();
    return ticket.outcome;
  }

  state(): RecorderState {
    return this.#last ?? this.#stateNow();
  }

  #stateNow(): RecorderState {
    const now = this.#scheduler.now();
    const { totals: committed } = this.#writer;
    const { totals: late } = this.#late;
    const isAway = this.#health.isAway(this.#awake.now());
    const stuck =
      this.#phase === 'ready' ? [...this.#places.pending].find(({ isStuck }) => isStuck) : undefined;
    const why = stuck === undefined ? this.#reason : refusesFillers(stuck);
    return {
      phase: stuck === undefined ? this.#phase : 'stuck',
      reason: why?.reason,
      remedy: why?.remedy ?? (why === undefined ? this.#lost.remedy : undefined),
      lane: this.#deps.lane,
      queued: this.#queue.length + this.#writer.suspects,
      inFlight: this.#places.inFlight,
      owed: this.#deps.outbox.owed().entries,
      setAside: this.#deps.outbox.owed().setAside,
      waiting: this.#lost.waiting,
      notice: this.#lost.reason,
      amendmentsOwed: this.#deps.outbox.owed().amendments + this.#places.amendments,
      nextSeq: this.#places.nextSeq,
      lastCommitAt: committed.lastCommitAt,
      ledgerAway: isAway,
      ledgerSlow: !isAway && this.#oldestWait(now) >= this.#limits.awayAfterMs,
      awaySeconds: this.#health.awayMs(this.#awake.now()) / 1000,
      storeFailing: this.#isStoreFailing(now),
      committedEvents: committed.events,
      committedBatches: committed.batches,
      failedAttempts: committed.failed,
      lateReleases: { ownPeer: late.ownPeer, deployment: late.deployment },
      emergenciesRefused: { slow: late.refusedSlow, away: late.refusedAway },
    };
  }

  windDown(): void {
    this.#windingDown.begin();
  }

  async close(): Promise<void> {
    if (this.#phase === 'closed') {
      return;
    }
    this.#isAccepting = false;
    if (this.#phase === 'ready') {
      await this.#windingDown.over();
    }
    this.#phase = 'closed';
    this.#reason = STOPPING;
    this.#stop.abort(new Error('the recorder is closed'));
    this.#writer.giveUp(() => true, unavailable('the gateway is stopping'));
    this.#writer.stop();
    this.#lost.stop();
    this.#callers.stop();
    this.#late.stop();
    this.#windingDown.stop();
    this.#leaveStore();
    this.#deps.outbox.close();
  }

  // ---------------------------------------------------------------- accepting

  #assertOpen(): void {
    if (this.#phase === 'fenced') {
      throw fenced(this.#reason?.reason ?? 'the lane is fenced');
    }
    if (!this.#isAccepting) {
      throw unavailable('the gateway is stopping');
    }
  }

  /** Each part fits a batch, also when it is marked late, and so does the amendment that it may need. */
  #assertFits(ticket: Ticket): void {
    for (const part of ticket.parts) {
      const largest = Buffer.byteLength(part.json) + amendmentBytes(part.request) + 1 + ENVELOPE_BYTES;
      if (largest > this.#limits.maxBatchBytes) {
        throw new AppError('PAYLOAD_TOO_LARGE', 'one access request is larger than a batch may be');
      }
    }
  }

  /**
   * What waits is bounded in number and in bytes, break-glass apart from the rest; one request is taken
   * whatever its size.
   */
  #assertRoom(ticket: Ticket): void {
    const { parts, bytes } = this.#queue.sizeOf(ticket.isEmergency);
    const { maxQueued, maxQueuedBytes } = this.#limits;
    const isFull = parts + ticket.parts.length > maxQueued || bytes + ticket.bytes > maxQueuedBytes;
    if (parts > 0 && isFull) {
      throw overloaded(`${String(parts)} requests of ${String(bytes)} bytes wait to be recorded`);
    }
  }

  // ---------------------------------------------------------------- fencing, starting and stopping

  #enterFenced(): void {
    const { lane, log } = this.#deps;
    this.#phase = 'fenced';
    const { reason, remedy } = (this.#reason = anotherGatewayIn(lane));
    log.fatal({ lane, remedy }, reason);
    this.#writer.giveUp(() => true, fenced(reason));
  }

  async #keepRecovering(): Promise<void> {
    const { signal } = this.#stop;
    do {
      await pause(this.#scheduler, backoffMs('unavailable', this.#recoveries, this.#jitter()), signal);
    } while (!signal.aborted && !(await this.#tryRecover()));
  }

  async #tryRecover(): Promise<boolean> {
    const { ledger, outbox, lane, log } = this.#deps;
    let recovered: RecoveredLane;
    this.#recoveries += 1;
    try {
      await this.#peer.assert();
      const now = (): number => this.#scheduler.now();
      recovered = await recoverLane({ ledger, outbox, names: this.#names, now, log }, lane);
    } catch (error) {
      this.#noteNotContinued(error, this.#recoveries);
      return false;
    }
    if (!this.#stop.signal.aborted) {
      this.#phase = 'ready';
      this.#reason = undefined;
      this.#health.committed(this.#awake.now(), false);
      this.#proof.noteProven();
      this.#writer.start(recovered);
      void this.#lost.watch();
    }
    return true;
  }

  /**
   * Said when it begins, when it becomes something else, and each time that it has happened twice as often.
   */
  #noteNotContinued(error: unknown, tries: number): void {
    const { reason, remedy } = notContinued(error);
    const isNew = this.#reason?.reason !== reason;
    this.#reason = { reason, remedy };
    if (isNew || (tries & (tries - 1)) === 0) {
      this.#deps.log[error instanceof LaneNotContinuable ? 'error' : 'warn'](
        {
          reason,
          remedy,
          cause: error instanceof Error ? error.message : String(error),
          lane: this.#deps.lane,
          tries,
        },
        'the lane cannot be continued yet',
      );
    }
  }

  /** The own peer did not have all of the lane when it was read. */
  #enterOvertaken(): void {
    this.#phase = 'recovering';
    this.#peer.forget();
    this.#reason = PEER_LACKED_THE_END;
    this.#deps.log.warn({ lane: this.#deps.lane }, this.#reason.reason);
    this.#health.busy(this.#awake.now());
    this.#look();
    void this.#keepRecovering();
  }

  /** The ledger lacks what was committed: nothing is handed in until it has it again. */
  #enterLost(seq: number): void {
    const { lane, log } = this.#deps;
    if (this.#phase !== 'ready') {
      return;
    }
    this.#phase = 'recovering';
    this.#reason = committedBatchGone(lane, seq);
    log.error({ lane, seq }, 'the ledger lacks a batch that was committed; nothing is handed in');
    void this.#keepProving();
  }

  async #keepProving(): Promise<void> {
    const { signal } = this.#stop;
    for (let tries = 1; this.#isLost(); tries += 1) {
      // Emergencies are treated as while the ledger is away, also when nothing else waits.
      this.#health.busy(this.#awake.now());
      this.#look();
      if (!(await this.#tryProve(tries))) {
        await pause(this.#scheduler, backoffMs('unavailable', tries, this.#jitter()), signal);
      }
    }
  }

  #isLost(): boolean {
    return !this.#stop.signal.aborted && this.#phase === 'recovering';
  }

  /** @returns whether the ledger has all of the lane; then it goes on. */
  async #tryProve(tries: number): Promise<boolean> {
    const { ledger, outbox, lane, log } = this.#deps;
    try {
      await proveLane(ledger, outbox, lane, this.#places.provenSeq);
    } catch (error) {
      if (this.#isLost()) {
        this.#noteNotContinued(error, tries);
      }
      return false;
    }
    if (this.#isLost()) {
      log.info({ lane }, 'the ledger has all batches of the lane again; it goes on');
      this.#phase = 'ready';
      this.#reason = undefined;
      this.#proof.noteProven();
      this.#health.committed(this.#awake.now(), this.#places.inFlight > 0);
      this.#writer.pump();
    }
    return true;
  }

  /** Something changed that may make the lane away, or end that. */
  #look(): void {
    this.#late.look();
    this.#windingDown.look();
  }

  #leaveStore(): void {
    const { lane, outbox, log } = this.#deps;
    try {
      outbox.flush();
      this.#last = this.#stateNow();
      log.info(
        { lane, owed: entriesOwed(outbox), inFlight: this.#places.inFlight },
        'the recorder has stopped; the next start goes on with what is owed and in flight',
      );
    } catch (error) {
      // A restart takes up what a request that was given up leaves.
      log.warn({ err: error }, 'the recorder store could not be brought up to date');
    }
  }

  /** How long the oldest request has waited, in milliseconds. */
  #oldestWait(now: number): number {
    return now - Math.min(now, this.#queue.oldestSince ?? now, this.#places.oldestOpenedAt ?? now);
  }

  #isStoreFailing(now: number): boolean {
    const { failedAt } = this.#store;
    return failedAt !== undefined && now - failedAt < this.#limits.awayMemoryMs;
  }
}
