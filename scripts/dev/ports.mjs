// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { createServer } from 'node:net';

const FIRST = 10_000;
const LAST = 19_000;
const SPAN = 10;
/** Processes that look at the same time start at different places. */
const STARTS = 400;

/**
 * The first of `count` neighbouring ports that are free now. Below the range from which systems give ports away.
 * @param {number} count at most 10
 * @returns {Promise<number>}
 */
export async function freePorts(count) {
  for (let base = FIRST + (process.pid % STARTS) * SPAN; base < LAST; base += SPAN) {
    const start = base;
    const free = await Promise.all(Array.from({ length: count }, (_, at) => portIsFree(start + at)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`There are no ${String(count)} neighbouring free ports.`);
}

/**
 * Before anything is compiled, so without the network's own.
 * @param {number} port on the loopback address
 * @returns {Promise<boolean>}
 */
function portIsFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
