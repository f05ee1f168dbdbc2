// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { readPortalOptions } from '../../../../scripts/bench/portal/options';

test('what is not asked for has a default', () => {
  expect(readPortalOptions(['--portal'])).toEqual({ entries: 12_000, rounds: 9 });
});

test('what is asked for holds', () => {
  expect(readPortalOptions(['--portal', '--entries', '20000', '--rounds=3'])).toEqual({
    entries: 20_000,
    rounds: 3,
  });
});

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['--rounds', '0'], /--rounds must be a whole number from 1 to 100, not "0"/],
  [['--rounds', '1.5'], /--rounds must be a whole number/],
  [['--rounds', ''], /--rounds must be a whole number/],
  [['--rounds'], /argument missing/],
  [['--entries', '10000'], /--entries must be a whole number from 10100 to 1000000, not "10000"/],
  [['--entries', '1e5'], /--entries must be a whole number/],
  [['--entries=-1'], /--entries must be a whole number/],
  [['--seconds', '3'], /Unknown option '--seconds'/],
  [['--fabric'], /Unknown option '--fabric'/],
  [['12000'], /Unexpected argument '12000'/],
];
test.each(WRONG)('%j is refused', (args, message) => {
  expect(() => readPortalOptions(['--portal', ...args])).toThrow(message);
});

test('the command says what is wrong, and starts nothing', () => {
  const script = join(__dirname, '../../../../dist/bench/run.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--portal', '--rounds', 'many'], {
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'bench --portal: --rounds must be a whole number from 1 to 100, not "many"\n',
  });
});
