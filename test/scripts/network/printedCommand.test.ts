// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { DEFAULT_DESCRIPTION, readDescription } from '../../../scripts/network/description';
import { printedCommand } from '../../../scripts/network/printedCommand';
import { openState, writeState } from '../../../scripts/network/state';

const SCRIPTS = path.dirname(DEFAULT_DESCRIPTION);
const CLI = path.resolve(SCRIPTS, '../../dist/network/cli.js');

/** The words that a shell makes of a printed command. */
function words(printed: string): string[] {
  const script = `printf '%s\\0' ${printed.replace(/^`|`$/g, '')}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-printed-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('every option that named the network is in the command', () => {
  const options = {
    file: DEFAULT_DESCRIPTION,
    dataDir: '/srv/my networks/a',
    portBase: 9000,
    maxMessageCount: 5,
    batchTimeout: '1s',
    chaincodePath: 'chaincode',
  };
  expect(words(printedCommand(readDescription(options), 'clean'))).toEqual(
    `npm run network -- clean --network ${DEFAULT_DESCRIPTION} --data`
      .split(' ')
      .concat('/srv/my networks/a')
      .concat('--port-base 9000 --max-message-count 5 --batch-timeout 1s --chaincode chaincode'.split(' ')),
  );
  expect(printedCommand(readDescription(), 'up')).toBe('`npm run network -- up`');
});

test('on a network that other tools run, what starts our part is deploy', () => {
  const file = path.join(SCRIPTS, 'nano-network.json');
  expect(printedCommand(readDescription({ file }), 'up')).toBe(
    `\`npm run network -- deploy --network ${file}\``,
  );
});

test('a folder of any name is one word, and only that', () => {
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(name, (dataDir) => {
      const network = { options: { dataDir } };
      expect(words(printedCommand(network, 'clean')).slice(4)).toEqual(['clean', '--data', dataDir]);
    }),
    { numRuns: 40 },
  );
});

test('what is refused names the folder to be cleaned', () => {
  const data = path.join(folder, 'data');
  mkdirSync(data);
  const network = readDescription({ dataDir: data });
  writeState(network, openState(network, '99.0.0'));
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['peer', 'orderer', 'configtxgen', 'cryptogen', 'osnadmin']) {
    writeFileSync(path.join(bin, name), '#!/bin/sh\necho "Version: v3.1.5"\n', { mode: 0o755 });
  }
  const { stderr } = spawnSync(process.execPath, [CLI, 'up', '--data', data], {
    encoding: 'utf8',
    env: { PATH: '/nowhere:/bin:/usr/bin', FABRIC_BIN: bin },
  });
  expect(stderr).toContain('were written by Fabric 99.0.0');
  expect(stderr).toContain(`\`npm run network -- clean --data ${data}\``);
  expect(stderr).toContain(`\`npm run network -- up --data ${data}\``);
});

test('no other place writes such a command out', () => {
  const bare = /npm run network -- (up|deploy|status|logs|down|clean)\b/;
  const sources = readdirSync(SCRIPTS).filter((name) => name.endsWith('.ts'));
  expect(sources).toContain('cli.ts');
  const found = sources.filter((name) =>
    bare.test(withoutHelp(readFileSync(path.join(SCRIPTS, name), 'utf8'))),
  );
  expect(found).toEqual([]);
});

/** The help lists the commands as such. */
const withoutHelp = (text: string): string => text.replace(/const USAGE = `[\s\S]*?`;/, '');
