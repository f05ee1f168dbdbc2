// SPDX-License-Identifier: Apache-2.0
import type { Scheduler } from '../../../../gateway/src/recorder/scheduler';

/** Time that passes only when a test says so. */
export class ManualScheduler implements Scheduler {
  #now = Date.parse('2026-03-01T08:00:00Z');
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, action: () => void): () => void {
    const timer = { at: this.#now + milliseconds, action };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets `milliseconds` pass, timer by timer, each followed by everything that it sets off. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at).find((timer) => timer.at <= end);
      if (next === undefined) {
        break;
      }
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.action();
      await settle();
    }
    this.#now = end;
  }
}

/** Runs every promise reaction that is ready, and those that they make ready. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
