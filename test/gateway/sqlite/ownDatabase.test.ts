// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReplayStore } from '../../../gateway/src/auth/replayStore';
import { LedgerStore } from '../../../gateway/src/embedded/store/ledgerStore';
import { openOutbox } from '../../../gateway/src/recorder/sqliteOutbox';
import { openDatabase } from '../../../gateway/src/sqlite/openDatabase';

const folder = mkdtempSync(join(tmpdir(), 'chartwitness-sqlite-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const modes = (file: string): number[] =>
  ['', '-wal', '-shm']
    .map((ending) => `${file}${ending}`)
    .filter((path) => existsSync(path))
    .map((path) => statSync(path).mode & 0o777);

test.each<[string, (file: string) => { close(): void }]>([
  ['outbox.db', (file) => openOutbox(file)],
  ['replays.db', (file) => openReplayStore(file, Date.now)],
  ['accounts.db', (file) => openDatabase(file)],
  ['blocks.db', (file) => LedgerStore.open(file)],
])('%s is its owner’s alone, whatever the umask and whatever it was before', (name, open) => {
  const file = join(folder, name);
  const before = process.umask(0);
  try {
    const first = open(file);
    expect(new Set(modes(file))).toEqual(new Set([0o600]));
    first.close();
    chmodSync(file, 0o644);
    const again = open(file);
    expect(new Set(modes(file))).toEqual(new Set([0o600]));
    again.close();
  } finally {
    process.umask(before);
  }
});
