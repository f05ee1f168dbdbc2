// SPDX-License-Identifier: Apache-2.0
/** One try of each way in `scripts/crash/emergencies.ts`, as part of the suite. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { waysAway } from '../../scripts/crash/waysAway';
import { describeFabric } from '../scripts/network/testNetwork';

const SCRIPT = path.join(__dirname, '..', '..', 'dist', 'crash', 'emergencies.js');
const LIMIT_MS = 600_000;

function emergencies(...options: string[]): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...options], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}

describeFabric('an emergency while the own peer is away', () => {
  test(
    'is answered within 5 s, further ones within 1.5 s, however the peer is away; ordinary accesses get their 503',
    async () => {
      const { code, output } = await emergencies('--tries', '1');
      process.stdout.write(output);
      expect(output).toContain(`${String(waysAway().length)} ways, 1 tries each, missed 0`);
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  test('a way that does not exist is a mistake, not a success', async () => {
    const { code, output } = await emergencies('--only', 'no such way');
    expect(code).toBe(2);
    expect(output).toContain('black hole');
  });
});
