// SPDX-License-Identifier: Apache-2.0

/** One thing from the source and the work begun for it. */
export interface Begun<T, R> {
  readonly item: T;
  readonly result: Promise<R>;
}

/**
 * Takes items from `source` as they come and begins their work at once, at most `window` at a time, and hands
 * them out in order: all that are there when asked for, at least one. A slow source holds nothing back that
 * is already there. The source's own failure comes after everything that it gave.
 */
export async function* readAhead<T, R>(
  source: AsyncIterable<T>,
  begin: (item: T) => Promise<R>,
  window: number,
): AsyncGenerator<readonly Begun<T, R>[], void, undefined> {
  const ready: Begun<T, R>[] = [];
  const signals = { arrived: gate(), taken: gate() };
  let ended: { error?: unknown } | undefined;
  let stopped = false;

  const pump = async (): Promise<void> => {
    for await (const item of source) {
      const result = begin(item);
      // Awaited later, in order; until then a rejection is not unhandled.
      result.catch(() => undefined);
      ready.push({ item, result });
      signals.arrived.open();
      while (ready.length >= window && !stopped) {
        signals.taken = gate();
        await signals.taken.opened;
      }
      if (stopped) {
        return;
      }
    }
  };
  const pumping = pump().then(
    () => {
      ended = {};
      signals.arrived.open();
    },
    (error: unknown) => {
      ended = { error };
      signals.arrived.open();
    },
  );
  try {
    for (;;) {
      if (ready.length > 0) {
        const taken = ready.splice(0);
        signals.taken.open();
        yield taken;
        continue;
      }
      const end = ended as { error?: unknown } | undefined;
      if (end !== undefined) {
        if ('error' in end) {
          throw end.error;
        }
        return;
      }
      signals.arrived = gate();
      await signals.arrived.opened;
    }
  } finally {
    stopped = true;
    signals.taken.open();
    // The source ends by its own signal; it is not waited for here, since it may wait for its next item.
    void pumping;
  }
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
