// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDescription, type Network } from '../../../scripts/network/description';
import { clean } from '../../../scripts/network/commands';
import { birthOf } from '../../../scripts/network/processes';
import { exclusively, openState, readState, writeState } from '../../../scripts/network/state';
import { refusal } from './refusal';

let folder: string;
let network: Network;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-state-'));
  network = readDescription({ dataDir: folder });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const quiet = (): void => undefined;

test('an empty folder gives a new state, which is kept', () => {
  const state = openState(network, '3.1.5');
  expect(state).toMatchObject({ joined: [], deployed: undefined, fabricVersion: '3.1.5' });
  writeState(network, { ...state, joined: ['orderer'] });
  expect(openState(network, '3.1.5').joined).toEqual(['orderer']);
});

test('a folder that holds something else is left alone', async () => {
  writeFileSync(path.join(folder, 'thesis.txt'), 'x');
  expect(refusal(() => openState(network, '3.1.5'))).toMatchObject({ code: 'LEFTOVER_DATA' });
  expect(() => openState(network, '3.1.5')).toThrow(/holds something that is not a network's: thesis\.txt/);
  await clean(network, quiet);
  expect(existsSync(path.join(folder, 'thesis.txt'))).toBe(true);
});

test('data of another description are refused', () => {
  writeState(network, openState(network, '3.1.5'));
  const other = readDescription({ dataDir: folder, batchTimeout: '2s' });
  expect(() => openState(other, '3.1.5')).toThrow(/were made for another network/);
});

test('data of a later Fabric are refused; of an earlier one they are taken over', () => {
  writeState(network, openState(network, '2.5.16'));
  expect(openState(network, '3.1.5').fabricVersion).toBe('3.1.5');
  writeState(network, openState(network, '3.1.5'));
  expect(() => openState(network, '2.5.16')).toThrow(
    /were written by Fabric 3\.1\.5, and the programs found are 2\.5\.16/,
  );
  expect(refusal(() => openState(network, '3.1.4'))).toMatchObject({ code: 'LEFTOVER_DATA' });
  expect(openState(network, '3.1.10').fabricVersion).toBe('3.1.10');
});

test('two commands do not change one network at the same time', async () => {
  await exclusively(network, async () => {
    await expect(exclusively(network, () => Promise.resolve(1))).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`process ${String(process.pid)}`) as string,
    });
  });
  await expect(exclusively(network, () => Promise.resolve(2))).resolves.toBe(2);
});

test('the lock is released when the work fails', async () => {
  await expect(exclusively(network, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(exclusively(network, () => Promise.resolve(3))).resolves.toBe(3);
});

test.each([
  ['of a process that is gone', JSON.stringify({ pid: process.pid, born: 'earlier' })],
  ['that cannot be read', 'x'],
])('a lock %s is taken over', async (_name, content) => {
  writeFileSync(path.join(folder, 'lock'), content);
  await expect(exclusively(network, () => Promise.resolve(4))).resolves.toBe(4);
});

test('a process is known by its birth', () => {
  expect(birthOf(process.pid)).toBe(birthOf(process.pid));
  expect(birthOf(2 ** 22 + 1)).toBeUndefined();
});

test('clean removes the network and its empty folder', async () => {
  writeState(network, openState(network, '3.1.5'));
  await clean(network, quiet);
  expect(existsSync(folder)).toBe(false);
  expect(readState(network)).toBeUndefined();
});
