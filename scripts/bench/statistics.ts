// SPDX-License-Identifier: Apache-2.0

/** The value below which the share `q` (0–1) of `values` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Times `action` `count` times, one after the other; milliseconds each. */
export async function timeEach(
  count: number,
  action: (index: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = performance.now();
    await action(index);
    times.push(performance.now() - from);
  }
  return times;
}

/**
 * The chance that a value of `a` exceeds one of `b`, ties counting half: 0.5 where nothing tells them apart,
 * 1 (or 0) where each single value does. It is the area under the ROC curve of a guesser who sees one value.
 */
export function exceeding(a: readonly number[], b: readonly number[]): number {
  const all = [
    ...a.map((value) => ({ value, isOfA: true })),
    ...b.map((value) => ({ value, isOfA: false })),
  ].sort((one, other) => one.value - other.value);
  let ranks = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) {
      to += 1;
    }
    const ofA = all.slice(from, to).filter(({ isOfA }) => isOfA).length;
    ranks += ofA * ((from + 1 + to) / 2);
    from = to;
  }
  return (ranks - (a.length * (a.length + 1)) / 2) / (a.length * b.length);
}
