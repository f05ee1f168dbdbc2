// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed } from '../../../gateway/src/cli/commandIo';
import { checkIsOurs, deleteEarlierRun, type EarlierRun } from '../../../gateway/src/demo/earlierRun';

let folder: string;
let run: EarlierRun;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwitness-earlier-'));
  run = { folder, demoFile: join(folder, 'demo.json') };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const make = (...names: string[]): void => {
  for (const name of names) {
    mkdirSync(join(folder, name));
  }
};
const has = (name: string): boolean => existsSync(join(folder, name));

test('deletes what a demonstration wrote, and nothing else', async () => {
  make('ledger', 'trustee', 'NorthHospitalMSP', 'thesis');
  writeFileSync(run.demoFile, '{}');
  checkIsOurs(run);
  expect(await deleteEarlierRun(run)).toBe(true);
  expect(['ledger', 'trustee', 'NorthHospitalMSP', 'demo.json', 'thesis'].filter(has)).toEqual(['thesis']);
});

test('the developer’s own network and watch folder outlive --fresh', async () => {
  make('ledger', 'network', 'dev', 'fabric');
  await deleteEarlierRun(run);
  expect(['ledger', 'network', 'dev', 'fabric'].filter(has)).toEqual(['network', 'dev', 'fabric']);
});

test('a folder that no demonstration wrote is refused', () => {
  make('thesis');
  expect(() => {
    checkIsOurs(run);
  }).toThrow(CommandFailed);
});

test.each([[[]], [['build.log']], [['network', 'demo.log', 'in-use.lock']], [['dev']]])(
  'a folder with %p in it is as good as an empty one',
  async (names) => {
    make(...names);
    checkIsOurs(run);
    expect(await deleteEarlierRun(run)).toBe(false);
    expect(names.every(has)).toBe(true);
  },
);

test('a folder that is not there is as good as an empty one', async () => {
  const absent = { ...run, folder: join(folder, 'absent') };
  checkIsOurs(absent);
  expect(await deleteEarlierRun(absent)).toBe(false);
});
