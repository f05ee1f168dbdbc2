// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ledgerSize } from '../../../../scripts/bench/fabric/ledgerSize';

const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-ledger-size-'));
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

test('files count with the kind of store that they lie in, and all together', () => {
  const files = {
    'ledgersData/chains/chains/ward/blockfile_000000': 100,
    'ledgersData/chains/chains/ward/blockfile_000001': 20,
    'ledgersData/chains/index/000001.log': 3,
    'ledgersData/pvtdataStore/000001.ldb': 40,
    'ledgersData/stateLeveldb/000001.ldb': 50,
    'ledgersData/historyLeveldb/000001.ldb': 6,
    'transientstore/000001.log': 7,
  };
  for (const [name, size] of Object.entries(files)) {
    const file = join(dataDir, 'ledger', 'peer.north', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.alloc(size));
  }
  expect(ledgerSize({ dataDir }, 'peer.north')).toEqual({
    blocks: 120,
    'private data': 40,
    state: 50,
    history: 6,
    other: 10,
    all: 226,
  });
});

test('a part without data has none', () => {
  expect(ledgerSize({ dataDir }, 'peer.south')['all']).toBe(0);
});
