// SPDX-License-Identifier: Apache-2.0

/**
 * Runs every step in order, also after one fails, so that nothing stays open.
 * @throws the first failure, or all of them together.
 */
export async function closeAll(steps: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) {
    throw failures[0];
  }
  if (failures.length > 1) {
    throw new AggregateError(failures, 'several parts did not close');
  }
}
