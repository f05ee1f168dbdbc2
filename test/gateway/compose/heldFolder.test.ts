// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { FolderInUseError, holdFolder } from '../../../gateway/src/compose/heldFolder';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'chartwitness-held-')), 'data');
});
afterEach(() => {
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** Another process that holds the folder, by the built program. */
async function holdElsewhere(): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const built = join(__dirname, '../../../gateway/dist/compose/heldFolder.js');
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const held = require(${JSON.stringify(built)}).holdFolder(${JSON.stringify(folder)});
       process.stdout.write('held'); process.stdin.on('end', () => held.release()).resume();`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  return child;
}

test('a second holder is refused at once, and told which process has the folder since when', async () => {
  const child = await holdElsewhere();
  try {
    expect(() => holdFolder(folder)).toThrow(FolderInUseError);
    expect(() => holdFolder(folder)).toThrow(
      new RegExp(`in use by process ${String(child.pid)}, started at \\d{4}-\\d\\d-\\d\\dT`),
    );
  } finally {
    child.stdin.end();
    await once(child, 'exit');
  }
  holdFolder(folder).release();
});

test('a folder whose holder was killed is taken over, although its file still names it', async () => {
  const child = await holdElsewhere();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(readFileSync(join(folder, 'in-use.json'), 'utf8')).toContain(`"pid":${String(child.pid)}`);
  const held = holdFolder(folder);
  expect(readFileSync(join(folder, 'in-use.json'), 'utf8')).toContain(`"pid":${String(process.pid)}`);
  held.release();
});

test('so is one whose file names a process number that somebody else has by now', () => {
  holdFolder(folder).release();
  const stale = JSON.stringify({ pid: process.ppid, startedAt: '2020-01-01T00:00:00.000Z' });
  writeFileSync(join(folder, 'in-use.json'), stale);
  const held = holdFolder(folder);
  expect(() => holdFolder(folder)).toThrow(`process ${String(process.pid)}`);
  held.release();
});

test('a holder that is not named yet is refused all the same', () => {
  const held = holdFolder(folder);
  for (const content of ['', '{"pid":"x"}', '{"pid":-1}']) {
    writeFileSync(join(folder, 'in-use.json'), content);
    expect(() => holdFolder(folder)).toThrow('in use by another process');
  }
  held.release();
});

test('a released folder is free for this process again, and releasing twice frees nobody else’s', () => {
  const first = holdFolder(folder);
  first.release();
  const second = holdFolder(folder);
  first.release();
  expect(existsSync(join(folder, 'in-use.json'))).toBe(true);
  expect(() => holdFolder(folder)).toThrow(FolderInUseError);
  second.release();
});
