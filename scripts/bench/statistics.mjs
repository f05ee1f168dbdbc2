// SPDX-License-Identifier: Apache-2.0

/** The value below which the share `q` (0–1) of `values` lies. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Times `action` `count` times, one after the other; milliseconds each. */
export async function timeEach(count, action) {
  const times = [];
  for (let index = 0; index < count; index += 1) {
    const from = performance.now();
    await action(index);
    times.push(performance.now() - from);
  }
  return times;
}
