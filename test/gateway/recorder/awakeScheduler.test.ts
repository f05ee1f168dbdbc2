// SPDX-License-Identifier: Apache-2.0
import { createAwakeScheduler } from '../../../gateway/src/recorder/awakeScheduler';
import { LaneHealth } from '../../../gateway/src/recorder/laneHealth';

/** A process whose loop gets to its timers only when `turn` is called. */
class Process {
  time = 0;
  #ticks: (() => void)[] = [];
  #timers: { at: number; action: () => void }[] = [];
  readonly awake = createAwakeScheduler({
    monotonic: () => this.time,
    every: (_milliseconds, tick) => this.#ticks.push(tick),
    after: (milliseconds, action) => {
      const timer = { at: this.time + milliseconds, action };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      };
    },
  });

  /** The loop comes round after so many milliseconds. */
  turn(milliseconds: number): void {
    this.time += milliseconds;
    this.#ticks.forEach((tick) => {
      tick();
    });
    const due = this.#timers.filter(({ at }) => at <= this.time);
    this.#timers = this.#timers.filter(({ at }) => at > this.time);
    due.forEach(({ action }) => {
      action();
    });
  }
}

test('time passes as it is while the loop is free', () => {
  const process = new Process();
  for (let i = 0; i < 100; i += 1) {
    process.turn(50);
  }
  expect(process.awake.now()).toBe(5_000);
});

test('while the loop is busy hardly any time passes', () => {
  const process = new Process();
  process.turn(60_000);
  expect(process.awake.now()).toBeLessThan(100);
});

test('a timer waits until its time has passed awake, and can be called off', () => {
  const process = new Process();
  const action = jest.fn();
  process.awake.after(1_000, action);
  const cancel = process.awake.after(1_000, action);
  process.turn(30_000);
  cancel();
  expect(action).not.toHaveBeenCalled();
  for (let i = 0; i < 18; i += 1) {
    process.turn(50);
  }
  expect(action).not.toHaveBeenCalled();
  for (let i = 0; i < 3; i += 1) {
    process.turn(50);
  }
  expect(action).toHaveBeenCalledTimes(1);
});

test('a lane whose commits lie unread because this process is busy is not away; one that is silent is', () => {
  const process = new Process();
  const health = new LaneHealth(2_000, 5_000);
  health.busy(process.awake.now());
  for (let i = 0; i < 10; i += 1) {
    process.turn(3_000);
  }
  expect(health.isAway(process.awake.now())).toBe(false);
  for (let i = 0; i < 40; i += 1) {
    process.turn(50);
  }
  expect(health.isAway(process.awake.now())).toBe(true);
});
