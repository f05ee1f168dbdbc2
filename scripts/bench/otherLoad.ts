// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const TICK_MS = 10;

/**
 * How much of the machine other programs took since the call, as a share of all its processors. The
 * benchmark's figures mean little when that is much. `ownMs` gives the processor time of the benchmark's own
 * processes so far. Undefined where there is no /proc/stat.
 */
export async function watchOthers(ownMs: () => Promise<number>): Promise<() => Promise<number | undefined>> {
  const from = { busy: busyMs(), own: await ownMs(), at: performance.now() };
  return async () => {
    const busy = busyMs();
    if (busy === undefined || from.busy === undefined) {
      return undefined;
    }
    const others = busy - from.busy - ((await ownMs()) - from.own);
    return Math.max(0, others / ((performance.now() - from.at) * cpus().length));
  };
}

/**
 * Time that all processors spent working, since the machine started: all but idle and waiting for disks (the
 * fourth and fifth figure).
 */
function busyMs(): number | undefined {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
    const ticks = line.split(/ +/).slice(1, 8).map(Number);
    return ticks.filter((_, at) => at !== 3 && at !== 4).reduce((sum, each) => sum + each, 0) * TICK_MS;
  } catch {
    // Not Linux: the figure is left out.
    return undefined;
  }
}
