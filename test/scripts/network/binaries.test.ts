// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binariesIfPresent, findBinaries, PROGRAMS } from '../../../scripts/network/binaries';
import { refusal } from './refusal';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-binaries-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A fake of one of Fabric's programs: it only says its version. */
function fakeProgram(name: string, version: string): void {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "${name}:"\necho " Version: v${version}"\n`);
  chmodSync(file, 0o755);
}

const fakeRelease = (version: string): void => {
  for (const name of PROGRAMS) {
    fakeProgram(name, version);
  }
};

test.each(['2.5.16', '3.1.5'])('Fabric %s is taken', (version) => {
  fakeRelease(version);
  expect(findBinaries({ PATH: folder })).toEqual({
    version,
    programs: Object.fromEntries(PROGRAMS.map((name) => [name, path.join(folder, name)])),
  });
});

test('FABRIC_BIN goes before PATH', () => {
  fakeRelease('3.1.5');
  expect(findBinaries({ FABRIC_BIN: folder, PATH: '/nowhere' }).version).toBe('3.1.5');
  expect(() => findBinaries({ FABRIC_BIN: '/nowhere', PATH: folder })).toThrow(/in FABRIC_BIN=\/nowhere/);
});

test('absent: one message with the programs, the versions, where to get them, and what works without', () => {
  fakeProgram('peer', '3.1.5');
  const find = (): unknown => findBinaries({ PATH: folder });
  expect(find).toThrow(
    /on PATH \(FABRIC_BIN is not set\): orderer, configtxgen, cryptogen, osnadmin\. Tested versions: 2\.5\.16 and 3\.1\.5/,
  );
  expect(refusal(find)).toMatchObject({
    code: 'BINARIES_ABSENT',
    remedy: expect.stringMatching(
      /github\.com\/hyperledger\/fabric\/releases[\s\S]*FABRIC_BIN=[\s\S]*works without these programs\. Nothing is downloaded/,
    ) as string,
  });
  expect(binariesIfPresent({ PATH: folder })).toBeUndefined();
});

test('a file that cannot be executed is no program', () => {
  fakeRelease('3.1.5');
  chmodSync(path.join(folder, 'orderer'), 0o644);
  expect(() => findBinaries({ PATH: folder })).toThrow(/: orderer\./);
});

test('programs of two releases are refused', () => {
  fakeRelease('3.1.5');
  fakeProgram('peer', '2.5.16');
  expect(refusal(() => findBinaries({ PATH: folder }))).toMatchObject({ code: 'BINARIES_MIXED' });
  expect(() => binariesIfPresent({ PATH: folder })).toThrow(/2\.5\.16 .*peer/);
});

test.each(['2.4.9', '1.4.12', '4.0.0', 'unknown'])('Fabric %s is refused', (version) => {
  fakeRelease(version);
  expect(refusal(() => findBinaries({ PATH: folder }))).toMatchObject({ code: 'VERSION_UNSUPPORTED' });
});
