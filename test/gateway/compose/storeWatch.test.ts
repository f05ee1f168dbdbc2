// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';
import { StoreWatch } from '../../../gateway/src/compose/storeWatch';
import { STORE_CANNOT_BE_WRITTEN } from '../../../gateway/src/recorder/laneReason';

interface Line {
  readonly level: number;
  readonly code?: string;
  readonly remedy?: string;
}

const FULL = Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });

class Bench {
  readonly lines: Line[] = [];
  readonly pauses: number[] = [];
  isFull = false;
  readonly watch: StoreWatch;
  #next: (() => void) | undefined;

  constructor() {
    this.watch = new StoreWatch({
      store: 'used client assertions',
      probe: () => {
        if (this.isFull) {
          throw FULL;
        }
      },
      log: pino({ level: 'info' }, { write: (line: string) => this.lines.push(JSON.parse(line) as Line) }),
      after: (milliseconds, action) => {
        this.pauses.push(milliseconds);
        this.#next = action;
        return () => {
          this.#next = undefined;
        };
      },
    });
  }

  get isWaiting(): boolean {
    return this.#next !== undefined;
  }

  again(times = 1): void {
    for (let turn = 0; turn < times; turn += 1) {
      this.#next?.();
    }
  }
}

const FAILING = {
  ready: false,
  reason: 'the store of used client assertions cannot be written (SQLITE_FULL)',
  remedy: STORE_CANNOT_BE_WRITTEN.remedy,
};

test('a full disk is found while nobody needs the store, and told once', () => {
  const bench = new Bench();
  bench.again(5);
  expect(bench.watch.health()).toEqual({ ready: true });
  bench.isFull = true;
  bench.again(5);
  expect(bench.watch.health()).toEqual(FAILING);
  expect(bench.lines).toMatchObject([
    { level: 50, code: 'SQLITE_FULL', remedy: STORE_CANNOT_BE_WRITTEN.remedy },
  ]);
});

test('a failure that a caller meets counts at once, and is looked at again soon', () => {
  const bench = new Bench();
  for (let times = 0; times < 29; times += 1) {
    bench.watch.note(FULL);
  }
  expect(bench.watch.health()).toEqual(FAILING);
  expect([bench.lines.length, bench.pauses]).toEqual([1, [10_000, 1_000]]);
});

test('a disk at its brim that takes one write in three is not mended; it is after three in a row', () => {
  const bench = new Bench();
  bench.watch.note(FULL);
  for (let turn = 0; turn < 9; turn += 1) {
    bench.isFull = turn % 3 !== 0;
    bench.again();
    bench.watch.note(FULL);
    expect(bench.watch.health().ready).toBe(false);
  }
  bench.isFull = false;
  bench.again(2);
  expect(bench.watch.health().ready).toBe(false);
  bench.again();
  expect(bench.watch.health()).toEqual({ ready: true });
  expect(bench.lines.map(({ level }) => level)).toEqual([50, 30]);
  expect(bench.pauses.at(-1)).toBe(10_000);
});

test('asks no more once it is closed, and what fails then is nobody’s news', () => {
  const bench = new Bench();
  bench.watch.close();
  bench.watch.note(FULL);
  expect([bench.isWaiting, bench.lines]).toEqual([false, []]);
});
