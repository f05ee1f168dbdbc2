// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';

/** A port on loopback that was free a moment ago. @returns {Promise<number>} */
export function takeFreePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
