// SPDX-License-Identifier: Apache-2.0
import { createReport, markdownTable, shown } from '../../../../scripts/bench/fabric/report';

test.each([
  [0.4567, '0.46'],
  [5.25, '5.3'],
  [52.4, '52'],
  [1520.4, '1,520'],
  [-28, '-28'],
  [0, '0.00'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('%d is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text);
});

test('a goal is met at its value, except where it must stay below', () => {
  const lines: string[] = [];
  const report = createReport((line: string) => lines.push(line));
  report.atMost('most, reached', 25, 'ms', 25);
  report.atMost('most, missed', 25.01, 'ms', 25);
  report.atLeast('least, reached', 25, '×', 25);
  report.atLeast('least, missed', 24.9, '×', 25);
  report.below('below, reached', 1499, 'ms', 1500);
  report.below('below, missed', 1500, 'ms', 1500);
  report.plain('no goal', 7, '/s');
  expect(lines.map((line) => line.trimEnd().split(/ {2,}/).at(-1))).toEqual([
    'met',
    'MISSED',
    'met',
    'MISSED',
    'met',
    'MISSED',
    '7.0 /s',
  ]);
  expect(report.verdicts()).toEqual({ met: 3, missed: 3 });
});

test('what cannot be measured meets no goal', () => {
  const report = createReport(() => undefined);
  report.atLeast('a ratio to nothing', Number.NaN, '×', 25);
  report.atMost('a time of nothing', Number.NaN, 'ms', 25);
  expect(report.verdicts()).toEqual({ met: 0, missed: 2 });
});

test('a table has columns as wide as their widest cell', () => {
  expect(
    markdownTable(
      ['', 'accesses/s'],
      [
        ['(a)', 105.4],
        ['(b) ×', 0.5],
      ],
    ),
  ).toBe(
    [
      '|       | accesses/s |',
      '| ----- | ---------- |',
      '| (a)   | 105        |',
      '| (b) × | 0.50       |',
    ].join('\n'),
  );
});
