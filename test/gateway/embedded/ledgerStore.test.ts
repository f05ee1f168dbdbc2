// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Libsql from 'libsql';
import { LedgerStore, type BlockCommit } from '../../../gateway/src/embedded/store/ledgerStore';
import { Snapshots } from '../../../gateway/src/embedded/store/snapshots';
import { StoreClosed } from '../../../gateway/src/embedded/store/stateReader';

describe('the store', () => {
  let folder: string;
  let file: string;
  let store: LedgerStore;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'store-'));
    file = path.join(folder, 'blocks.db');
    store = LedgerStore.open(file);
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  function block(number: number, changes: Partial<BlockCommit> = {}): BlockCommit {
    return {
      number,
      hash: Buffer.from(`hash${number}`),
      bytes: Buffer.from(`block${number}`),
      commitHash: undefined,
      transactions: [{ id: `tx${number}`, tx: 0, code: 0 }],
      publicChanges: [],
      history: [],
      hashChanges: [],
      privateChanges: [],
      ...changes,
    };
  }
  const write = (number: number, key: string, value: string): Partial<BlockCommit> => {
    const version = { block: number, tx: 0 };
    return {
      publicChanges: [{ namespace: 'n', key, value: Buffer.from(value), version }],
      history: [{ namespace: 'n', key, version }],
    };
  };

  test('keeps blocks, transactions, values and history over a reopening', () => {
    store.append(block(0, write(0, 'k', '1')));
    store.append(block(1, write(1, 'k', '2')));
    store.close();
    store = LedgerStore.open(file);
    const { reader } = store;
    expect(reader.height()).toBe(2);
    expect(reader.block(1)?.toString()).toBe('block1');
    expect(reader.blockNumberByHash(Buffer.from('hash1'))).toBe(1);
    expect(reader.transaction('tx0')).toEqual({ block: 0, tx: 0, code: 0 });
    expect(reader.publicValue('n', 'k')).toEqual({ value: Buffer.from('2'), version: { block: 1, tx: 0 } });
    expect(reader.history('n', 'k', undefined, 10)).toEqual([
      { block: 1, tx: 0 },
      { block: 0, tx: 0 },
    ]);
  });

  test('a block that fails half way leaves nothing', () => {
    store.append(block(0));
    const broken = block(0, write(0, 'half', 'x'));
    expect(() => {
      store.append(broken);
    }).toThrow();
    expect(store.reader.publicValue('n', 'half')).toBeUndefined();
    store.append(block(1, write(1, 'whole', 'x')));
    expect(store.reader.height()).toBe(2);
  });

  test('the first place of a transaction id stands', () => {
    store.append(block(0));
    store.append(block(1, { transactions: [{ id: 'tx0', tx: 0, code: 9 }] }));
    expect(store.reader.transaction('tx0')).toEqual({ block: 0, tx: 0, code: 0 });
  });

  test('a snapshot stays as it was; one of the new height sees the new block', () => {
    let height = 1;
    store.append(block(0, write(0, 'k', 'old')));
    const snapshots = new Snapshots(file, () => height);
    const before = snapshots.take();
    store.append(block(1, write(1, 'k', 'new')));
    height = 2;
    const after = snapshots.take();
    const shared = snapshots.take();
    expect(before.reader.publicValue('n', 'k')?.value.toString()).toBe('old');
    expect(after.reader.publicValue('n', 'k')?.value.toString()).toBe('new');
    expect(shared.reader).toBe(after.reader);
    before.release();
    before.release();
    shared.release();
    expect(after.reader.height()).toBe(2);
    after.release();
  });

  test('ranges are ordered by bytes and bounded on both sides', () => {
    const keys = ['\u{1f600}', '\uffff', 'b', 'a', 'a\u0000'];
    const version = { block: 0, tx: 0 };
    store.append(
      block(0, {
        publicChanges: keys.map((key) => ({ namespace: 'n', key, value: Buffer.from('v'), version })),
      }),
    );
    const range = (start: string, end: string, limit = 10) =>
      store.reader.publicRange('n', start, end, limit).map(({ key }) => key);
    expect(range('', '')).toEqual(['a', 'a\u0000', 'b', '\uffff', '\u{1f600}']);
    expect(range('a', 'b')).toEqual(['a', 'a\u0000']);
    expect(range('', '', 2)).toEqual(['a', 'a\u0000']);
  });

  test('a closed store says so instead of ending the process', () => {
    store.close();
    expect(() => store.reader.height()).toThrow(StoreClosed);
    expect(() => {
      store.append(block(0));
    }).toThrow(StoreClosed);
  });

  test('a file of another schema version is refused', () => {
    store.close();
    const raw = new Libsql(file);
    raw.exec("UPDATE meta SET value = x'3939' WHERE name = 'schema'");
    raw.close();
    expect(() => LedgerStore.open(file)).toThrow('schema version 99');
  });
});
