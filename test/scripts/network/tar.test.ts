// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tarGzip } from '../../../scripts/network/tar';

test('tar unpacks what was packed, at every size around a block', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-tar-'));
  const files = [0, 1, 511, 512, 513, 5000].map((size) => ({
    name: `f${String(size)}`,
    content: Buffer.alloc(size, 'x'),
  }));
  writeFileSync(path.join(folder, 'a.tar.gz'), tarGzip(files));
  execFileSync('tar', ['xzf', 'a.tar.gz'], { cwd: folder });
  for (const { name, content } of files) {
    expect(readFileSync(path.join(folder, name))).toEqual(content);
  }
  rmSync(folder, { recursive: true });
});

test('the same contents give the same bytes; other contents do not', () => {
  const pack = (text: string): string => tarGzip([{ name: 'a', content: Buffer.from(text) }]).toString('hex');
  expect(pack('one')).toBe(pack('one'));
  expect(pack('one')).not.toBe(pack('two'));
});
