// SPDX-License-Identifier: Apache-2.0
import type { RegistryStatus } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createRegistryCache, type RegistryCache } from '../../../gateway/src/registry/registryCache';
import { RegistryPeer } from '../../../gateway/src/registry/registryPeer';
import type { Remembered } from '../../../gateway/src/registry/rememberedAnswer';
import type { WholeRegistry } from '../../../gateway/src/registry/wholeRegistry';
import { setTimeout as pause } from 'node:timers/promises';
import { settle } from '../recorder/support/manualScheduler';
import { CLIENT, NORTH, startTestNetwork } from '../ledger/network';
import { FakeRegistryLedger } from './fakeRegistryLedger';
import { client, registryOf, SETTINGS } from './registries';

let ledger: FakeRegistryLedger;
let cache: RegistryCache;
let now: number;
let isLedgerAway = false;
let memory: FakeMemory;

/** A fake of what is remembered of the whole Registry. */
class FakeMemory {
  readonly peer = new RegistryPeer(ledger);
  known: Remembered<WholeRegistry> | undefined;
  readonly told: string[] = [];

  recall(): Remembered<WholeRegistry> | undefined {
    return this.known;
  }
  outdate(): void {
    this.told.push('outdate');
  }
  look(): void {
    this.told.push('look');
  }
}
const lines: { msg: string; problem?: string; remedy?: string }[] = [];
/** Timers that were asked for, run by `pass`. */
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
beforeEach(async () => {
  ledger = new FakeRegistryLedger();
  now = 1_000_000;
  isLedgerAway = false;
  memory = new FakeMemory();
  timers = [];
  lines.length = 0;
  cache = createRegistryCache({
    ledger,
    log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as never) }),
    clock: () => now,
    freshMs: 10_000,
    unwatchedMs: 1_000,
    staleMs: 60_000,
    memory,
    reopenMs: 1,
    patienceMs: 500,
    firstPatienceMs: 3_000,
    isLedgerAway: () => isLedgerAway,
    after: (milliseconds, action) => {
      const timer = { at: now + milliseconds, action };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  });
  await settle();
});
afterEach(() => cache.close());

const statusNow = async (): Promise<RegistryStatus | undefined> =>
  (await cache.findClient(CLIENT.clientId))?.status;

test('a client is read once and remembered, an unknown one as well', async () => {
  expect(await statusNow()).toBe('active');
  expect(await statusNow()).toBe('active');
  expect(await cache.findClient('nobody')).toBeUndefined();
  expect(await cache.findClient('nobody')).toBeUndefined();
  expect(ledger.reads).toBe(2);
});

test('callers at the same time share one read', async () => {
  await Promise.all([statusNow(), statusNow(), statusNow()]);
  expect(ledger.reads).toBe(1);
});

test('a change shows at once', async () => {
  expect(await statusNow()).toBe('active');
  ledger.status = 'suspended';
  ledger.change('client', CLIENT.clientId);
  await settle();
  expect(await statusNow()).toBe('suspended');
});

test("another client's change reads nothing again", async () => {
  await statusNow();
  ledger.change('client', 'other');
  ledger.change('organisation', NORTH);
  await settle();
  await statusNow();
  expect(ledger.reads).toBe(1);
});

test('an answer that a change overtook is not remembered', async () => {
  let open: () => void = () => undefined;
  ledger.gate = new Promise((resolve) => {
    open = resolve;
  });
  const early = statusNow();
  await settle();
  ledger.status = 'suspended';
  ledger.change('client', CLIENT.clientId);
  await settle();
  open();
  expect(await early).toBe('active');
  expect(await statusNow()).toBe('suspended');
});

test('without events an answer grows old', async () => {
  await statusNow();
  now += 10_000;
  ledger.status = 'suspended';
  expect(await statusNow()).toBe('suspended');
});

test('a broken stream is opened again and everything is read anew', async () => {
  await cache.organisations();
  await statusNow();
  ledger.status = 'suspended';
  ledger.breakStream();
  await ledger.reopened;
  await settle();
  expect(await statusNow()).toBe('suspended');
  expect((await cache.findOrganisation(NORTH))?.status).toBe('suspended');
});

test('while the ledger is away an old answer is given for a while, then none', async () => {
  await statusNow();
  ledger.failure = new LedgerError('unavailable', 'fake: away');
  now += 30_000;
  expect(await statusNow()).toBe('active');
  now += 30_001;
  await expect(statusNow()).rejects.toMatchObject({ kind: 'unavailable' });
});

test('strangers push no client out, however many ids they make up', async () => {
  await statusNow();
  ledger.failure = new LedgerError('unavailable', 'fake: away');
  const made = Array.from({ length: 3_000 }, (_, at) => cache.findClient(`made-up-${String(at)}`));
  expect((await Promise.allSettled(made)).every(({ status }) => status === 'rejected')).toBe(true);
  now += 30_000;
  expect(await statusNow()).toBe('active');
});

