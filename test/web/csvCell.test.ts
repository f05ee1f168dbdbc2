// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { csvCell } from '../../web/src/lib/csvCell';

it.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['＝1+1', "'＝1+1"],
  ['＋1', "'＋1"],
  ['－1', "'－1"],
  ['＠SUM', "'＠SUM"],
  ['﹦1', "'﹦1"],
  ['−1', "'−1"],
  [' =1', "' =1"],
  ['\u200b=1', "'\u200b=1"],
  ['\t=1', '"\'\t\'=1"'],
  ['\n=1', '"\'\n\'=1"'],
  ['\nMD', '"\'\nMD"'],
  ['\r\nMD', '"\'\r\nMD"'],
  ['Doe;=1', '"Doe;\'=1"'],
  ['Doe\n=1', '"Doe\n\'=1"'],
])('%j cannot be run', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

it.each([
  ['Dr. Mariam Gleason', 'Dr. Mariam Gleason'],
  ['Anne-Marie', 'Anne-Marie'],
  ['Doe, "Jo"', '"Doe, ""Jo"""'],
  ['2026-03-01', '2026-03-01'],
  ['a=b', 'a=b'],
  ['', ''],
])('twin: %j stays as it is', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

it('read back by RFC 4180, no part of any cell begins with an operator, whatever the separator', () => {
  const character = fc.constantFrom(...Array.from('=+-@＝＋－＠﹢﹣−;|,"\t\r\n \u200b\ufeffaé'));
  fc.assert(
    fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
      const cell = csvCell(characters.join(''));
      const text = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      for (const part of text.split(/[;|\t\r\n]/)) {
        expect(part.replace(/^[\s\p{C}]+/u, '').normalize('NFKC')).not.toMatch(/^[=+\-@\u2212]/);
      }
      expect(text.replaceAll("'", '')).toBe(characters.join(''));
    }),
  );
});
