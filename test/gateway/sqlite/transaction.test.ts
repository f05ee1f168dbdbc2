// SPDX-License-Identifier: Apache-2.0
import Database from 'libsql';
import { isStorageFailure } from '../../../gateway/src/sqlite/storageFailure';
import { inOneTransaction } from '../../../gateway/src/sqlite/transaction';

let database: Database.Database;
beforeEach(() => {
  database = new Database(':memory:');
  database.exec('CREATE TABLE note (text TEXT NOT NULL)');
});
afterEach(() => {
  database.close();
});

const count = (): number => (database.prepare('SELECT count(*) AS n FROM note').get() as { n: number }).n;
const write = (text: string): void => {
  database.prepare('INSERT INTO note (text) VALUES (?)').run(text);
};
const thrownBy = (work: () => void): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

test('all of it is there, and the result', () => {
  const result = inOneTransaction(database, () => {
    write('a');
    write('b');
    return 7;
  });
  expect([result, count()]).toEqual([7, 2]);
});

test('nothing of it stays when the work fails, and the reason is the work’s', () => {
  const reason = new Error('no');
  const thrown = thrownBy(() => {
    inOneTransaction(database, () => {
      write('a');
      throw reason;
    });
  });
  expect(thrown).toBe(reason);
  expect(isStorageFailure(thrown)).toBe(false);
  expect(count()).toBe(0);
});

test('a full disk is named as such, leaves nothing, and the next transaction is sound', () => {
  database.exec('PRAGMA max_page_count = 1');
  const thrown = thrownBy(() => {
    inOneTransaction(database, () => {
      write('small');
      write('x'.repeat(100_000));
    });
  });
  expect(thrown).toMatchObject({ code: 'SQLITE_FULL' });
  expect(isStorageFailure(thrown)).toBe(true);
  expect(count()).toBe(0);
  database.exec('PRAGMA max_page_count = 1000');
  inOneTransaction(database, () => {
    write('x'.repeat(100_000));
  });
  expect(count()).toBe(1);
});

test('what the data contradict is no failure of the disk', () => {
  const thrown = thrownBy(() => {
    inOneTransaction(database, () => {
      database.exec('INSERT INTO note (text) VALUES (NULL)');
    });
  });
  expect(thrown).toMatchObject({ code: expect.stringMatching(/^SQLITE_CONSTRAINT/) as string });
  expect(isStorageFailure(thrown)).toBe(false);
});
