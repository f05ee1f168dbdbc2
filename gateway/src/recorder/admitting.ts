// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';
import { isStoreFailing, type LaneContext } from './laneContext';
import type { LaneKeeper } from './laneKeeper';
import type { LaneProof } from './laneProof';
import type { LaneWriter } from './laneWriter';
import { ENVELOPE_BYTES } from './limits';
import { amendmentBytes } from './lateMark';
import { fenced, overloaded, unavailable } from './refusals';
import { type Admission, Shares } from './shares';
import type { Ticket } from './ticket';

export interface AdmittingOptions extends LaneContext {
  readonly keeper: Pick<LaneKeeper, 'phase' | 'reason'>;
  readonly proof: Pick<LaneProof, 'isLost'>;
  readonly writer: Pick<LaneWriter, 'totals' | 'isFailing'>;
}

/** Who may ask, what is taken, and what is refused before it waits for anything. */
export class Admitting {
  readonly #options: AdmittingOptions;
  readonly #shares: Shares;
  readonly #emergencyShares: Shares;
  #isAccepting = true;

  constructor(options: AdmittingOptions) {
    this.#options = options;
    this.#shares = new Shares(options.limits.maxAdmitted);
    this.#emergencyShares = new Shares(options.limits.maxAdmittedEmergencies);
  }

  /** As `Recorder.admit` says. */
  admit(client: string, isEmergency: boolean): Admission {
    const { scheduler, health, awake, proof } = this.#options;
    const at = scheduler.now();
    if (isEmergency) {
      return { ...this.#emergencyShares.take(client), at };
    }
    this.assertOpen();
    if (proof.isLost || health.isAway(awake.now())) {
      throw unavailable(
        proof.isLost ? 'the ledger lacks what this lane has committed' : 'the ledger is away',
      );
    }
    return { ...this.#shares.take(client), at };
  }

  /** As `Recorder.commitsNow` says. */
  commitsNow(isEmergency: boolean): boolean {
    const { scheduler, writer, queue, limits, keeper, health, awake } = this.#options;
    const now = scheduler.now();
    const { lastCommitAt } = writer.totals;
    const { parts, bytes } = queue.sizeOf(isEmergency);
    const isRecent = lastCommitAt !== undefined && now - lastCommitAt < limits.awayAfterMs;
    const isWilling = keeper.phase === 'ready' && this.#isAccepting && !isStoreFailing(this.#options, now);
    const hasRoom = parts < limits.maxQueued && bytes < limits.maxQueuedBytes;
    return isRecent && isWilling && hasRoom && !writer.isFailing && !health.isAway(awake.now());
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#isAccepting = false;
  }

  /** @throws AppError `LANE_FENCED`, `LEDGER_UNAVAILABLE`. */
  assertOpen(): void {
    const { phase, reason } = this.#options.keeper;
    if (phase === 'fenced') {
      throw fenced(reason?.reason ?? 'the lane is fenced');
    }
    if (!this.#isAccepting) {
      throw unavailable('the gateway is stopping');
    }
  }

  /** @throws AppError `PAYLOAD_TOO_LARGE`, `OVERLOADED`. */
  assertTakes(ticket: Ticket): void {
    this.#assertFits(ticket);
    this.#assertRoom(ticket);
  }

  /** Each part fits a batch, also when it is marked late, and so does the amendment that it may need. */
  #assertFits(ticket: Ticket): void {
    for (const part of ticket.parts) {
      const largest = Buffer.byteLength(part.json) + amendmentBytes(part.request) + 1 + ENVELOPE_BYTES;
      if (largest > this.#options.limits.maxBatchBytes) {
        throw new AppError('PAYLOAD_TOO_LARGE', 'one access request is larger than a batch may be');
      }
    }
  }

  /**
   * What waits is bounded in number and in bytes, break-glass apart from the rest; one request is taken
   * whatever its size.
   */
  #assertRoom(ticket: Ticket): void {
    const { queue, limits } = this.#options;
    const { parts, bytes } = queue.sizeOf(ticket.isEmergency);
    const { maxQueued, maxQueuedBytes } = limits;
    const isFull = parts + ticket.parts.length > maxQueued || bytes + ticket.bytes > maxQueuedBytes;
    if (parts > 0 && isFull) {
      throw overloaded(`${String(parts)} requests of ${String(bytes)} bytes wait to be recorded`);
    }
  }
}
