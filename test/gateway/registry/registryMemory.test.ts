// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication, NetworkSettings, Organisation } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import type { RegistryAsOf } from '../../../gateway/src/registry/registryFileForm';
import { openRegistryMemory, type RegistryMemory } from '../../../gateway/src/registry/registryMemory';
import type { WholeRegistry } from '../../../gateway/src/registry/wholeRegistry';
import { settle } from '../recorder/support/manualScheduler';
import { client, registryOf } from './registries';

const HOUR = 3_600_000;

/** A FAKE of the Registry at the ledger's port. */
class FakeLedger {
  now: WholeRegistry = registryOf([client('north-ward')]);
  failure: LedgerError | undefined;
  reads = 0;
  /** Blocks of the own peer. */
  blocks = 100n;
  /** While set, reads answer only when it resolves. */
  gate: Promise<void> | undefined;

  async ownHeight(): Promise<bigint> {
    this.reads += 1;
    this.#assertThere();
    return Promise.resolve(this.blocks);
  }
  async findSettings(): Promise<NetworkSettings | undefined> {
    const { settings } = this.now;
    await this.gate;
    this.#assertThere();
    return settings;
  }
  async organisations(): Promise<readonly Organisation[]> {
    this.#assertThere();
    return Promise.resolve(this.now.organisations);
  }
  async clients(mspId: string): Promise<readonly ClientApplication[]> {
    this.#assertThere();
    return Promise.resolve([...this.now.clients.values()].filter(({ org }) => org === mspId));
  }

  #assertThere(): void {
    if (this.failure !== undefined) {
      throw this.failure;
    }
  }
}

let ledger: FakeLedger;
let memory: RegistryMemory;
let now: number;
let written: RegistryAsOf[];
let writing: Promise<void> | undefined;
let diskFailure: Error | undefined;
let unwritten: number;
const lines: { level: number; msg: string; problem?: string; isUsable?: boolean }[] = [];
let timers: { at: number; action: () => void }[];
const pass = async (milliseconds: number): Promise<void> => {
  now += milliseconds;
  const due = timers.filter(({ at }) => at <= now);
  timers = timers.filter(({ at }) => at > now);
  due.forEach(({ action }) => {
    action();
  });
  await settle();
};

async function open(remembered?: RegistryAsOf): Promise<void> {
  memory = openRegistryMemory({
    ledger,
    remembered,
    file: {
      write: async (known) => {
        await writing;
        if (diskFailure !== undefined) {
          throw diskFailure;
        }
        written.push(known);
      },
    },
    log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as never) }),
    clock: () => now,
    staleMs: 72 * HOUR,
    onWriteFailed: () => {
      unwritten += 1;
    },
    after: (milliseconds, action) => {
      const timer = { at: now + milliseconds, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  });
  await settle();
}

beforeEach(() => {
  ledger = new FakeLedger();
  now = 1_000 * HOUR;
  written = [];
  writing = undefined;
  diskFailure = undefined;
  unwritten = 0;
  timers = [];
  lines.length = 0;
});
afterEach(() => memory.close());

const away = (): LedgerError => new LedgerError('unavailable', 'fake: away', { reason: 'NO_ANSWER' });
const statusIn = (known: WholeRegistry | undefined): string | undefined =>
  known?.clients.get('north-ward')?.status;
const suspend = (): void => {
  ledger.now = registryOf([client('north-ward', { status: 'suspended' })]);
};

test('everything is read at the start and kept, with the time before it was asked for', async () => {
  await open();
  expect(written).toEqual([{ registry: ledger.now, height: 100n, readAt: now }]);
  expect(memory.recall()).toEqual({
    value: ledger.now,
    height: 100n,
    readAt: now,
    isOutdated: false,
  });
  expect(memory.state()).toEqual({
    readAt: now,
    usableUntil: now + 72 * HOUR,
    isUsable: true,
    failure: undefined,
  });
});

test('a change replaces all of it; changes in a row are read together', async () => {
  await open();
  suspend();
  memory.outdate();
  memory.outdate();
  await settle();
  expect(memory.recall()).toMatchObject({ isOutdated: true });
  await pass(1_000);
  expect(written).toHaveLength(2);
  expect(statusIn(written[1]?.registry)).toBe('suspended');
  expect(statusIn(memory.recall()?.value)).toBe('suspended');
  expect(memory.recall()).toMatchObject({ isOutdated: false });
  expect(ledger.reads).toBe(2);
});

test('what a change overtook counts as outdated, and is read again', async () => {
  let answer: () => void = () => undefined;
  ledger.gate = new Promise((resolve) => {
    answer = resolve;
  });
  await open();
  suspend();
  memory.outdate();
  answer();
  await settle();
  expect(memory.recall()).toMatchObject({ isOutdated: true });
  await pass(1_000);
  expect(memory.recall()).toMatchObject({ isOutdated: false });
  expect(statusIn(written.at(-1)?.registry)).toBe('suspended');
});

