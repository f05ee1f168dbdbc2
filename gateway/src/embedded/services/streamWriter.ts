// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import type { Cancellation } from './cancellation';

/**
 * Writes one message and waits while the reader is slower than the stream; returns early when the call ends.
 */
export async function write(
  stream: Pick<Writable, 'write' | 'once' | 'removeListener'>,
  message: unknown,
  cancellation: Cancellation,
): Promise<void> {
  if (stream.write(message) || cancellation.cancelled) {
    return;
  }
  await new Promise<void>((resolve) => {
    const drained = (): void => {
      withdraw();
      resolve();
    };
    stream.once('drain', drained);
    const withdraw = cancellation.onCancel(() => {
      stream.removeListener('drain', drained);
      resolve();
    });
  });
}
