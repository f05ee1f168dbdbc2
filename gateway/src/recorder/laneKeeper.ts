// SPDX-License-Identifier: Apache-2.0
import { backoffMs } from './backoff';
import type { LaneContext } from './laneContext';
import type { LaneProof } from './laneProof';
import {
  anotherGatewayIn,
  committedBatchGone,
  LANE_IS_READ,
  type LaneReason,
  notContinued,
  PEER_LACKED_THE_END,
  STOPPING,
} from './laneReason';
import {
  LaneNotContinuable,
  proveLane,
  recoverLane,
  type RecoveredLane,
  settledOnDisk,
} from './laneRecovery';
import { PeerUpToDate } from './peerUpToDate';
import type { RecorderPhase } from './recorder';
import { pause } from './scheduler';

export interface LaneKeeperOptions extends LaneContext {
  readonly proof: LaneProof;
  /** It is known where the lane ends: it goes on there. */
  readonly onRead: (recovered: RecoveredLane) => void;
  /** The ledger has all of the lane again. */
  readonly onProven: () => void;
  /** Nothing may be handed in, so the lane may come to count as away. */
  readonly onInterrupted: () => void;
}

/**
 * Reads the lane at the start, anew where it went on before it was read, and looks for it where the ledger
 * seems to lack it. Says whether the lane may be written, and if not why.
 */
export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  readonly #peer: PeerUpToDate;
  readonly #stop = new AbortController();
  #phase: RecorderPhase = 'recovering';
  #reason: LaneReason | undefined = LANE_IS_READ;
  /** How often it was read, or tried to. */
  #recoveries = 0;

  constructor(options: LaneKeeperOptions) {
    this.#options = options;
    this.#peer = new PeerUpToDate(options.ledger, options.scheduler, this.#stop.signal);
  }

  get phase(): RecorderPhase {
    return this.#phase;
  }

  /** Why nothing is written; `undefined` while it is. */
  get reason(): LaneReason | undefined {
    return this.#reason;
  }

  /** Resolves after the first try to read the lane; more follow by themselves. */
  async open(): Promise<void> {
    const { outbox, lane, places, health, awake } = this.#options;
    places.provenSeq = settledOnDisk(outbox, lane);
    health.busy(awake.now());
    if (!(await this.#tryRecover())) {
      void this.#keepRecovering();
    }
  }

  /** Another gateway writes in this lane. */
  fence(): LaneReason {
    const { lane, log } = this.#options;
    this.#phase = 'fenced';
    const { reason, remedy } = (this.#reason = anotherGatewayIn(lane));
    log.fatal({ lane, remedy }, reason);
    return this.#reason;
  }

  /** The own peer did not have all of the lane when it was read. */
  readAnew(): void {
    const { lane, log } = this.#options;
    this.#peer.forget();
    this.#reason = PEER_LACKED_THE_END;
    log.warn({ lane }, this.#reason.reason);
    this.#interrupt();
    void this.#keepRecovering();
  }

  /** The ledger lacks place `seq`, which was committed: nothing is handed in until it has it again. */
  lose(seq: number): void {
    const { lane, log } = this.#options;
    if (this.#phase !== 'ready') {
      return;
    }
    this.#phase = 'recovering';
    this.#reason = committedBatchGone(lane, seq);
    log.error({ lane, seq }, 'the ledger lacks a batch that was committed; nothing is handed in');
    void this.#keepProving();
  }

  close(): void {
    this.#phase = 'closed';
    this.#reason = STOPPING;
    this.#stop.abort(new Error('the recorder is closed'));
  }

  async #keepRecovering(): Promise<void> {
    const { scheduler, jitter } = this.#options;
    const { signal } = this.#stop;
    do {
      await pause(scheduler, backoffMs('unavailable', this.#recoveries, jitter()), signal);
    } while (!signal.aborted && !(await this.#tryRecover()));
  }

  async #tryRecover(): Promise<boolean> {
    const { ledger, outbox, lane, log, names, scheduler, onRead } = this.#options;
    let recovered: RecoveredLane;
    this.#recoveries += 1;
    try {
      await this.#peer.assert();
      recovered = await recoverLane({ ledger, outbox, names, now: () => scheduler.now(), log }, lane);
    } catch (error) {
      this.#noteNotContinued(error, this.#recoveries);
      return false;
    }
    if (!this.#stop.signal.aborted) {
      this.#goOn(false);
      onRead(recovered);
    }
    return true;
  }

  async #keepProving(): Promise<void> {
    const { scheduler, jitter } = this.#options;
    for (let tries = 1; this.#isLost(); tries += 1) {
      // Emergencies are treated as while the ledger is away, also when nothing else waits.
      this.#interrupt();
      if (!(await this.#tryProve(tries))) {
        await pause(scheduler, backoffMs('unavailable', tries, jitter()), this.#stop.signal);
      }
    }
  }

  #isLost(): boolean {
    return !this.#stop.signal.aborted && this.#phase === 'recovering';
  }

  /** @returns whether the ledger has all of the lane; then it goes on. */
  async #tryProve(tries: number): Promise<boolean> {
    const { ledger, outbox, lane, places, log, onProven } = this.#options;
    try {
      await proveLane(ledger, outbox, lane, places.provenSeq);
    } catch (error) {
      if (this.#isLost()) {
        this.#noteNotContinued(error, tries);
      }
      return false;
    }
    if (this.#isLost()) {
      log.info({ lane }, 'the ledger has all batches of the lane again; it goes on');
      this.#goOn(places.inFlight > 0);
      onProven();
    }
    return true;
  }

  #interrupt(): void {
    const { health, awake, onInterrupted } = this.#options;
    this.#phase = 'recovering';
    health.busy(awake.now());
    onInterrupted();
  }

  #goOn(isBusy: boolean): void {
    const { health, awake, proof } = this.#options;
    this.#phase = 'ready';
    this.#reason = undefined;
    proof.noteProven();
    health.committed(awake.now(), isBusy);
  }

  /**
   * Said when it begins, when it becomes something else, and each time that it has happened twice as often.
   */
  #noteNotContinued(error: unknown, tries: number): void {
    const { log, lane } = this.#options;
    const { reason, remedy } = notContinued(error);
    const isNew = this.#reason?.reason !== reason;
    this.#reason = { reason, remedy };
    if (isNew || (tries & (tries - 1)) === 0) {
      const cause = error instanceof Error ? error.message : String(error);
      const level = error instanceof LaneNotContinuable ? 'error' : 'warn';
      log[level]({ reason, remedy, cause, lane, tries }, 'the lane cannot be continued yet');
    }
  }
}
