// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CLI = path.resolve(__dirname, '../../../dist/network/cli.js');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-cli-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function network(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [CLI, ...args, '--data', path.join(folder, 'data')],
    {
      encoding: 'utf8',
      env: { PATH: '/nowhere' },
    },
  );
  return { status, out: stdout, err: stderr };
}

test.each(['up', 'deploy'])(
  '%s without Fabric’s programs: the message, the remedy, nothing left behind',
  (command) => {
    const { status, err } = network(command);
    expect(status).toBe(1);
    expect(err).toMatch(/^error: Hyperledger Fabric's programs are needed and not found/);
    expect(err).toMatch(/\nremedy: Get the official release/);
    expect(err).not.toMatch(/ at .*\.[jt]s/); // no stack
    expect(existsSync(path.join(folder, 'data'))).toBe(false);
  },
);

test('status, logs, down and clean need no programs', () => {
  expect(network('status')).toMatchObject({
    status: 3,
    out: expect.stringMatching(/^down\n {2}orderer +not running/) as string,
  });
  expect(JSON.parse(network('status', '--json').out)).toMatchObject({ state: 'down' });
  expect(network('logs').status).toBe(0);
  expect(network('down')).toMatchObject({ status: 0, out: 'Nothing is running.\n' });
  expect(network('clean').status).toBe(0);
});

test('help names every command', () => {
  const { status, out } = network('--help');
  expect(status).toBe(0);
  for (const command of ['up', 'deploy', 'status', 'logs', 'down', 'clean']) {
    expect(out).toContain(`npm run network -- ${command}`);
  }
});

test.each([
  [['start'], /There is no command start/],
  [['up', '--ports', '1'], /Unknown option '--ports'/],
  [['up', '--port-base', 'many'], /--port-base takes a whole number, not many/],
  [['logs', 'mailer'], /There is no part mailer\. Parts: orderer, peer\.trustee/],
])('%j is wrong usage', (args, reason) => {
  const { status, err } = network(...args);
  expect(status).toBe(2);
  expect(err).toMatch(reason);
  expect(err).toMatch(/remedy: See `npm run network -- --help`/);
});

test('a bad description is refused', () => {
  const { status, err } = network('up', '--network', '/no/such.json');
  expect(status).toBe(1);
  expect(err).toMatch(/The network description \/no\/such\.json is not usable/);
});
