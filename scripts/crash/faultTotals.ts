// SPDX-License-Identifier: Apache-2.0

/** What is counted of a fault over all its rounds. */
export const COLUMNS = [
  'rounds',
  'sent',
  'released',
  'refused',
  'lost',
  'twice',
  'wrong',
  'slow',
  'consents',
  'lostConsents',
  'reads',
] as const;

/** Of these nothing may be counted. */
export const BAD = ['lost', 'twice', 'wrong', 'slow', 'lostConsents', 'differences'] as const;

export type Column = (typeof COLUMNS)[number] | 'differences' | 'slowestMs';
export type FaultTotals = Record<Column, number>;

export function newTotals(): FaultTotals {
  return {
    rounds: 0,
    sent: 0,
    released: 0,
    refused: 0,
    lost: 0,
    twice: 0,
    wrong: 0,
    slow: 0,
    consents: 0,
    lostConsents: 0,
    reads: 0,
    differences: 0,
    slowestMs: 0,
  };
}

/** A Markdown table with a line for each fault. */
export function tableOf(totals: ReadonlyMap<string, FaultTotals>): string {
  const head = ['fault', ...COLUMNS, 'differences', 'slowest ms'];
  const lines = [...totals].map(([name, total]) => {
    const cells = [...COLUMNS.map((column) => total[column]), total.differences, Math.round(total.slowestMs)];
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...lines].join('\n');
}
