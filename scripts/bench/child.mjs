// SPDX-License-Identifier: Apache-2.0
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';

/** Starts a process of the benchmark and talks to it by question and answer. `profileDir`: where it leaves a CPU profile. */
export async function startChild(file, argument, profileDir) {
  const child = fork(new URL(file, import.meta.url), [JSON.stringify(argument)], {
    execArgv: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
  });
  const waiting = new Map();
  let next = 0;
  const ended = once(child, 'exit');
  const ready = await new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message.ready !== undefined) {
        resolve(message.ready);
        return;
      }
      const { answered, failed } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) answered(message.answer);
      else failed(new Error(message.error));
    });
    child.once('exit', (code) => {
      reject(new Error(`${file} ended with ${String(code)} before it was ready`));
    });
  });
  return {
    ready,
    ask: (question, details = {}) =>
      new Promise((answered, failed) => {
        next += 1;
        waiting.set(next, { answered, failed });
        child.send({ id: next, question, ...details });
      }),
    stop: async () => {
      child.disconnect();
      await ended;
      rmSync(ready.dataDir, { recursive: true, force: true });
    },
  };
}
