// SPDX-License-Identifier: Apache-2.0
import type { AppError } from '../errors';
import type { LaneContext } from './laneContext';
import type { Ticket } from './ticket';

/** What a given-up request leaves is on the disk at the latest after this time without another write. */
const FLUSH_AFTER_MS = 100;
const RETRY_AFTER_MS = 1_000;

export type CallersOptions = Pick<LaneContext, 'queue' | 'outbox' | 'scheduler' | 'store'> & {
  /** Amendments became owed. */
  readonly onOwed: () => void;
};

/** Tells callers that nothing is given, and sees to it that what is recorded of their requests says so. */
export class Callers {
  readonly #options: CallersOptions;
  #cancelFlush: (() => void) | undefined;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** Does nothing for a request that was answered already. */
  giveUp(ticket: Ticket, error: AppError): void {
    if (ticket.isSettled) {
      return;
    }
    const { queue, outbox } = this.#options;
    const held = ticket.heldAmendments();
    queue.remove(ticket);
    ticket.reject(error);
    if (held.length > 0) {
      outbox.activate(held);
      this.#flushAfter(FLUSH_AFTER_MS);
    }
  }

  giveUpAll(tickets: Iterable<Ticket>, error: AppError): void {
    for (const ticket of tickets) {
      this.giveUp(ticket, error);
    }
  }

  stop(): void {
    this.#cancelFlush?.();
  }

  #flushAfter(milliseconds: number): void {
    const { outbox, scheduler, onOwed, store } = this.#options;
    this.#cancelFlush ??= scheduler.after(milliseconds, () => {
      this.#cancelFlush = undefined;
      try {
        outbox.flush();
      } catch (error) {
        // Tried again; a restart takes them up in any case.
        store.noteFailure(error, 'amendments of a request that was given up could not be written yet');
        this.#flushAfter(RETRY_AFTER_MS);
        return;
      }
      onOwed();
    });
  }
}
