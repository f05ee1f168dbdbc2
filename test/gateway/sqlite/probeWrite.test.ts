// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../gateway/src/sqlite/openDatabase';
import { probeWrite } from '../../../gateway/src/sqlite/probeWrite';

const folder = mkdtempSync(join(tmpdir(), 'chartwitness-probe-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('writes to the disk, and changes nothing', () => {
  const file = join(folder, 'a.db');
  const database = openDatabase(file);
  database.exec('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7); PRAGMA user_version = 3;');
  const written = (): number => statSync(`${file}-wal`).size;
  const before = written();
  probeWrite(database);
  expect(written()).toBeGreaterThan(before);
  expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 3 });
  expect(database.prepare('SELECT a FROM t').get()).toMatchObject({ a: 7 });
  database.close();
});

test('throws what a write throws', () => {
  const database = openDatabase(join(folder, 'b.db'));
  database.pragma('query_only = ON');
  expect(() => {
    probeWrite(database);
  }).toThrow(/readonly/);
  database.close();
});
