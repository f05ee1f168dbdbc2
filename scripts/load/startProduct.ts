// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DemoFile } from '../../gateway/dist/demo/demoFile';
import { PROGRAM } from './program';

const START_MS = 60_000;
/** What the demonstration prints when it is ready. */
const READY = 'Ctrl-C stops it.';

/** The demonstration on the embedded ledger as a process of its own, without its day of traffic. */
export interface RunningProduct {
  readonly demo: DemoFile;
  /** Ends it and all that it started with SIGKILL. */
  kill(): Promise<void>;
}

/** @throws Error with what it printed when it ends before it is ready, or is not ready in a minute */
export async function startProduct(dataDir: string): Promise<RunningProduct> {
  const child = spawn(
    process.execPath,
    [PROGRAM, 'demo', '--no-traffic', '--port', '0', '--data-dir', dataDir],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const exited = once(child, 'exit');
  let text = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes(READY)) {
        resolve();
      }
    });
    child.once('exit', (code) => {
      reject(new Error(`the product ended with ${String(code)} before it was ready:\n${text}`));
    });
  });
  const late = wait(START_MS, undefined, { ref: false }).then(() =>
    Promise.reject(new Error(`the product did not start in time:\n${text}`)),
  );
  await Promise.race([ready, late]);
  return {
    demo: JSON.parse(readFileSync(path.join(dataDir, 'demo.json'), 'utf8')) as DemoFile,
    kill: async () => {
      if (child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL');
      }
      await exited;
    },
  };
}
