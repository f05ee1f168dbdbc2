// SPDX-License-Identifier: Apache-2.0
/** One round of `npm run test:faults` with short outages, as part of the suite. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { describeFabric } from '../scripts/network/testNetwork';

const SCRIPT = path.join(__dirname, '..', '..', 'dist', 'crash', 'faultRounds.js');
const LIMIT_MS = 600_000;

interface Ended {
  readonly code: number | string | null | undefined;
  readonly output: string;
}

function faultRounds(...options: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...options], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}

describeFabric('faults under load', () => {
  test(
    'nothing is lost, doubled, or released without its record',
    async () => {
      const { code, output } = await faultRounds('--rounds', '1', '--longest-ms', '2000');
      process.stdout.write(output);
      const absent = output.match(/: not run \(/g)?.length ?? 0;
      expect(output).toMatch(
        new RegExp(
          `1 rounds of ${String(11 - absent)} faults: [1-9]\\d* requests, [1-9]\\d* released, lost 0, twice 0;`,
        ),
      );
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  test('a fault that does not exist is a mistake, not a success', async () => {
    const { code, output } = await faultRounds('--only', 'no such fault');
    expect(code).toBe(2);
    expect(output).toContain('orderer killed');
  });

  test.each(['0', 'x', '1.5'])('%s is no number of rounds', async (rounds) => {
    expect(await faultRounds('--rounds', rounds)).toMatchObject({ code: 2 });
  });
});
