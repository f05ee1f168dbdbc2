// SPDX-License-Identifier: Apache-2.0
import type { Scheduler } from './scheduler';

/** How often the loop is looked at, in milliseconds. */
const TICK_MS = 50;
/**
 * What a tick that came late counts at most: the rest of the time this process was busy, whatever the ledger
 * did.
 */
const LONGEST_TICK_MS = 75;

export interface AwakeParts {
  /** Milliseconds that never run backwards. */
  readonly monotonic: () => number;
  /** Calls `tick` every `milliseconds`, as often as the loop gets to it. */
  readonly every: (milliseconds: number, tick: () => void) => void;
  readonly after: Scheduler['after'];
}

/**
 * Time in which this process could have noticed an answer. While its one thread is busy, commits and answers
 * lie unread, and time that passes so says nothing about the ledger: it must not count towards "away". Its
 * `now` is not the time of day; differences alone count.
 */
export function createAwakeScheduler({ monotonic, every, after }: AwakeParts): Scheduler {
  let awake = 0;
  let seenAt = monotonic();
  const sinceTick = (): number => Math.min(Math.max(0, monotonic() - seenAt), LONGEST_TICK_MS);
  every(TICK_MS, () => {
    awake += sinceTick();
    seenAt = monotonic();
  });
  const now = (): number => awake + sinceTick();
  return {
    now,
    after: (milliseconds, action) => {
      const due = now() + milliseconds;
      let cancel: () => void = () => undefined;
      const look = (): void => {
        const left = due - now();
        // What was read with this turn of the loop is handled before the next timer.
        if (left > 0) {
          cancel = after(Math.max(1, left), look);
        } else {
          action();
        }
      };
      cancel = after(milliseconds, look);
      return () => {
        cancel();
      };
    },
  };
}

let ofThisProcess: Scheduler | undefined;

/** The one of this process; made with the first use, and no reason for it to stay alive. */
export function awakeScheduler(): Scheduler {
  ofThisProcess ??= createAwakeScheduler({
    monotonic: () => performance.now(),
    every: (milliseconds, tick) => {
      setInterval(tick, milliseconds).unref();
    },
    after: (milliseconds, action) => {
      const timer = setTimeout(action, milliseconds);
      return () => {
        clearTimeout(timer);
      };
    },
  });
  return ofThisProcess;
}
