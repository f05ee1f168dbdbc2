// SPDX-License-Identifier: Apache-2.0

/**
 * Waits for SIGINT or SIGTERM, then closes. A second signal while closing ends the process at once.
 * @param say where the farewell goes.
 */
export async function untilSignal(close: () => Promise<void>, say: (line: string) => void): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    const once = (received: NodeJS.Signals): void => {
      process.removeListener('SIGINT', once);
      process.removeListener('SIGTERM', once);
      resolve(received);
    };
    process.on('SIGINT', once);
    process.on('SIGTERM', once);
  });
  say(`${signal}: finishing requests in flight and closing the stores; once more ends at once.`);
  await close();
}
