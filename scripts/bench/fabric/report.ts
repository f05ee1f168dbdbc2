// SPDX-License-Identifier: Apache-2.0

/** Where figures are said, with the goal of each and whether it is met. */
export interface Report {
  say(line: string): void;
  plain(what: string, value: number, unit: string): void;
  atMost(what: string, value: number, unit: string, goal: number): void;
  below(what: string, value: number, unit: string, goal: number): void;
  atLeast(what: string, value: number, unit: string, goal: number): void;
  /** How many goals so far. */
  verdicts(): { readonly met: number; readonly missed: number };
}

/** Lines that are printed as they come. */
export function createReport(write: (line: string) => void): Report {
  const verdicts = { met: 0, missed: 0 };
  const line = (
    what: string,
    value: number,
    unit: string,
    goal: string,
    isMet: boolean | undefined,
  ): void => {
    if (isMet !== undefined) {
      verdicts[isMet ? 'met' : 'missed'] += 1;
    }
    const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
    write(
      `${what.padEnd(72)} ${shown(value).padStart(9)} ${unit.padEnd(5)} ${goal.padEnd(9)} ${verdict}`.trimEnd(),
    );
  };
  return {
    say: write,
    plain: (what, value, unit) => {
      line(what, value, unit, '', undefined);
    },
    atMost: (what, value, unit, goal) => {
      line(what, value, unit, `≤ ${String(goal)}`, value <= goal);
    },
    below: (what, value, unit, goal) => {
      line(what, value, unit, `< ${String(goal)}`, value < goal);
    },
    atLeast: (what, value, unit, goal) => {
      line(what, value, unit, `≥ ${String(goal)}`, value >= goal);
    },
    verdicts: () => ({ ...verdicts }),
  };
}

/** Three digits that say something: 0.52, 5.2, 52, 1,520. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const digits = Math.abs(value) < 1 ? 2 : Math.abs(value) < 10 ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Characters, as a terminal counts those that occur here. */
const widthOf = (text: string): number => Array.from(text).length;

export type Cell = string | number;

/** A Markdown table whose columns are as wide as their widest cell, as the formatter writes it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)));
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...cells.map((row) => row[column] ?? '')].map(widthOf)),
  );
  const lineOf = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lineOf(head), rule, ...cells.map(lineOf)].join('\n');
}
