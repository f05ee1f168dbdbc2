// SPDX-License-Identifier: Apache-2.0

/** Lines that are printed as they come, with the goal of each and whether it is met; counts them. */
export function createReport(write) {
  const verdicts = { met: 0, missed: 0 };
  const line = (what, value, unit, goal, isMet) => {
    if (isMet !== undefined) verdicts[isMet ? 'met' : 'missed'] += 1;
    const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
    write(
      `${what.padEnd(72)} ${shown(value).padStart(9)} ${unit.padEnd(5)} ${goal.padEnd(9)} ${verdict}`.trimEnd(),
    );
  };
  return {
    say: write,
    plain: (what, value, unit) => line(what, value, unit, '', undefined),
    atMost: (what, value, unit, goal) => line(what, value, unit, `≤ ${String(goal)}`, value <= goal),
    below: (what, value, unit, goal) => line(what, value, unit, `< ${String(goal)}`, value < goal),
    atLeast: (what, value, unit, goal) => line(what, value, unit, `≥ ${String(goal)}`, value >= goal),
    verdicts: () => ({ ...verdicts }),
  };
}

/** Three digits that say something: 0.52, 5.2, 52, 1,520. */
export function shown(value) {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) < 1 ? 2 : Math.abs(value) < 10 ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A Markdown table whose columns are as wide as their widest cell, as the formatter writes it. */
export function markdownTable(head, rows) {
  const cells = [
    head,
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell))),
  ];
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...row[column]].length)));
  const lineOf = (row) =>
    `| ${row.map((cell, column) => cell + ' '.repeat(widths[column] - [...cell].length)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lineOf(cells[0]), rule, ...cells.slice(1).map(lineOf)].join('\n');
}
