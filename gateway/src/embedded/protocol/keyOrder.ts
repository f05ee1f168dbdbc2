// SPDX-License-Identifier: Apache-2.0

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/**
 * Orders strings as their UTF-8 bytes order, which is how Fabric sorts keys; JavaScript's own order is
 * UTF-16.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) {
      continue;
    }
    if (isSurrogate(x) !== isSurrogate(y)) {
      return isSurrogate(x) ? 1 : -1;
    }
    return x - y;
  }
  return a.length - b.length;
}

/** The values of a map in the byte order of its keys. */
export function valuesByKey<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map.entries()].sort(([a], [b]) => compareKeys(a, b)).map(([, value]) => value);
}
