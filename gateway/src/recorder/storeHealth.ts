// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import type { AppError } from '../errors';
import { STORE_CANNOT_BE_WRITTEN } from './laneReason';
import { storeUnavailable, unavailable } from './refusals';
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

  /**
   * Said once until the store is written again, with the remedy; each further failure is `debug`.
   * @param message what follows from it, for the log.
   */
  noteFailure(error: unknown, message: string): void {
    const isNew = this.#failedAt === undefined;
    this.#failedAt = this.#scheduler.now();
    if (isNew) {
      this.#log.error({ err: error, ...STORE_CANNOT_BE_WRITTEN }, message);
    } else {
      this.#log.debug({ err: error }, message);
    }
  }

  /** The error of a request that was not recorded in time: nobody blames the ledger for the store. */
  notInTime(detail: string): AppError {
    return this.#failedAt === undefined ? unavailable(detail) : storeUnavailable(detail);
  }

  noteWritten(): void {
    if (this.#failedAt !== undefined) {
      this.#log.info('the recorder store can be written again');
    }
    this.#failedAt = undefined;
  }
}
