// SPDX-License-Identifier: Apache-2.0
import { migrate } from '../../../gateway/src/sqlite/migrate';
import { openDatabase, type SqlDatabase } from '../../../gateway/src/sqlite/openDatabase';

const FIRST = 'CREATE TABLE note (text TEXT NOT NULL)';
const SECOND = "INSERT INTO note (text) VALUES ('second')";

let database: SqlDatabase;
beforeEach(() => {
  database = openDatabase(':memory:');
});
afterEach(() => {
  database.close();
});

const notes = (): unknown[] => database.prepare('SELECT text FROM note').all();
const version = (): number =>
  (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

test('each step runs once, in order', () => {
  migrate(database, [FIRST]);
  expect(notes()).toHaveLength(0);
  migrate(database, [FIRST, SECOND]);
  migrate(database, [FIRST, SECOND]);
  expect(notes()).toHaveLength(1);
  expect(version()).toBe(2);
});

test('a step that fails leaves nothing of itself, and those before it', () => {
  expect(() => {
    migrate(database, [FIRST, `${SECOND}; INSERT INTO note (text) VALUES (NULL)`]);
  }).toThrow(/NOT NULL/);
  expect(notes()).toHaveLength(0);
  expect(version()).toBe(1);
});

test('a file of a newer program is refused, and stays as it is', () => {
  migrate(database, [FIRST, SECOND]);
  expect(() => {
    migrate(database, [FIRST]);
  }).toThrow("schema 2, newer than this program's 1: use the newer program");
  expect(version()).toBe(2);
});