test('clients that are in use stay, however many others are looked up', async () => {
  ledger.isEverybody = true;
  for (let at = 0; at < 12_000; at += 1) {
    await cache.findClient(`another-${String(at)}`);
    if (at % 5_000 === 0) {
      await statusNow();
    }
  }
  ledger.failure = new LedgerError('unavailable', 'fake: away');
  now += 30_000;
  expect(await statusNow()).toBe('active');
  await expect(cache.findClient('another-0')).rejects.toMatchObject({ kind: 'unavailable' });
});

test('an unknown id that becomes a client is found with its change', async () => {
  expect(await cache.findClient('later')).toBeUndefined();
  ledger.also = 'later';
  expect(await cache.findClient('later')).toBeUndefined();
  ledger.change('client', 'later');
  await settle();
  expect(await cache.findClient('later')).toBeDefined();
});

test('a refusal is not papered over with an old answer', async () => {
  await statusNow();
  ledger.failure = new LedgerError('rejected', 'fake: no', { domainCode: 'NOT_ALLOWED' });
  now += 30_000;
  await expect(statusNow()).rejects.toMatchObject({ domainCode: 'NOT_ALLOWED' });
});

test('a peer that refuses this gateway’s identity is one that cannot be asked', async () => {
  await statusNow();
  ledger.failure = new LedgerError('rejected', 'fake: access denied');
  now += 30_000;
  expect(await statusNow()).toBe('active');
});

describe('while the ledger hangs', () => {
  beforeEach(async () => {
    await statusNow();
    await cache.organisations();
    ledger.gate = new Promise(() => undefined);
    now += 20_000;
  });

  test('what is remembered is given after half a second, then at once', async () => {
    const first = statusNow();
    await pass(499);
    const answered = jest.fn();
    void first.then(answered);
    await settle();
    expect(answered).not.toHaveBeenCalled();
    await pass(1);
    expect(await first).toBe('active');
    const second = cache.findOrganisation(NORTH);
    await pass(0);
    expect((await second)?.status).toBe('active');
    const third = statusNow();
    await pass(0);
    expect(await third).toBe('active');
    // The read that hangs is shared, not repeated.
    expect(ledger.reads).toBe(4);
  });

  test.each([6_000, 29_000])(
    'at once still %d ms later: nobody pays for the patience again',
    async (later) => {
      const first = statusNow();
      await pass(500);
      await first;
      now += later;
      const next = statusNow();
      await pass(0);
      expect(await next).toBe('active');
    },
  );

  test('and somebody else knows it: what is remembered is given at once, the first time too', async () => {
    isLedgerAway = true;
    const first = statusNow();
    await pass(0);
    expect(await first).toBe('active');
    // Nobody waited, so nothing is known of the own peer: once the ledger is back it is asked in earnest.
    isLedgerAway = false;
    const next = jest.fn();
    void statusNow().then(next);
    await pass(499);
    expect(next).not.toHaveBeenCalled();
    await pass(1);
    expect(next).toHaveBeenCalledWith('active');
  });

  test('a change that was announced is waited for, although the rest of the ledger is away', async () => {
    isLedgerAway = true;
    let open: () => void = () => undefined;
    ledger.gate = new Promise((resolve) => {
      open = resolve;
    });
    ledger.status = 'suspended';
    ledger.change('client', CLIENT.clientId);
    await settle();
    const next = statusNow();
    await pass(100);
    open();
    expect(await next).toBe('suspended');
  });

  test('nor does a read that failed before keep it from being waited for', async () => {
    const first = statusNow();
    await pass(500);
    expect(await first).toBe('active');
    let open: () => void = () => undefined;
    ledger.gate = new Promise((resolve) => {
      open = resolve;
    });
    ledger.status = 'suspended';
    ledger.change('client', CLIENT.clientId);
    await settle();
    const next = statusNow();
    await pass(100);
    open();
    expect(await next).toBe('suspended');
  });

  test('what was never read fails in bounded time, sooner when it is known to hang', async () => {
    const first = expect(cache.findClient('anyone')).rejects.toMatchObject({ kind: 'unavailable' });
    await pass(3_000);
    await first;
    const second = expect(cache.findClient('anyone else')).rejects.toMatchObject({ kind: 'unavailable' });
    await pass(1_000);
    await second;
  });

  test('an answer that comes at last is taken, and the next read waits for the ledger again', async () => {
    let open: () => void = () => undefined;
    ledger.change('client', CLIENT.clientId);
    await settle();
    ledger.gate = new Promise((resolve) => {
      open = resolve;
    });
    const late = statusNow();
    await pass(500);
    expect(await late).toBe('active');
    open();
    await settle();
    ledger.gate = undefined;
    ledger.status = 'suspended';
    now += 20_000;
    expect(await statusNow()).toBe('suspended');
  });

  test('nothing is given from too long ago', async () => {
    now += 60_000;
    const old = expect(statusNow()).rejects.toMatchObject({ kind: 'unavailable' });
    await pass(3_000);
    await old;
  });
});

test('what was never read is not made up', async () => {
  ledger.failure = new LedgerError('unavailable', 'fake: away');
  await expect(cache.findClient('anyone')).rejects.toMatchObject({ kind: 'unavailable' });
});

