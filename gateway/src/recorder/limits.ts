// SPDX-License-Identifier: Apache-2.0
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_IN_FLIGHT } from '@chartwitness/chaincode/domain';

/** Room for `{"start":…,"requests":[…]}` around the requests. */
export const ENVELOPE_BYTES = 64;

/** Bounds of one recorder. All durations in milliseconds. */
export interface RecorderLimits {
  /** Ordinary requests admitted at once, over all clients; see `Shares` for what one client gets. */
  readonly maxAdmitted: number;
  /** Break-glass requests admitted at once, over all clients; shared in the same way. */
  readonly maxAdmittedEmergencies: number;
  /**
   * Parts of ordinary requests that wait for a batch, and as many of break-glass; more are refused with
   * OVERLOADED.
   */
  readonly maxQueued: number;
  /** The same in bytes of their JSON. */
  readonly maxQueuedBytes: number;
  /** Events in a batch, at most {@link MAX_BATCH_EVENTS}. */
  readonly maxBatchEvents: number;
  /** Bytes of a batch's JSON; the chaincode takes at most 1 MiB. */
  readonly maxBatchBytes: number;
  /** Batches of the lane that are not settled yet, at most {@link MAX_IN_FLIGHT}. */
  readonly maxInFlight: number;
  /**
   * A further batch goes out beside those in flight when at least this many requests wait per batch in
   * flight.
   */
  readonly pipelineAt: number;
  /** … or when the oldest has waited this long. */
  readonly pipelineAfterMs: number;
  /**
   * A request that is not committed so long after its hand-in is refused; nothing is released. See
   * `answerBy`.
   */
  readonly deadlineMs: number;
  /** What an ordinary request may take for reading the source, between its admission and its hand-in. */
  readonly readingMs: number;
  /** The lane is away when something was under way for this long and no batch of it committed. */
  readonly awayAfterMs: number;
  /**
   * A break-glass request that is not committed so long after its admission, nor released because the lane is
   * away, is refused.
   */
  readonly emergencyWaitMs: number;
  /** Longest wait for what the own peer would decide. */
  readonly evaluateMs: number;
  /** How long the lane counts as away after the last try, when nothing has been tried since. */
  readonly awayMemoryMs: number;
  /** How long a stop waits, from its beginning, for what has been accepted; less where the lane is away. */
  readonly drainMs: number;
}

export const DEFAULT_LIMITS: RecorderLimits = {
  maxAdmitted: 1_000,
  maxAdmittedEmergencies: 400,
  maxQueued: 5_000,
  maxQueuedBytes: 64 * 1024 * 1024,
  maxBatchEvents: 500,
  maxBatchBytes: 900 * 1024,
  maxInFlight: 4,
  pipelineAt: 100,
  pipelineAfterMs: 250,
  deadlineMs: 10_000,
  readingMs: 60_000,
  awayAfterMs: 2_000,
  emergencyWaitMs: 15_000,
  evaluateMs: 1_000,
  awayMemoryMs: 5_000,
  drainMs: 10_000,
};

/** @throws RangeError that names the limit. */
export function resolveLimits(given: Partial<RecorderLimits> = {}): RecorderLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  const inRange = (name: keyof RecorderLimits, maximum: number): void => {
    const value = limits[name];
    if (!Number.isInteger(value) || value < 1 || value > maximum) {
      throw new RangeError(
        `${name} must be a whole number from 1 to ${String(maximum)}, not ${String(value)}`,
      );
    }
  };
  inRange('maxBatchEvents', MAX_BATCH_EVENTS);
  inRange('maxInFlight', MAX_IN_FLIGHT);
  inRange('maxAdmitted', 1_000_000);
  inRange('maxAdmittedEmergencies', 1_000_000);
  inRange('maxQueued', 1_000_000);
  inRange('maxQueuedBytes', 2 ** 31);
  inRange('maxBatchBytes', MAX_BATCH_BYTES);
  inRange('awayAfterMs', 60_000);
  inRange('emergencyWaitMs', 120_000);
  inRange('evaluateMs', 60_000);
  inRange('deadlineMs', 600_000);
  inRange('readingMs', 3_600_000);
  return limits;
}
