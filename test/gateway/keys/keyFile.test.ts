// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepSecret, makeKeyFile, readKeyFile } from '../../../gateway/src/keys/keyFile';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chartwitness-keys-'));
  path = join(directory, 'own', 'page.key');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const text = (content: Buffer): string => content.toString('utf8');

test('is made for its owner alone, with its folder, and nothing is left beside it', () => {
  makeKeyFile(path, 'one');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, 'own')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(directory, 'own'))).toEqual(['page.key']);
  expect(readKeyFile(path, text)).toBe('one');
});

test('that is there stays, whoever makes it again', () => {
  makeKeyFile(path, 'one');
  makeKeyFile(path, 'two');
  expect(readKeyFile(path, text)).toBe('one');
  expect(readdirSync(join(directory, 'own'))).toEqual(['page.key']);
});

test('cannot be made where there is something else', () => {
  writeFileSync(join(directory, 'own'), 'a file');
  expect(() => {
    makeKeyFile(path, 'one');
  }).toThrow(/EEXIST|ENOTDIR/);
});

test.each([0o640, 0o604, 0o660, 0o644])('of mode %o is refused', (mode) => {
  makeKeyFile(path, 'one');
  chmodSync(path, mode);
  expect(() => readKeyFile(path, text)).toThrow(`${path} can be read by other users: run chmod 600 on it`);
});

test('twin: one that its owner cannot write to is read', () => {
  makeKeyFile(path, 'one');
  chmodSync(path, 0o400);
  expect(readKeyFile(path, text)).toBe('one');
});

test('only a RangeError says what is wrong with its form', () => {
  makeKeyFile(path, 'one');
  const thrown = new TypeError('a mistake in this program');
  expect(() =>
    readKeyFile(path, () => {
      throw new RangeError('it is empty');
    }),
  ).toThrow(`${path} is not a key file: it is empty`);
  expect(() =>
    readKeyFile(path, () => {
      throw thrown;
    }),
  ).toThrow(thrown);
});

describe('a secret', () => {
  it('is made once', () => {
    const secret = keepSecret(path, 32);
    expect(secret).toHaveLength(32);
    expect(keepSecret(path, 32)).toEqual(secret);
    expect(readFileSync(path)).toEqual(secret);
    expect(keepSecret(join(directory, 'another'), 32)).not.toEqual(secret);
  });

  it('may be longer than asked for', () => {
    makeKeyFile(path, new Uint8Array(40).fill(7));
    expect(keepSecret(path, 32)).toHaveLength(40);
  });

  it.each([0, 1, 31])('of %d bytes is refused, and stays as it is', (bytes) => {
    keepSecret(path, 32);
    truncateSync(path, bytes);
    expect(() => keepSecret(path, 32)).toThrow(
      `${path} is not a key file: it has ${String(bytes)} bytes of at least 32`,
    );
    expect(statSync(path).size).toBe(bytes);
  });
});