describe('the whole Registry as it was read last', () => {
  const away = new LedgerError('unavailable', 'fake: away');
  const remember = (readAt: number, status: RegistryStatus = 'active', isOutdated = false): void => {
    const value = registryOf([client(CLIENT.clientId, { status }), client('north-lab')]);
    memory.known = { value, height: ledger.blocks, readAt, isOutdated };
  };

  test('answers while the ledger is away what nobody has asked yet', async () => {
    ledger.failure = away;
    remember(now - 59_000);
    expect(await statusNow()).toBe('active');
    expect((await cache.findClient('north-lab'))?.clientId).toBe('north-lab');
    expect((await cache.findOrganisation(NORTH))?.status).toBe('active');
    jest.spyOn(ledger, 'findSettings').mockRejectedValue(away);
    expect(await cache.settings()).toEqual(SETTINGS);
  });

  test('is given after half a second of a ledger that hangs, then at once', async () => {
    ledger.gate = new Promise(() => undefined);
    remember(now - 59_000);
    const first = statusNow();
    await pass(500);
    expect(await first).toBe('active');
    const next = cache.findOrganisation(NORTH);
    await pass(0);
    expect((await next)?.status).toBe('active');
  });

  test('says nothing about an id that it does not have', async () => {
    ledger.failure = away;
    remember(now);
    await expect(cache.findClient('registered-since')).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test.each([
    ['too old', -60_000],
    ['ahead of this clock', 60_001],
  ])('gives nothing that is %s', async (_what, age) => {
    ledger.failure = away;
    remember(now + age);
    await expect(statusNow()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(cache.organisations()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('never goes before the ledger’s word', async () => {
    ledger.status = 'suspended';
    remember(now);
    expect(await statusNow()).toBe('suspended');
    ledger.failure = new LedgerError('rejected', 'fake: no', { domainCode: 'NOT_ALLOWED' });
    await expect(cache.findClient('north-lab')).rejects.toMatchObject({ domainCode: 'NOT_ALLOWED' });
  });

  test.each([
    ['the earlier', -1, 'suspended'],
    ['the later', 1, 'active'],
  ] as const)('is %s word: so it gives way, or goes before the own answer', async (_what, later, status) => {
    ledger.status = 'suspended';
    expect(await statusNow()).toBe('suspended');
    remember(now + later);
    ledger.failure = away;
    now += 20_000;
    expect(await statusNow()).toBe(status);
  });

  test('is waited for while a change is announced that it lacks', async () => {
    isLedgerAway = true;
    remember(now, 'active', true);
    let open: () => void = () => undefined;
    ledger.gate = new Promise((resolve) => {
      open = resolve;
    });
    ledger.status = 'suspended';
    const next = statusNow();
    await pass(100);
    open();
    expect(await next).toBe('suspended');
  });

  test('is told of every change, and of a stream that breaks', async () => {
    // The stream was opened.
    expect(memory.told).toEqual(['outdate']);
    ledger.change('client', 'anyone');
    await settle();
    ledger.breakStream();
    await ledger.reopened;
    await settle();
    expect(memory.told).toEqual(['outdate', 'outdate', 'look', 'outdate']);
  });
});

test('on a whole ledger another organisation sees a suspension within its block', async () => {
  const net = await startTestNetwork();
  await net.north.putClient(CLIENT);
  const south = createRegistryCache({
    ledger: net.south,
    log: pino({ level: 'silent' }),
    freshMs: 3_600_000,
  });
  expect((await south.findClient(CLIENT.clientId))?.status).toBe('active');
  const stop = new AbortController();
  const { block } = await net.north.setClientStatus(CLIENT.clientId, 'suspended');
  // The same event has then reached the cache's own stream, which was opened before this one.
  for await (const event of net.south.events({ block, transactionId: '' }, stop.signal)) {
    expect(event.name).toBe('RegistryChanged');
    stop.abort();
  }
  await settle();
  expect((await south.findClient(CLIENT.clientId))?.status).toBe('suspended');
  await south.close();
  await net.close();
}, 60_000);

test('changes that cannot be followed are said once, with the remedy, and when they are followed again', async () => {
  const opened = ledger.opened;
  const refuse = jest.spyOn(ledger, 'events').mockImplementation(() => {
    throw new LedgerError('unavailable', 'a peer’s long words', { reason: 'NO_ANSWER' });
  });
  ledger.breakStream();
  while (refuse.mock.calls.length < 4) {
    await pause();
  }
  expect(lines.map(({ msg, problem }) => [msg, problem])).toEqual([
    ['registry changes cannot be followed; reading it more often', 'LEDGER_ANSWER'],
    ['registry changes cannot be followed; reading it more often', 'NO_ANSWER'],
  ]);
  expect(lines[1]?.remedy).toContain('see that the peer runs');
  expect(JSON.stringify(lines)).not.toContain('long words');
  refuse.mockRestore();
  while (ledger.opened === opened) {
    await pause();
  }
  ledger.change('client', 'somebody');
  while (lines.length < 3) {
    await pause();
  }
  expect(lines[2]?.msg).toBe('registry changes are followed again');
});
