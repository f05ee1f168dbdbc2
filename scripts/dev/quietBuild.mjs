// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The build did not succeed; the message holds what it printed. */
export class BuildFailed extends Error {
  /** @override */
  name = 'BuildFailed';
}

/**
 * Runs a build and keeps what it prints in a file: it is shown only when the build fails.
 * @param {(line: string) => void} say
 * @param {{ command?: readonly string[], log?: string }} [options] the command (default `npm run build`) and
 *   the file of its output
 * @throws {BuildFailed}
 */
export function quietBuild(say, { command = ['npm', 'run', 'build', '--silent'], log } = {}) {
  const folder = join(ROOT, '.data');
  const file = log ?? join(folder, 'build.log');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  say('Building …');
  const output = openSync(file, 'w');
  const [program = '', ...args] = command;
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', output, output] });
  closeSync(output);
  if (status !== 0) {
    throw new BuildFailed(
      `${readFileSync(file, 'utf8')}The build failed${error === undefined ? '' : ` (${error.message})`}; its output is in ${file}.`,
    );
  }
}
