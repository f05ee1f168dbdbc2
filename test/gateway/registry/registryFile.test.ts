// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createRegistryFile, MAX_BYTES, type RegistryFile } from '../../../gateway/src/registry/registryFile';
import { client, NETWORK, registryOf } from './registries';

let folder: string;
let path: string;
let file: RegistryFile;
const lines: { level: number; why?: string; path?: string }[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
const known = { registry: registryOf([client('north-ward')]), height: 7n, readAt: 1_000_000 };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-file-'));
  path = join(folder, 'registry.json');
  file = createRegistryFile({ path, network: NETWORK, log });
  lines.length = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('it is there after a write, its owner’s alone, and nothing beside it', async () => {
  await file.write(known);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['registry.json']);
  expect(file.read()).toEqual(known);
  expect(lines).toEqual([]);
});

test('a file that is not there yet is no trouble', () => {
  expect(file.read()).toBeUndefined();
  expect(lines).toEqual([]);
});

test('what a crash left half written is not read, and keeps no write from its end', async () => {
  await file.write(known);
  writeFileSync(`${path}.new`, 'half', { mode: 0o644 });
  expect(file.read()).toEqual(known);
  const later = { ...known, readAt: 2_000_000 };
  await file.write(later);
  expect(file.read()).toEqual(later);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a write that fails leaves the old file', async () => {
  await file.write(known);
  mkdirSync(join(`${path}.new`, 'in-the-way'), { recursive: true });
  await expect(file.write({ ...known, readAt: 2_000_000 })).rejects.toThrow();
  expect(file.read()).toEqual(known);
});

test('a Registry beyond the bound is not kept, and the old file stays', async () => {
  await file.write(known);
  const name = 'x'.repeat(MAX_BYTES);
  await expect(
    file.write({ ...known, registry: registryOf([client('north-ward', { name })]) }),
  ).rejects.toThrow(RangeError);
  expect(file.read()).toEqual(known);
});

describe('it is not used, and the log says why, when', () => {
  beforeEach(() => file.write(known));

  const expectRefused = (why: RegExp | string, read = file): void => {
    expect(read.read()).toBeUndefined();
    expect(lines).toEqual([
      expect.objectContaining({ level: 50, path, why: expect.stringMatching(why) as string }),
    ]);
  };

  test.each([0o640, 0o604, 0o620, 0o602, 0o666, 0o700 | 0o010])('its mode is %o', (mode) => {
    chmodSync(path, mode);
    expectRefused('not its owner’s alone');
  });

  test('it is another user’s', () => {
    const userId = (process.geteuid?.() ?? 0) + 1;
    expectRefused('not its owner’s alone', createRegistryFile({ path, network: NETWORK, log, userId }));
  });

  test('it is a link', () => {
    const target = join(folder, 'elsewhere.json');
    writeFileSync(target, readFileSync(path), { mode: 0o600 });
    rmSync(path);
    symlinkSync(target, path);
    expectRefused('ELOOP');
  });

  test('it is a folder', () => {
    rmSync(path);
    mkdirSync(path, { mode: 0o700 });
    expectRefused('no ordinary file');
  });

  test('it is too large to be read', () => {
    truncateSync(path, MAX_BYTES + 1);
    expectRefused('more than');
  });

  test('it is damaged', () => {
    writeFileSync(path, readFileSync(path, 'utf8').replace('north-ward', 'north-yard'));
    expectRefused('damaged');
  });

  test('it is of another network, which is named', () => {
    const other = createRegistryFile({ path, network: { ...NETWORK, channel: 'rehearsal' }, log });
    expectRefused('another network: channel "chartwitness".*and this gateway of channel "rehearsal"', other);
  });
});
