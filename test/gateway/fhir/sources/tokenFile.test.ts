// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenFile } from '../../../../gateway/src/fhir/sources/tokenFile';

interface Line {
  readonly level: string;
  readonly detail: object;
}

function logInto(lines: Line[]) {
  const to = (level: string) => (detail: object) => {
    lines.push({ level, detail });
  };
  return { warn: to('warn'), info: to('info') };
}

test('is read once, and again when the file changes', () => {
  let [text, version, reads] = ['one\n', '1', 0];
  const file = createTokenFile('path', logInto([]), {
    read: () => {
      reads += 1;
      return text;
    },
    version: () => version,
  });
  expect([file.current(), file.current(), reads]).toEqual(['one', 'one', 1]);
  text = 'two';
  expect([file.current(), reads]).toEqual(['one', 1]);
  version = '2';
  expect([file.current(), reads]).toEqual(['two', 2]);
  text = 'three';
  // Refused by the source: read whatever the file's time says.
  expect([file.reread(), file.current(), reads]).toEqual(['three', 'three', 3]);
});

test('keeps the last token while the file is gone, empty or no token, and says so once, without the token', () => {
  const lines: Line[] = [];
  let text: string | undefined = 'secret-token';
  let version = 0;
  const file = createTokenFile('path', logInto(lines), {
    read: () => {
      if (text === undefined) {
        throw Object.assign(new Error('gone'), { code: 'ENOENT' });
      }
      return text;
    },
    version: () => String((version += 1)),
  });
  expect(file.current()).toBe('secret-token');
  for (const bad of [undefined, undefined, '', ' \n', 'two\nlines', 'ümlaut']) {
    text = bad;
    expect(file.current()).toBe('secret-token');
  }
  expect(lines).toEqual([{ level: 'warn', detail: { reason: 'ENOENT' } }]);
  text = 'next-token';
  expect(file.current()).toBe('next-token');
  text = '';
  expect(file.current()).toBe('next-token');
  expect(lines).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toMatch(/(secret|next)-token/);
});

test('a file that is replaced, as secret mounts do, is another version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'token-'));
  const path = join(folder, 'token');
  writeFileSync(path, 'one');
  const file = createTokenFile(path, logInto([]));
  expect(file.current()).toBe('one');
  writeFileSync(join(folder, 'next'), 'two');
  renameSync(join(folder, 'next'), path);
  expect(file.current()).toBe('two');
  rmSync(folder, { recursive: true });
  expect(file.current()).toBe('two');
});
