// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import type { Scheduler } from './scheduler';

/** Whether the recorder's own store can be written. */
export class StoreHealth {
  readonly #scheduler: Scheduler;
  readonly #log: Logger;
  #failedAt: number | undefined;

  constructor(scheduler: Scheduler, log: Logger) {
    this.#scheduler = scheduler;
    this.#log = log;
  }

  /**
   * When it could not be written last, milliseconds since the epoch; unset by the next write that succeeds.
   */
  get failedAt(): number | undefined {
    return this.#failedAt;
  }

  /** @param message what follows from it, for the log. */
  noteFailure(error: unknown, message: string): void {
    this.#failedAt = this.#scheduler.now();
    this.#log.error({ err: error }, message);
  }

  noteWritten(): void {
    this.#failedAt = undefined;
  }
}
