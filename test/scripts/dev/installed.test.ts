// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scripts } from '../../../package.json';

const SOURCE = join(__dirname, '../../../scripts/dev/installed.mjs');
const run = (file: string) => spawnSync(process.execPath, [file], { encoding: 'utf8' });

test('a clone without its packages says what to run first', () => {
  const clone = mkdtempSync(join(tmpdir(), 'chartwitness-clone-'));
  try {
    mkdirSync(join(clone, 'scripts', 'dev'), { recursive: true });
    const copy = join(clone, 'scripts', 'dev', 'installed.mjs');
    copyFileSync(SOURCE, copy);
    expect(run(copy)).toMatchObject({
      status: 1,
      stderr: 'The packages are not installed. Run this first: npm ci\n',
    });
  } finally {
    rmSync(clone, { recursive: true });
  }
});

test('twin: one with its packages says nothing', () => {
  expect(run(SOURCE)).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test.each(['build:node', 'demo', 'dev', 'network', 'test:file'] as const)('npm run %s asks', (name) => {
  expect(scripts[name]).toMatch(/^(node scripts\/dev\/installed\.mjs && |npm run build:node )/);
});
