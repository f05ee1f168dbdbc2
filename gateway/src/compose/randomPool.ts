// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8 * 1024;

/**
 * A source of small random values (ids, salts) that asks the platform's secure generator for many at once: a
 * call for each takes ten times as long. What was handed out is wiped in the pool. At most 8 KiB at a time.
 * @param fill fills its argument with random bytes; the platform's unless given.
 */
export function createRandomPool(
  fill: (pool: Uint8Array) => void = randomFillSync,
): (bytes: number) => Uint8Array {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (bytes > POOL_BYTES) {
      throw new RangeError(`at most ${String(POOL_BYTES)} bytes at a time`);
    }
    if (used + bytes > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    const value = pool.slice(used, used + bytes);
    pool.fill(0, used, used + bytes);
    used += bytes;
    return value;
  };
}
