// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/**
 * Repeats `attempt` until it succeeds.
 * @returns what it gave in the end, and how long that took.
 * @throws what it threw last, after `withinMs`.
 */
export async function untilItWorks<T>(
  attempt: () => Promise<T>,
  withinMs = 15_000,
): Promise<{ value: T; tookMs: number }> {
  const start = performance.now();
  for (;;) {
    try {
      const value = await attempt();
      return { value, tookMs: performance.now() - start };
    } catch (cause) {
      if (performance.now() - start > withinMs) {
        throw cause;
      }
      await wait(LOOK_EVERY_MS);
    }
  }
}
