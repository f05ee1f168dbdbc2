// SPDX-License-Identifier: Apache-2.0
/**
 * Somebody starts a second demonstration, or a second ledger, on the folder of a running one: the first must
 * keep its data.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbeddedNetwork } from '../../gateway/src/compose/embeddedNetwork';
import { type HeldFolder, holdFolder } from '../../gateway/src/compose/heldFolder';

const PROGRAM = join(__dirname, '../../gateway/bin/chartwitness.cjs');

let folder: string;
let held: HeldFolder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwitness-second-'));
  mkdirSync(join(folder, 'ledger'));
  writeFileSync(join(folder, 'ledger', 'blocks.db'), 'of the first');
});
afterEach(() => {
  held.release();
  rmSync(folder, { recursive: true, force: true });
});

test.each([[[]], [['--fresh']]])('demo %p is refused, naming the process, and deletes nothing', (flags) => {
  held = holdFolder(folder);
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [PROGRAM, 'demo', '--data-dir', folder, '--port', '0', ...flags],
    { encoding: 'utf8' },
  );
  expect(stderr).toContain(`in use by process ${String(process.pid)}`);
  expect(stderr).not.toContain('at holdFolder');
  expect([status, stdout]).toEqual([1, '']);
  expect(existsSync(join(folder, 'ledger', 'blocks.db'))).toBe(true);
});

test('an embedded ledger is not opened twice, whoever asks', async () => {
  held = holdFolder(join(folder, 'ledger'));
  await expect(
    startEmbeddedNetwork({
      dataDir: join(folder, 'ledger'),
      channel: 'chartwitness',
      chaincode: 'provenance',
      members: [
        { mspId: 'TrusteeMSP', role: 'trustee' },
        { mspId: 'NorthHospitalMSP', role: 'holder' },
      ],
      log: pino({ level: 'silent' }),
    }),
  ).rejects.toThrow(`in use by process ${String(process.pid)}`);
});
