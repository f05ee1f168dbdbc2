// SPDX-License-Identifier: Apache-2.0
import type { DecidedItem } from './accessEvent';

/**
 * Withholds permitted items that are only reached from items that are withheld (`via`), over any number of
 * steps. An item without `via` is reached by itself; items that lead to each other alone are not.
 */
export function withholdUnreached(items: readonly DecidedItem[]): DecidedItem[] {
  const reached = new Set<number>();
  let grew = items.some(({ via }) => via !== undefined);
  if (!grew) {
    return [...items];
  }
  items.forEach(({ via, decision }, i) => {
    if (via === undefined && decision === 'permit') {
      reached.add(i);
    }
  });
  while (grew) {
    grew = false;
    items.forEach(({ via, decision }, i) => {
      if (decision !== 'permit' || reached.has(i) || via?.some((index) => reached.has(index)) !== true) {
        return;
      }
      reached.add(i);
      grew = true;
    });
  }
  return items.map((item, i) =>
    item.decision === 'permit' && !reached.has(i)
      ? { ...item, decision: 'deny', basis: { kind: 'unreached' } }
      : item,
  );
}
