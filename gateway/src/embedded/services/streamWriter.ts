// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';

/** Writes one message and waits while the reader is slower than the stream; returns early when the call ends. */
export async function write(
  stream: Pick<Writable, 'write' | 'once' | 'removeListener'>,
  message: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (stream.write(message) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    stream.once('drain', done);
    signal.addEventListener('abort', done);
  });
}
