// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailableError } from '../../../gateway/src/readmodel/accessStore';
import { openDatabase } from '../../../gateway/src/sqlite/openDatabase';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { accessStoreSuite, alice, Script } from './accessStoreSuite';
import { groupSuite } from './groupSuite';

let directory = '';
const path = (): string => join(directory, 'readmodel.db');
const open = (): Promise<ReturnType<typeof openSqlAccessStore>> =>
  Promise.resolve(openSqlAccessStore(path()));
const makeDirectory = (): void => {
  directory = mkdtempSync(join(tmpdir(), 'chartwitness-store-'));
};
const destroy = (): Promise<void> => {
  rmSync(directory, { recursive: true });
  return Promise.resolve();
};

const underTest = {
  open: () => {
    makeDirectory();
    return open();
  },
  reopen: open,
  destroy,
};

describe('the embedded read model', () => {
  describe('as every store', () => {
    accessStoreSuite(underTest);
  });

  describe('with amendments and parts', () => {
    groupSuite(underTest, 60);
  });

  describe('on disk', () => {
    beforeEach(makeDirectory);
    afterEach(destroy);

    it('writes ahead and waits for the disk, in a file for its owner only', async () => {
      await (await open()).close();
      const database = openDatabase(path());
      expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
      expect(database.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
      database.close();
      expect(statSync(path()).mode & 0o777).toBe(0o600);
    });

    it('writes events and checkpoint in one transaction: of a failure in the middle, nothing stays', async () => {
      const store = await open();
      const script = new Script();
      const { batch, checkpoint } = script.next([{ subject: alice }, { subject: alice }]);
      const saboteur = openDatabase(path());
      saboteur.exec(
        "CREATE TRIGGER fail BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(ABORT, 'disk is full'); END;",
      );
      await expect(store.apply([batch], checkpoint)).rejects.toThrow();
      expect(await store.scan(1, 10)).toEqual([]);
      saboteur.exec('DROP TRIGGER fail;');
      await store.apply([batch], checkpoint);
      expect(await store.scan(1, 10)).toHaveLength(2);
      saboteur.close();
      await store.close();
    });

    it('answers a page from the subject’s index alone', async () => {
      await (await open()).close();
      const database = openDatabase(path());
      const plan = database
        .prepare(
          "EXPLAIN QUERY PLAN SELECT position FROM subject_entry WHERE subject = ? AND position < ? AND org IN ('a') ORDER BY position DESC LIMIT 51",
        )
        .all('s', 9) as { detail: string }[];
      expect(plan.map(({ detail }) => detail)).toEqual([
        'SEARCH subject_entry USING PRIMARY KEY (subject=? AND position<?)',
      ]);
      database.close();
    });

    it('leaves out of a scan what its subject’s list would show wrongly', async () => {
      const store = await open();
      const script = new Script();
      const { batch, checkpoint } = script.next([{ subject: alice }, { subject: alice }, { subject: alice }]);
      await store.apply([batch], checkpoint);
      const database = openDatabase(path());
      database.exec(
        "UPDATE subject_entry SET org = 'NobodyMSP' WHERE position = 2; DELETE FROM subject_entry WHERE position = 3;",
      );
      database.close();
      expect((await store.scan(1, 10)).map(({ position }) => position)).toEqual([1]);
      await store.close();
    });

    it('refuses a file of a newer version', async () => {
      await (await open()).close();
      const database = openDatabase(path());
      database.exec('PRAGMA user_version = 99');
      database.close();
      expect(() => openSqlAccessStore(path())).toThrow(/newer/);
    });

    it('says that it is unavailable when SQLite cannot serve', async () => {
      const store = await open();
      const database = openDatabase(path());
      database.exec('DROP TABLE subject_entry');
      database.close();
      await expect(store.page(alice, {}, undefined, 10)).rejects.toBeInstanceOf(StoreUnavailableError);
      await store.close();
    });
  });
});
