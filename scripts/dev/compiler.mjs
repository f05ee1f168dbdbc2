// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The compiler's closing line of each round. */
const ROUND = /Found (\d+) errors?\./;
const QUIET = /Starting (?:incremental )?compilation|^\s*$/;

/**
 * Compiles chaincode and gateway, again on every change. What is wrong is said; a round without errors is
 * announced.
 * @param {{ root: string, say: (line: string) => void, onCompiled: () => void }} options
 */
export function startCompiler({ root, say, onCompiled }) {
  const program = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const child = spawn(
    process.execPath,
    [program, '-b', 'chaincode', 'gateway', '--watch', '--preserveWatchOutput', '--pretty', 'false'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const errors = ROUND.exec(line)?.[1];
    if (errors === '0') {
      onCompiled();
    } else if (errors !== undefined) {
      say(`${errors} error(s): the services stay as they are until it compiles.`);
    } else if (!QUIET.test(line)) {
      say(line);
    }
  });
  return {
    /** When it is no longer there. */
    ended: exited.then(() => undefined),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
