// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { logFile, runFile } from '../../../scripts/network/layout';
import { readDescription, type Network } from '../../../scripts/network/description';
import {
  birthOf,
  portIsFree,
  recordedParts,
  running,
  startPart,
  stopPart,
  type Start,
} from '../../../scripts/network/processes';

/** Starts a grandchild, says its id, and stays. */
const WITH_CHILD = `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); console.log(c.pid); setInterval(() => {}, 1000)`;

let folder: string;
let network: Network;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-processes-'));
  network = readDescription({ dataDir: folder });
});
afterEach(async () => {
  for (const part of recordedParts(network)) {
    await stopPart(network, part, 'SIGKILL');
  }
  rmSync(folder, { recursive: true });
});

const start = (script: string, more: Partial<Start> = {}): Start => ({
  part: 'orderer',
  command: process.execPath,
  args: ['-e', script],
  env: {},
  cwd: folder,
  ports: [],
  ready: () => Promise.resolve(true),
  ...more,
});
const log = (): string => readFileSync(logFile(network, 'orderer'), 'utf8');
const hasSpoken = (): Promise<boolean> => Promise.resolve(log().includes('\n'));

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

test('a part is started once, and stopping it ends its whole group', async () => {
  const part = start(WITH_CHILD, { ready: hasSpoken });
  expect(await startPart(network, part)).toBe(true);
  const { pid } = running(network, 'orderer') ?? { pid: 0 };
  expect(await startPart(network, part)).toBe(false);
  expect(running(network, 'orderer')?.pid).toBe(pid);
  const grandchild = Number(log().trim());
  expect(birthOf(grandchild)).toBeDefined();
  expect(await stopPart(network, 'orderer')).toBe(true);
  expect([running(network, 'orderer'), birthOf(pid)]).toEqual([undefined, undefined]);
  await expect(untilGone(grandchild)).resolves.toBeUndefined();
  expect(await stopPart(network, 'orderer')).toBe(false);
});

/** The group's other members are signalled with its leader and end in their own time. */
async function untilGone(pid: number): Promise<void> {
  const deadline = Date.now() + 5000;
  while (birthOf(pid) !== undefined) {
    if (Date.now() > deadline) {
      throw new Error('still there');
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a busy port is named before anything is started', async () => {
  const { server, port } = await listening();
  const part = start('', { ports: [{ port, purpose: 'transactions' }] });
  await expect(startPart(network, part)).rejects.toMatchObject({
    code: 'PORT_BUSY',
    message: `Port ${String(port)} on 127.0.0.1, which orderer needs for transactions, is in use by another program.`,
    remedy: expect.stringContaining('--port-base') as string,
  });
  expect(recordedParts(network)).toEqual([]);
  expect(await portIsFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await portIsFree(port)).toBe(true);
});

test('a port that its former owner is giving up is waited for', async () => {
  const { server, port } = await listening();
  const starting = startPart(
    network,
    start('setInterval(() => {}, 1000)', { ports: [{ port, purpose: 'x' }] }),
  );
  expect(await portIsFree(port)).toBe(false);
  server.close();
  expect(await starting).toBe(true);
});

test('a part that ends at its start is reported with the end of its log', async () => {
  const part = start(`console.log('cannot open ledger'); process.exit(1)`, {
    ready: () => Promise.resolve(false),
  });
  await expect(startPart(network, part)).rejects.toMatchObject({
    code: 'PART_FAILED',
    message: expect.stringMatching(
      /orderer ended while it was starting[\s\S]*\| cannot open ledger/,
    ) as string,
  });
});

test('a program that is not there is reported, not thrown at the event loop', async () => {
  await expect(startPart(network, start('', { command: '/no/such/program' }))).rejects.toMatchObject({
    code: 'PART_FAILED',
    message: expect.stringContaining('ENOENT') as string,
  });
});

test('a number that now belongs to another process is neither believed nor signalled', async () => {
  await startPart(network, start('setInterval(() => {}, 1000)'));
  const file = runFile(network, 'orderer');
  const record = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; born: string };
  writeFileSync(file, JSON.stringify({ ...record, born: 'earlier' }));
  expect(running(network, 'orderer')).toBeUndefined();
  expect(await stopPart(network, 'orderer')).toBe(false);
  expect(birthOf(record.pid)).toBe(record.born);
  writeFileSync(file, JSON.stringify(record));
});
