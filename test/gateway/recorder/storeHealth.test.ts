// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';
import { STORE_CANNOT_BE_WRITTEN } from '../../../gateway/src/recorder/laneReason';
import { systemScheduler } from '../../../gateway/src/recorder/scheduler';
import { StoreHealth } from '../../../gateway/src/recorder/storeHealth';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly remedy?: string;
}

let lines: Line[];
let health: StoreHealth;
beforeEach(() => {
  lines = [];
  health = new StoreHealth(
    systemScheduler,
    pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as Line) }),
  );
});

test('a store that fails is one line, with what to do, and one more when it is mended', () => {
  for (let times = 0; times < 29; times += 1) {
    health.noteFailure(new Error('disk full'), 'requests are refused');
  }
  expect(lines).toMatchObject([
    { level: 50, msg: 'requests are refused', remedy: STORE_CANNOT_BE_WRITTEN.remedy },
  ]);
  health.noteWritten();
  health.noteWritten();
  expect(lines.map(({ level }) => level)).toEqual([50, 30]);
  health.noteFailure(new Error('disk full'), 'again');
  expect(lines.map(({ level }) => level)).toEqual([50, 30, 50]);
});

test('the ledger is not blamed for the store, nor the store for the ledger', () => {
  expect(health.notInTime('x').code).toBe('LEDGER_UNAVAILABLE');
  health.noteFailure(new Error('disk full'), 'x');
  expect(health.notInTime('x')).toMatchObject({ code: 'STORE_UNAVAILABLE', retryAfterSeconds: 5 });
  health.noteWritten();
  expect(health.notInTime('x').code).toBe('LEDGER_UNAVAILABLE');
});
