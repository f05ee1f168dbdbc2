// SPDX-License-Identifier: Apache-2.0
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import path from 'node:path';

/** What a process of the benchmark answers, by name: from the question's details to the answer. */
export type Questions = Readonly<Record<string, (details: never) => unknown>>;

/** What such a process says when it can be asked. */
export interface Ready {
  /** Removed when the process was stopped. */
  readonly dataDir: string;
}

export interface Child<Q, R> {
  readonly ready: R;
  ask<K extends keyof Q & string>(question: K, ...details: DetailsOf<Q[K]>): Promise<AnswerOf<Q[K]>>;
  stop(): Promise<void>;
}
type DetailsOf<F> = F extends (...details: infer D) => unknown ? D : never;
type AnswerOf<F> = F extends (...details: never[]) => infer A ? Awaited<A> : never;

/** What comes back from the process. */
export type Message =
  | { readonly ready: Ready }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };

interface Waiting {
  readonly answered: (answer: unknown) => void;
  readonly failed: (error: Error) => void;
}

/**
 * Starts a process of the benchmark and talks to it by question and answer.
 * @param file below this folder, without ending
 * @param profileDir where it leaves a CPU profile
 */
export async function startChild<Q, R extends Ready>(
  file: string,
  argument: object,
  profileDir?: string,
): Promise<Child<Q, R>> {
  const child = fork(path.join(__dirname, file), [JSON.stringify(argument)], {
    execArgv: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
  });
  const waiting = new Map<number, Waiting>();
  let next = 0;
  const ended = once(child, 'exit');
  const ready = await new Promise<R>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if ('ready' in message) {
        resolve(message.ready as R);
        return;
      }
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if ('error' in message) {
        asked?.failed(new Error(message.error));
      } else {
        asked?.answered(message.answer);
      }
    });
    child.once('exit', (code) => {
      reject(new Error(`${file} ended with ${String(code)} before it was ready`));
    });
  });
  return {
    ready,
    ask: (question, ...details) =>
      new Promise((answered, failed) => {
        next += 1;
        waiting.set(next, { answered: answered as Waiting['answered'], failed });
        child.send({ id: next, question, details });
      }),
    stop: async () => {
      child.disconnect();
      await ended;
      rmSync(ready.dataDir, { recursive: true, force: true });
    },
  };
}
