// SPDX-License-Identifier: Apache-2.0
import { AwayAlarm } from './awayAlarm';
import type { LaneContext } from './laneContext';
import type { LaneWriter } from './laneWriter';
import type { LateReleases } from './lateReleases';
import { unavailable } from './refusals';
import { pause } from './scheduler';

export type WindingDownOptions = Pick<LaneContext, 'health' | 'scheduler' | 'awake' | 'limits'> & {
  readonly writer: Pick<LaneWriter, 'idle' | 'giveUp'>;
  readonly late: Pick<LateReleases, 'waiting'>;
};

/**
 * The end of a recorder that is to stop. A ledger that commits is waited for. One that is away is not: its
 * answer to what is under way is read by the next start. Then ordinary requests are refused at once, and
 * emergencies get what they get while the ledger is away.
 */
export class WindingDown {
  readonly #options: WindingDownOptions;
  readonly #alarm: AwayAlarm;
  /** Until when it lasts at most; `undefined` before it has begun. */
  #until: number | undefined;
  /** Whether the emergencies are waited for, after which it looks again. */
  #isListening = false;
  #isOver = false;
  #end: () => void = () => undefined;

  constructor(options: WindingDownOptions) {
    this.#options = options;
    this.#alarm = new AwayAlarm(options.health, options.awake, () => {
      this.look();
    });
  }

  /** From now on nobody but an emergency waits for a lane that is away. */
  begin(): void {
    const { scheduler, limits } = this.#options;
    this.#until ??= scheduler.now() + limits.drainMs;
    this.look();
  }

  /**
   * Resolves when everything accepted is settled; or when the lane is away, and each emergency is answered;
   * or when the time is over, counted from {@link begin}.
   */
  async over(): Promise<void> {
    const { scheduler, writer } = this.#options;
    const done = new AbortController();
    const isAway = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    this.begin();
    const left = Math.max(0, (this.#until ?? 0) - scheduler.now());
    await Promise.race([writer.idle(), isAway, pause(scheduler, left, done.signal)]);
    done.abort();
    this.stop();
  }

  /** Looks no more. */
  stop(): void {
    this.#isOver = true;
    this.#alarm.cancel();
  }

  /** Looks whether the lane is away. Called when something was accepted, begun, committed or given back. */
  look(): void {
    const { health, awake, writer, late } = this.#options;
    if (this.#until === undefined || this.#isOver) {
      return;
    }
    if (!health.isAway(awake.now())) {
      this.#alarm.set();
      return;
    }
    writer.giveUp(({ isEmergency }) => !isEmergency, unavailable('the gateway is stopping'));
    const { waiting } = late;
    if (waiting.length === 0) {
      this.#end();
    } else if (!this.#isListening) {
      this.#isListening = true;
      void Promise.allSettled(waiting.map(({ outcome }) => outcome)).then(() => {
        this.#isListening = false;
        this.look();
      });
    }
  }
}
