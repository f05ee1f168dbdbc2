// SPDX-License-Identifier: Apache-2.0
import Database from 'libsql';
import {
  addStoreFailures,
  countedDatabase,
  countedFailures,
} from '../../../gateway/src/compose/countedFailures';
import { createMetrics } from '../../../gateway/src/http/metrics';
import { StoreUnavailableError } from '../../../gateway/src/readmodel/accessStore';

class DiskFull extends Error {
  readonly code = 'SQLITE_FULL';
}

class Store {
  readonly #entries = ['a'];
  fails: Error | undefined;

  size(): number {
    this.#check();
    return this.#entries.length;
  }

  async first(): Promise<string | undefined> {
    this.#check();
    return Promise.resolve(this.#entries[0]);
  }

  #check(): void {
    if (this.fails !== undefined) {
      throw this.fails;
    }
  }
}

let failures: number;
const note = (): void => {
  failures += 1;
};
beforeEach(() => {
  failures = 0;
});

test('a store that serves is as it was, and counts nothing', async () => {
  const store = countedFailures(new Store(), note);
  expect([store.size(), await store.first(), failures]).toEqual([1, 'a', 0]);
});

test.each([new DiskFull('disk full'), new StoreUnavailableError('server away')])(
  'a failure is counted once, thrown or rejected, and passed on: %s',
  async (failure) => {
    const inner = new Store();
    const store = countedFailures(inner, note);
    inner.fails = failure;
    expect(() => store.size()).toThrow(failure);
    expect(failures).toBe(1);
    await expect(store.first()).rejects.toBe(failure);
    expect(failures).toBe(2);
  },
);

test('what a store refuses by its rules is no failure', async () => {
  const inner = new Store();
  const store = countedFailures(inner, note);
  inner.fails = new RangeError('a cursor of another list');
  expect(() => store.size()).toThrow(RangeError);
  await expect(store.first()).rejects.toThrow(RangeError);
  expect(failures).toBe(0);
});

test('of a database its prepared statements count too', () => {
  const plain = new Database(':memory:');
  plain.exec('CREATE TABLE note (text TEXT UNIQUE)');
  const database = countedDatabase(plain, note);
  const insert = database.prepare('INSERT INTO note VALUES (?)');
  insert.run('one');
  expect(() => insert.run('one')).toThrow(/UNIQUE/);
  expect(failures).toBe(0);
  plain.exec('PRAGMA query_only = ON');
  expect(() => insert.run('two')).toThrow(/readonly/);
  expect(failures).toBe(1);
  expect(database.prepare('SELECT text FROM note').all()).toEqual([{ text: 'one' }]);
  plain.close();
});

test('each store is there from the start, with 0', async () => {
  const metrics = createMetrics('hospital');
  const failed = addStoreFailures(metrics, ['outbox', 'replays']);
  failed('outbox');
  const text = await metrics.registry.metrics();
  expect(text).toContain('chartwitness_store_failures_total{store="outbox",service="hospital"} 1');
  expect(text).toContain('chartwitness_store_failures_total{store="replays",service="hospital"} 0');
});
