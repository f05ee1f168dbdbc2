// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TransientStore, type TransientSet } from '../../../gateway/src/embedded/store/transientStore';

let folder: string;
let file: string;
let store: TransientStore;
const said: string[] = [];
const open = (): TransientStore =>
  TransientStore.open(file, (line) => {
    said.push(line);
  });
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transient-'));
  file = path.join(folder, 'transient.db');
  said.length = 0;
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const set = (transactionId: string, value: string): TransientSet => ({
  transactionId,
  height: 7,
  namespace: 'n',
  collection: 'c',
  bytes: Buffer.from(value),
});

test('what was added is there after a reopening, in order', () => {
  store.add([set('one', 'a'), set('two', 'b')]);
  store.add([set('one', 'c')]);
  store.close();
  store = open();
  expect(store.all()).toEqual([set('one', 'a'), set('two', 'b'), set('one', 'c')]);
  expect(said).toEqual([]);
});

test('what was removed is gone from the file’s bytes, the rest is not', () => {
  store.add([set('one', 'distinctive-first'), set('two', 'distinctive-second')]);
  store.remove(['one', 'unknown']);
  expect(store.all().map(({ transactionId }) => transactionId)).toEqual(['two']);
  store.close();
  const bytes = readFileSync(file);
  expect([bytes.includes('distinctive-first'), bytes.includes('distinctive-second')]).toEqual([false, true]);
});

test('a damaged file begins anew, and that is said', () => {
  store.add([set('one', 'a')]);
  store.close();
  const bytes = readFileSync(file);
  bytes.fill(0x58, 0, 4096);
  writeFileSync(file, bytes);
  store = open();
  expect(store.all()).toEqual([]);
  expect(said).toEqual([expect.stringContaining('is damaged and begins anew')]);
  store.add([set('two', 'b')]);
  expect(store.all()).toEqual([set('two', 'b')]);
});
