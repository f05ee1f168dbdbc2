// SPDX-License-Identifier: Apache-2.0
import type { LaneHealth } from './laneHealth';
import type { Scheduler } from './scheduler';

/** Calls back in the moment in which the lane counts as away, unless something commits before. */
export class AwayAlarm {
  readonly #health: LaneHealth;
  /** Time in which this process could have noticed a commit; the health's. */
  readonly #awake: Scheduler;
  readonly #onAway: () => void;
  #set: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(health: LaneHealth, awake: Scheduler, onAway: () => void) {
    this.#health = health;
    this.#awake = awake;
    this.#onAway = onAway;
  }

  /** Sets it anew where the moment has changed; none while nothing is under way. */
  set(): void {
    const at = this.#health.awayAt();
    if (at === this.#set?.at) {
      return;
    }
    this.cancel();
    if (at !== undefined) {
      const cancel = this.#awake.after(Math.max(0, at - this.#awake.now()), () => {
        this.#set = undefined;
        this.#onAway();
      });
      this.#set = { at, cancel };
    }
  }

  cancel(): void {
    this.#set?.cancel();
    this.#set = undefined;
  }
}
