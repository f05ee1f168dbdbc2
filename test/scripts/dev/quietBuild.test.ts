// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildFailed, quietBuild } from '../../../scripts/dev/quietBuild.mjs';

let folder: string;
let log: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwitness-build-'));
  log = join(folder, 'build.log');
  said = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const build = (source: string): void => {
  quietBuild((line) => said.push(line), { command: [process.execPath, '-e', source], log });
};

test('what a build prints goes to the file, from both streams', () => {
  build('console.log("273 modules"); console.error("a warning")');
  expect(said).toEqual(['Building …']);
  expect(readFileSync(log, 'utf8')).toMatch(/273 modules\s+a warning/);
});

test('what a failed build printed is shown, with the file’s name', () => {
  const failed = (): void => {
    build('console.error("error TS2322"); process.exit(2)');
  };
  expect(failed).toThrow(BuildFailed);
  expect(failed).toThrow(/error TS2322[\s\S]*its output is in .*build\.log/);
});

test('a program that is not there is a failed build', () => {
  expect(() => {
    quietBuild((line) => said.push(line), { command: [join(folder, 'absent')], log });
  }).toThrow(/ENOENT/);
});
