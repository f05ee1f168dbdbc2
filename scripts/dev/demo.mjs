// SPDX-License-Identifier: Apache-2.0
// @ts-check
/*
 * npm run demo Builds quietly, then runs `chartwitness demo` in this process, so that a signal reaches it as
 * if it had been started alone.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { BuildFailed, quietBuild } from './quietBuild.mjs';

const PROGRAM = fileURLToPath(new URL('../../gateway/bin/chartwitness.cjs', import.meta.url));

try {
  quietBuild((line) => void process.stdout.write(`${line}\n`));
} catch (error) {
  if (!(error instanceof BuildFailed)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
process.argv = [process.execPath, PROGRAM, 'demo', ...process.argv.slice(2)];
createRequire(import.meta.url)(PROGRAM);
