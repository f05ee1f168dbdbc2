// SPDX-License-Identifier: Apache-2.0
import type { Outbox, OutboxChange } from '../../../../../gateway/src/recorder/outbox';

export class Crash extends Error {}

const WRITES: ReadonlySet<unknown> = new Set<keyof Outbox>(['write', 'flush']);

/** The store, whose writes fail without an effect while `isFull`. */
export function onDisk(
  store: Outbox,
  isFull: () => boolean,
  onWrite: (change: OutboxChange) => void,
): Outbox {
  return new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      return typeof value !== 'function'
        ? value
        : (...args: unknown[]) => {
            if (WRITES.has(property) && isFull()) {
              throw Object.assign(new Error('database or disk is full'), {
                code: 'SQLITE_FULL',
              });
            }
            if (property === 'close') {
              // The model looks at it after the end.
              return undefined;
            }
            if (property === 'write') {
              onWrite(args[0] as OutboxChange);
            }
            return Reflect.apply(value, target, args) as unknown;
          };
    },
  });
}

/**
 * One life of the gateway process. After its crash nothing it does has an effect and nobody hears from it.
 */
export class Life {
  isOver = false;
  #left = Infinity;
  #when: 'before' | 'after' = 'before';

  crashAt(uses: number, when: 'before' | 'after'): void {
    this.#left = uses;
    this.#when = when;
  }

  /** `target`, whose every method call counts as a use. */
  limit<T extends object>(target: T, onDead: () => unknown): T {
    return new Proxy(target, {
      get: (_, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (property === 'activate') {
          // Of the memory alone; it ends with the process.
          return (value as (ids: readonly string[]) => void).bind(target);
        }
        return typeof value === 'function'
          ? (...args: unknown[]) => this.#use(() => Reflect.apply(value, target, args) as unknown, onDead)
          : value;
      },
    });
  }

  /** Runs a timer's action; what ends the process in it is heard by nobody. */
  perform(action: () => void): void {
    if (this.isOver) {
      return;
    }
    try {
      action();
    } catch (error) {
      if (!(error instanceof Crash)) {
        throw error;
      }
    }
  }

  #use(call: () => unknown, onDead: () => unknown): unknown {
    if (this.isOver) {
      return onDead();
    }
    this.#left -= 1;
    if (this.#left > 0) {
      return call();
    }
    this.isOver = true;
    if (this.#when === 'after') {
      const result = call();
      if (result instanceof Promise) {
        result.catch(() => undefined);
      }
    }
    return onDead();
  }
}
