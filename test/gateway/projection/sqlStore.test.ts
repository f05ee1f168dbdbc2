// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type SqlDatabase } from '../../../gateway/src/sqlite/openDatabase';
import { openSqlAccessStore, sqlAccessStoreOn } from '../../../gateway/src/readmodel/sqlAccessStore';
import { alice, ProjectionRun, reaches } from './projectionRun';
import { projectionStoreSuite } from './projectionStoreSuite';

describe('the projection into the embedded read model', () => {
  let directory = '';
  const reopen = (): Promise<ReturnType<typeof openSqlAccessStore>> =>
    Promise.resolve(openSqlAccessStore(join(directory, 'readmodel.db')));
  projectionStoreSuite({
    open: () => {
      directory = mkdtempSync(join(tmpdir(), 'chartwitness-projection-'));
      return reopen();
    },
    reopen,
    destroy: () => {
      rmSync(directory, { recursive: true });
      return Promise.resolve();
    },
  });

  describe('on a disk', () => {
    const ROOM_FOR_ALL = 1_000_000;
    let folder = '';
    let run: ProjectionRun | undefined;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'chartwitness-disk-'));
    });
    afterEach(async () => {
      await run?.stop();
      await run?.store.close();
      rmSync(folder, { recursive: true });
    });

    it('that is full it says so, still answers, and goes on without a gap or a duplicate when there is room', async () => {
      const database = openDatabase(join(folder, 'readmodel.db'));
      const room = (pages: number): void => {
        database.exec(`PRAGMA max_page_count = ${String(pages)}`);
      };
      run = new ProjectionRun(sqlAccessStoreOn(database));
      run.fill(3);
      const projection = run.start();
      await run.applied(projection);
      for (let round = 0; round < 3; round += 1) {
        // SQLite's own bound: as many pages as it has, and not one more.
        room(1);
        run.fill(40);
        const { problem } = await reaches(projection, ({ state }) => state === 'stale');
        expect(problem).toContain('SQLITE_FULL');
        const { entries } = await run.store.page(alice, {}, undefined, 1000);
        expect(entries.length).toBeGreaterThan(0);
        room(ROOM_FOR_ALL);
        await run.applied(projection);
      }
      await run.stop();
      expect(await run.contents()).toEqual(await run.undisturbed());
    });

    it('loses and doubles nothing when its process ends between any two statements', async () => {
      const file = join(folder, 'readmodel.db');
      const left = new Map<string, number>();
      let statements = 0;
      // What a killed process leaves is what its files hold at that moment.
      const keep = (): void => {
        statements += 1;
        const bytes = ['', '-wal'].map((suffix) => readFileSync(`${file}${suffix}`));
        const name = createHash('sha256').update(Buffer.concat(bytes)).digest('hex');
        if (!left.has(name)) {
          left.set(name, statements);
          bytes.forEach((content, index) => {
            writeFileSync(join(folder, `${name}${index === 0 ? '' : '-wal'}`), content);
          });
        }
      };
      run = new ProjectionRun(sqlAccessStoreOn(openDatabase(file)));
      await run.store.close();
      run = new ProjectionRun(sqlAccessStoreOn(noting(openDatabase(file), keep)));
      const projection = run.start();
      for (let batch = 0; batch < 5; batch += 1) {
        run.fill(1);
        await run.applied(projection);
      }
      await run.stop();
      const whole = await run.undisturbed();
      expect(await run.contents()).toEqual(whole);
      // Begin, commit and everything between, five times; files change with the commits alone.
      expect(statements).toBeGreaterThan(40);
      expect(left.size).toBeGreaterThanOrEqual(6);
      for (const name of left.keys()) {
        const next = new ProjectionRun(sqlAccessStoreOn(openDatabase(join(folder, name))));
        next.ledger = run.ledger;
        await next.applied(next.start());
        await next.stop();
        expect(await next.contents()).toEqual(whole);
        await next.store.close();
      }
    });
  });
});

/** The database, telling `done` after every statement. */
function noting(database: SqlDatabase, done: () => void): SqlDatabase {
  const told = <T extends object>(target: T, methods: readonly string[]): T =>
    new Proxy(target, {
      get: (_, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') {
          return value;
        }
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          if (methods.includes(String(property))) {
            done();
          }
          return property === 'prepare' ? told(result as object, ['run', 'get', 'all']) : result;
        };
      },
    });
  return told(database, ['exec']);
}
