// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepLibraryWords, openDemoLog } from '../../../gateway/src/demo/demoLog';

let folder: string;
let file: string;
let onScreen: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwitness-log-'));
  file = join(folder, 'new', 'demo.log');
  onScreen = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    onScreen.push(String(text));
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});
const messages = (): unknown[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: unknown }).msg);

test('what libraries say before and after the log is opened goes there, not to the screen', () => {
  const words = keepLibraryWords();
  console.warn('a library', 'warns as it is loaded');
  const log = openDemoLog(file, 'warn');
  words.sendTo(log);
  console.info('another one later');
  log.info('below the level');
  log.warn('of the program');
  words.release();
  expect(messages()).toEqual(['a library warns as it is loaded', 'another one later', 'of the program']);
  expect(onScreen).toEqual([]);
});

test('warnings of Node.js go there too', () => {
  const words = keepLibraryWords();
  words.sendTo(openDemoLog(file, 'warn'));
  process.emit('warning', Object.assign(new Error('old api'), { name: 'DeprecationWarning' }));
  words.release();
  expect(messages()).toEqual(['DeprecationWarning: old api']);
});

test('without a log nothing is lost: it is on the screen at the end, and the console is as before', () => {
  const { warn } = console;
  const listeners = process.listeners('warning');
  const words = keepLibraryWords();
  console.warn('a library warns');
  expect(onScreen).toEqual([]);
  words.release();
  expect(onScreen).toEqual(['a library warns\n']);
  expect(console.warn).toBe(warn);
  expect(process.listeners('warning')).toEqual(listeners);
});

test('the file is its owner’s alone, and of the last run alone', () => {
  openDemoLog(file, 'warn').warn('first');
  openDemoLog(file, 'warn').warn('second');
  expect(messages()).toEqual(['second']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a log that cannot be written is an error', () => {
  writeFileSync(join(folder, 'taken'), '');
  expect(() => openDemoLog(join(folder, 'taken', 'demo.log'), 'warn')).toThrow();
});
