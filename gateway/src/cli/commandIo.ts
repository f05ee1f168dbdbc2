// SPDX-License-Identifier: Apache-2.0
import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { Environment } from '../config/environment';

/**
 * What a command has to do with the process that it runs in; injected, so that tests need no process of their
 * own.
 */
export interface CommandIo {
  readonly environment: Environment;
  /** One line of the command's answer. */
  readonly say: (line: string) => void;
  /**
   * A secret from standard input: asked for without echo at a terminal, else all that is piped in, without
   * the line's end.
   */
  readonly readSecret: (question: string) => Promise<string>;
}

export const PROCESS_IO: CommandIo = {
  environment: process.env,
  say: (line) => {
    process.stdout.write(`${line}\n`);
  },
  readSecret: async (question) =>
    process.stdin.isTTY ? askWithoutEcho(question) : (await text(process.stdin)).replace(/\r?\n$/, ''),
};

async function askWithoutEcho(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/** A command that could not do what was asked; the message says what was wrong and what to do. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
