// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { openOutbox } from '../../../gateway/src/recorder/sqliteOutbox';
import { emergencyOf } from './support/requests';

const LANE = 'NorthHospitalMSP/ward';
const owed = { ...emergencyOf(1), late: true };
const change = {
  open: {
    lane: LANE,
    seq: 0,
    start: 0,
    count: 1,
    requestsJson: JSON.stringify([emergencyOf(2)]),
    takesOver: [],
  },
  owe: [{ request: owed }],
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-versions-'));
  file = join(folder, 'outbox.db');
  const outbox = openOutbox(file);
  outbox.write(change);
  outbox.close();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Makes the file one of a release that knew no lost places, and before that no rivals. */
function setVersion(version: number): void {
  const database = new Database(file);
  database.exec('DROP TABLE lost');
  if (version < 4) {
    database.exec('DROP TABLE rival');
  }
  database.exec(`PRAGMA user_version = ${String(version)}`);
  database.close();
}

test.each([3, 4])('a store of version %s is taken over with all that it holds', (version) => {
  setVersion(version);
  const outbox = openOutbox(file);
  expect(outbox.batches()).toMatchObject([{ lane: LANE, seq: 0, requests: [emergencyOf(2)] }]);
  expect(outbox.findOwed(owed.id)?.request).toEqual(owed);
  expect(outbox.rivals()).toEqual([]);
  const place = { lane: LANE, seq: 0 };
  outbox.write({ displace: place, remove: [place], withdraw: { ...place, start: 0 } });
  outbox.close();
  const next = openOutbox(file);
  expect(next.batches()).toEqual([]);
  expect(next.rivals()).toEqual([{ lane: LANE, seq: 0, start: 0, requests: [emergencyOf(2)] }]);
  next.write({ filled: place });
  expect(next.rivals()).toEqual([]);
  next.write({ lose: [place] });
  expect(next.owed()).toMatchObject({ entries: 0, waiting: 1, lost: 1 });
  next.write({ found: true });
  expect(next.owed()).toMatchObject({ entries: 1, waiting: 0, lost: 0 });
  next.close();
});

test.each([2, 6])('one of another version (%s) is not read', (version) => {
  setVersion(version);
  expect(() => openOutbox(file)).toThrow(`The recorder store is of version ${String(version)}, not 5`);
});
