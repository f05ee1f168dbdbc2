// SPDX-License-Identifier: Apache-2.0
import { AppError } from '../errors';

export interface RequestCountsOptions {
  /** Requests that one key may make in a minute. */
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /**
   * Keys that are remembered at most; default 100,000. Beyond it the oldest is forgotten, which only ever
   * lets more through.
   */
  readonly maxKeys?: number;
}

interface Window {
  readonly startedAt: number;
  count: number;
}

const WINDOW_MS = 60_000;
const DEFAULT_MAX_KEYS = 100_000;

/**
 * Counts requests by key in windows of a minute that begin with a key's first request. In memory, of this
 * process alone.
 */
export class RequestCounts {
  readonly #options: RequestCountsOptions;
  /** In the order in which their windows began. */
  readonly #windows = new Map<string, Window>();

  constructor(options: RequestCountsOptions) {
    this.#options = options;
  }

  /** Keys that are remembered now. */
  get size(): number {
    return this.#windows.size;
  }

  /**
   * Counts one request.
   * @throws AppError TOO_MANY_REQUESTS when it is beyond the limit, with the time until the window ends.
   */
  hit(key: string): void {
    const window = this.#current(key);
    window.count += 1;
    if (window.count > this.#options.limit) {
      throw this.#tooMany(window);
    }
  }

  /** Whether the next request of this key is beyond the limit. Counts nothing. */
  isUsedUp(key: string): boolean {
    const window = this.#windows.get(key);
    return window !== undefined && !this.#isOver(window) && window.count >= this.#options.limit;
  }

  #current(key: string): Window {
    const known = this.#windows.get(key);
    if (known !== undefined && !this.#isOver(known)) {
      return known;
    }
    this.#windows.delete(key);
    this.#makeRoom();
    const window = { startedAt: this.#options.clock(), count: 0 };
    this.#windows.set(key, window);
    return window;
  }

  #makeRoom(): void {
    const { maxKeys = DEFAULT_MAX_KEYS } = this.#options;
    for (const [key, window] of this.#windows) {
      if (this.#windows.size < maxKeys && !this.#isOver(window)) {
        return;
      }
      this.#windows.delete(key);
    }
  }

  #isOver({ startedAt }: Window): boolean {
    const age = this.#options.clock() - startedAt;
    // A clock that was set back must not refuse anybody until it has caught up.
    return age >= WINDOW_MS || age < 0;
  }

  #tooMany({ startedAt }: Window): AppError {
    const leftMs = startedAt + WINDOW_MS - this.#options.clock();
    return new AppError('TOO_MANY_REQUESTS', 'request limit reached', {
      retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
    });
  }
}
