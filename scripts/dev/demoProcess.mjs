// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What the demonstration prints when it is ready, and last of all. */
const READY = /^Ready after/;

/**
 * The demonstration as a process that can be ended and started again. Its first start tells all; later ones
 * only that they are ready, unless they fail.
 * @param {{ root: string, args: readonly string[], firstArgs: readonly string[], inspect: string | undefined,
 *   say: (line: string) => void }} options
 */
export function createDemoProcess({ root, args, firstArgs, inspect, say }) {
  const program = join(root, 'gateway', 'bin', 'chartwitness.cjs');
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  let starts = 0;
  let isWanted = false;
  let isStopped = false;
  /** @type {Promise<void>} */
  let working = Promise.resolve();

  function start() {
    starts += 1;
    const isFirst = starts === 1;
    const node = inspect === undefined ? [] : [`--inspect=127.0.0.1:${inspect}`];
    const started = spawn(
      process.execPath,
      [...node, program, 'demo', ...args, ...(isFirst ? firstArgs : [])],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true },
    );
    child = started;
    /** @type {string[]} */
    const untold = [];
    createInterface({ input: started.stdout }).on('line', (line) => {
      if (child !== started) {
        return;
      }
      if (isFirst) {
        say(line);
      } else if (READY.test(line)) {
        say(`Restarted. ${line}`);
      } else {
        untold.push(line);
      }
    });
    started.once('exit', (code, signal) => {
      if (child !== started) {
        return;
      }
      child = undefined;
      if (isStopped) {
        return;
      }
      untold.forEach(say);
      say(`The services ended (${String(code ?? signal)}); they start again with the next change.`);
    });
  }

  async function end() {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) {
      return;
    }
    const gone = once(ending, 'exit');
    ending.kill('SIGTERM');
    await gone;
  }

  return {
    /** Ends what runs and starts what is compiled now; changes that come meanwhile are one more restart. */
    restart: () => {
      if (isWanted) {
        return;
      }
      isWanted = true;
      working = working.then(async () => {
        isWanted = false;
        await end();
        if (!isStopped) {
          start();
        }
      });
    },
    stop: async () => {
      isStopped = true;
      await working;
      await end();
    },
  };
}
