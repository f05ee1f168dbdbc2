// SPDX-License-Identifier: Apache-2.0
import { backoff, type Waits } from './backoff';

export interface TryAgainOptions extends Waits {
  /** At most so many tries, the first included. */
  readonly tries: number;
  /** Whether a further try may succeed and can do no harm. */
  readonly isWorthIt: (error: unknown) => boolean;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** From 0 to 1. */
  readonly jitter: () => number;
}

/**
 * What the first try that succeeds gives.
 * @throws what the last try threw, or the first that is not worth another one.
 */
export async function tryAgain<T>(work: () => Promise<T>, options: TryAgainOptions): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (failures === options.tries || !options.isWorthIt(error)) {
        throw error;
      }
      await options.pause(backoff(options, failures, options.jitter()));
    }
  }
}