test('without a change the file still does not grow old while the ledger answers', async () => {
  await open();
  await pass(1_000);
  await pass(300_000);
  expect(written.map(({ readAt }) => readAt)).toEqual([now - 301_000, now]);
});

describe('after a start without the ledger', () => {
  const before = registryOf([client('north-ward'), client('north-lab')]);

  test('what the process before has left serves, and says so', async () => {
    ledger.failure = away();
    await open({ registry: before, height: 60n, readAt: now - 5 * HOUR });
    expect(memory.recall()?.value).toBe(before);
    expect(memory.state()).toMatchObject({
      readAt: now - 5 * HOUR,
      isUsable: true,
      failure: { problem: 'NO_ANSWER' },
    });
    expect(written).toEqual([]);
    expect(lines).toEqual([expect.objectContaining({ level: 40, problem: 'NO_ANSWER', isUsable: true })]);
  });

  test('the ledger is asked again, and its word replaces all', async () => {
    ledger.failure = away();
    await open({ registry: before, height: 60n, readAt: now - 5 * HOUR });
    await pass(1_000);
    await pass(10_000);
    expect(ledger.reads).toBe(2);
    ledger.failure = undefined;
    memory.look();
    await settle();
    await pass(1_000);
    expect(memory.recall()?.value).toEqual(ledger.now);
    expect(memory.recall()?.value.clients.has('north-lab')).toBe(false);
    expect(written).toEqual([{ registry: ledger.now, height: 100n, readAt: now }]);
    expect(memory.state().failure).toBeUndefined();
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('cannot be read'),
      'the whole Registry is read again',
    ]);
  });

  test.each([
    ['too old', -72 * HOUR],
    ['ahead of this clock', 120_000],
  ])('what is %s may not be given', async (_what, age) => {
    ledger.failure = away();
    await open({ registry: before, height: 60n, readAt: now + age });
    expect(memory.state().isUsable).toBe(false);
    expect(lines).toEqual([expect.objectContaining({ isUsable: false })]);
  });
});

describe('an own peer that has fewer blocks than what is remembered rests on', () => {
  const before = registryOf([client('north-ward', { status: 'suspended' })]);

  test.each([
    ['counts as away', 59n],
    ['counts as away while it has hardly any', 1n],
  ])('%s', async (_what, blocks) => {
    ledger.blocks = blocks;
    await open({ registry: before, height: 60n, readAt: now - HOUR });
    expect(memory.recall()?.value).toBe(before);
    expect(memory.state()).toMatchObject({
      readAt: now - HOUR,
      isUsable: true,
      failure: { problem: 'PEER_BEHIND', remedy: expect.stringContaining('fetching blocks') as string },
    });
    expect(written).toEqual([]);
    expect(lines).toEqual([expect.objectContaining({ problem: 'PEER_BEHIND', isUsable: true })]);
  });

  test('also where that is too old to be given', async () => {
    ledger.blocks = 59n;
    await open({ registry: before, height: 60n, readAt: now - 72 * HOUR });
    expect(memory.recall()?.value).toBe(before);
    expect(memory.state().isUsable).toBe(false);
    expect(written).toEqual([]);
  });

  test.each([60n, 61n])('counts again with %d', async (blocks) => {
    ledger.blocks = 59n;
    await open({ registry: before, height: 60n, readAt: now - HOUR });
    ledger.blocks = blocks;
    await pass(1_000);
    await pass(10_000);
    expect(written).toEqual([{ registry: ledger.now, height: blocks, readAt: now }]);
    expect(statusIn(memory.recall()?.value)).toBe('active');
  });
});

test('a disk that is full is said once and counted each time, and memory goes on', async () => {
  diskFailure = new Error('ENOSPC: no space left');
  await open();
  await pass(1_000);
  await pass(300_000);
  expect(ledger.reads).toBe(2);
  expect(memory.state()).toMatchObject({ readAt: now, isUsable: true });
  expect(unwritten).toBe(2);
  expect(lines).toEqual([expect.objectContaining({ level: 50, why: 'ENOSPC: no space left' })]);
});

test('its end waits for what is being written, and for no ledger', async () => {
  let finish: () => void = () => undefined;
  writing = new Promise((resolve) => {
    finish = resolve;
  });
  await open();
  const closed = jest.fn();
  const closing = memory.close().then(closed);
  await settle();
  expect(closed).not.toHaveBeenCalled();
  finish();
  await closing;
  expect(written).toHaveLength(1);
  ledger.gate = new Promise(() => undefined);
  await open();
  await memory.close();
});

test('what is answered after the end is not written', async () => {
  let answer: () => void = () => undefined;
  ledger.gate = new Promise((resolve) => {
    answer = resolve;
  });
  await open();
  await memory.close();
  answer();
  await settle();
  expect(written).toEqual([]);
});
