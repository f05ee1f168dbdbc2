// SPDX-License-Identifier: Apache-2.0

/** Time as the recorder sees it; injected so that tests decide what passes. */
export interface Scheduler {
  /**
   * Milliseconds since the epoch, as of the process's start; only rises, whatever happens to the machine's
   * clock.
   */
  now(): number;
  /** Runs `action` once after `milliseconds`, unless the returned function is called before. */
  after(milliseconds: number, action: () => void): () => void;
}

export const systemScheduler: Scheduler = {
  now: () => performance.timeOrigin + performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `milliseconds`, or at once when `signal` aborts; never rejects. */
export function pause(scheduler: Scheduler, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const cancel = scheduler.after(milliseconds, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
