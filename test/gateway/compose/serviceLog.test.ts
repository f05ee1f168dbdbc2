// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serviceLog } from '../../../gateway/src/compose/serviceLog';

/** Linux's device on which every write fails as on a full disk. */
const FULL = '/dev/full';
const BUILT = path.resolve(__dirname, '../../../gateway/dist/compose/serviceLog.js');

test('writes one JSON object a line, of its level and above', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-log-'));
  const file = path.join(folder, 'log');
  const fd = openSync(file, 'w');
  const log = serviceLog('warn', fd);
  log.info('unsaid');
  log.warn({ part: 'x' }, 'said');
  closeSync(fd);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ level: 40, part: 'x', msg: 'said' }),
  ]);
  rmSync(folder, { recursive: true });
});

if (existsSync(FULL)) {
  test('a process whose log lies on a full disk goes on, and ends when it wants to', () => {
    const program = `
      const log = require(${JSON.stringify(BUILT)}).serviceLog('info');
      for (let line = 0; line < 20_000; line += 1) log.info('x'.repeat(200));
      setTimeout(() => { log.info('still here'); process.stderr.write('done'); }, 50);`;
    const full = openSync(FULL, 'w');
    const { status, stderr } = spawnSync(process.execPath, ['-e', program], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
      timeout: 20_000,
    });
    closeSync(full);
    expect([status, stderr]).toEqual([0, 'done']);
  });
} else {
  test('a log on a full disk: not run (no /dev/full)', () => {
    process.stdout.write('a log on a full disk: not run (no /dev/full)\n');
    expect(existsSync(FULL)).toBe(false);
  });
}
