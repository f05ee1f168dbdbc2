// SPDX-License-Identifier: Apache-2.0
/**
 * An own peer that comes back from a backup, or is being rebuilt, knows an older Registry. It must not take
 * from the gateway what that had learnt: a suspended client stays suspended, a registered one stays known, in
 * this process and in the next.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryStatus } from '@chartwitness/chaincode/domain';
import pino from 'pino';
import { LedgerError } from '../../gateway/src/ledger/ledgerError';
import type { LedgerEvent } from '../../gateway/src/ledger/provenanceLedger';
import { createRegistryCache, type RegistryCache } from '../../gateway/src/registry/registryCache';
import { createRegistryFile, type RegistryFile } from '../../gateway/src/registry/registryFile';
import { openRegistryMemory, type RegistryMemory } from '../../gateway/src/registry/registryMemory';
import type { WholeRegistry } from '../../gateway/src/registry/wholeRegistry';
import { settle } from '../gateway/recorder/support/manualScheduler';
import { client, NETWORK, registryOf } from '../gateway/registry/registries';

const HOUR = 3_600_000;
const log = pino({ level: 'silent' });
const away = (): LedgerError => new LedgerError('unavailable', 'fake: away', { reason: 'NO_ANSWER' });

/** A FAKE of the own peer: what it has, by its number of blocks. */
class OwnPeer {
  blocks = 100n;
  now: WholeRegistry = AT_100;
  isAway = false;
  opened = 0;
  #fails: (error: LedgerError) => void = () => undefined;
  #gives: (event: LedgerEvent | undefined) => void = () => undefined;

  #say<T>(value: T): Promise<T> {
    return this.isAway ? Promise.reject(away()) : Promise.resolve(value);
  }
  height = (): Promise<bigint> => this.#say(this.blocks);
  ownHeight = this.height;
  findSettings = () => this.#say(this.now.settings);
  organisations = () => this.#say(this.now.organisations);
  clients = (mspId: string) => this.#say([...this.now.clients.values()].filter(({ org }) => org === mspId));
  findClient = (clientId: string) => this.#say(this.now.clients.get(clientId));
  async *events(_after: unknown, signal: AbortSignal): AsyncIterable<LedgerEvent> {
    this.opened += 1;
    for (;;) {
      const event = await new Promise<LedgerEvent | undefined>((resolve, reject) => {
        this.#gives = resolve;
        this.#fails = reject;
        signal.addEventListener('abort', () => {
          resolve(undefined);
        });
      });
      if (event === undefined) {
        return;
      }
      yield event;
    }
  }

  /** It is another one now; its stream of events breaks, as it does then. */
  async becomes(change: Partial<Pick<OwnPeer, 'blocks' | 'now' | 'isAway'>>): Promise<void> {
    Object.assign(this, change);
    this.#fails(away());
    await gateway.pass(0);
  }

  async announce(id: string, block: bigint): Promise<void> {
    this.#gives({ name: 'RegistryChanged', payload: { kind: 'client', id }, block, transactionId: 'tx' });
    await settle();
  }
}

interface Gateway {
  readonly cache: RegistryCache;
  readonly memory: RegistryMemory;
  /** Lets time pass, at most a second at once, as timers that set timers need it. */
  pass(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

const AT_60 = registryOf([client('north-ehr')]);
const AT_100 = registryOf([client('north-ehr', { status: 'suspended' }), client('north-ward')]);
const EMPTY: WholeRegistry = { settings: undefined, organisations: [], clients: new Map() };

let folder: string;
let file: RegistryFile;
/** Ends with the last write. */
let writing: Promise<void>;
let peer: OwnPeer;
let gateway: Gateway;
let now: number;

function start(): Gateway {
  let timers: { at: number; action: () => void }[] = [];
  const after = (milliseconds: number, action: () => void): (() => void) => {
    const timer = { at: now + milliseconds, action };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };
  const options = { ledger: peer, log, clock: () => now, staleMs: 72 * HOUR, after };
  const memory = openRegistryMemory({ ...options, remembered: file.read(), file });
  const cache = createRegistryCache({ ...options, memory, reopenMs: 0 });
  return {
    cache,
    memory,
    pass: async (milliseconds) => {
      const end = now + milliseconds;
      do {
        now = Math.min(end, now + 1_000);
        const due = timers.filter(({ at }) => at <= now);
        timers = timers.filter(({ at }) => at > now);
        due.forEach(({ action }) => {
          action();
        });
        await settle();
        // What is written goes by the disk's own pace.
        await writing;
        await settle();
      } while (now < end);
    },
    close: async () => {
      await cache.close();
      await memory.close();
    },
  };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'older-registry-'));
  const kept = createRegistryFile({ path: join(folder, 'registry.json'), network: NETWORK, log });
  writing = Promise.resolve();
  file = { read: kept.read, write: (known) => (writing = kept.write(known)) };
  now = Date.parse('2026-11-29T10:00:00Z');
  peer = new OwnPeer();
  gateway = start();
  await gateway.pass(5_000);
  expect(file.read()?.height).toBe(100n);
});
afterEach(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

async function statusOf(clientId: string): Promise<RegistryStatus | 'no such client' | 'unavailable'> {
  const asked = gateway.cache.findClient(clientId).then(
    (found) => found?.status ?? 'no such client',
    (error: unknown) => {
      expect(error).toMatchObject({ kind: 'unavailable' });
      return 'unavailable' as const;
    },
  );
  await settle();
  await gateway.pass(1_000);
  return asked;
}
const kept = (): unknown =>
  [...(file.read()?.registry.clients.values() ?? [])].map(({ clientId, status }) => [clientId, status]);
const AS_AT_100 = [
  ['north-ehr', 'suspended'],
  ['north-ward', 'active'],
];

describe.each([
  ['behind', 60n, AT_60],
  ['empty', 1n, EMPTY],
])('the own peer comes back %s', (_how, blocks, older) => {
  const expectAsBefore = async (): Promise<void> => {
    expect(await statusOf('north-ehr')).toBe('suspended');
    expect(await statusOf('north-ward')).toBe('active');
    expect(kept()).toEqual(AS_AT_100);
  };

  test('and goes away again: what was known holds, on disk too', async () => {
    await expectAsBefore();
    await peer.becomes({ blocks, now: older });
    await gateway.pass(60_000);
    await expectAsBefore();
    expect(gateway.memory.state().failure).toMatchObject({ problem: 'PEER_BEHIND' });
    await peer.becomes({ isAway: true });
    await gateway.pass(30_000);
    now += 71 * HOUR;
    await expectAsBefore();
  });

  test('a gateway that is started then holds to the file', async () => {
    await peer.becomes({ blocks, now: older });
    await gateway.close();
    gateway = start();
    await gateway.pass(60_000);
    await expectAsBefore();
    await gateway.close();
    await peer.becomes({ isAway: true });
    gateway = start();
    await gateway.pass(60_000);
    await expectAsBefore();
  });

  test('a client that nobody remembers is not refused as unknown', async () => {
    await peer.becomes({ blocks, now: older });
    expect(await statusOf('registered-since')).toBe('unavailable');
    await peer.becomes({ isAway: true });
    expect(await statusOf('registered-since')).toBe('unavailable');
  });

  test('when it has as many blocks again its word replaces all, both ways', async () => {
    await peer.becomes({ blocks, now: older });
    await gateway.pass(60_000);
    const newer = registryOf([client('north-ehr'), client('north-ward', { status: 'suspended' })]);
    Object.assign(peer, { blocks: 100n, now: newer });
    await gateway.pass(11_000);
    expect(file.read()).toMatchObject({ registry: newer, height: 100n });
    expect(await statusOf('north-ehr')).toBe('active');
    expect(await statusOf('north-ward')).toBe('suspended');
    expect(await statusOf('nobody')).toBe('no such client');
    expect(gateway.memory.state().failure).toBeUndefined();
  });

  test('a suspension that it announces after it has caught up counts at once', async () => {
    await peer.becomes({ blocks, now: older });
    await gateway.pass(20_000);
    expect(await statusOf('north-ward')).toBe('active');
    const newer = registryOf([client('north-ward', { status: 'suspended' })]);
    Object.assign(peer, { blocks: 111n, now: newer });
    await peer.announce('north-ward', 110n);
    expect(await statusOf('north-ward')).toBe('suspended');
  });
});

test('a change that was announced is not taken back by a peer that lacks its block', async () => {
  await peer.announce('north-ward', 120n);
  await peer.becomes({ blocks: 110n, now: registryOf([client('north-ward')]) });
  await gateway.pass(60_000);
  expect(gateway.memory.state().failure).toMatchObject({ problem: 'PEER_BEHIND' });
  expect(await statusOf('north-ehr')).toBe('suspended');
  peer.blocks = 121n;
  peer.now = registryOf([client('north-ward', { status: 'suspended' })]);
  await gateway.pass(11_000);
  expect(file.read()?.height).toBe(121n);
  expect(await statusOf('north-ward')).toBe('suspended');
});

test('that an id was no client’s is not remembered for an outage', async () => {
  expect(await statusOf('registered-since')).toBe('no such client');
  await peer.becomes({ isAway: true });
  expect(await statusOf('registered-since')).toBe('unavailable');
  expect(await statusOf('north-ehr')).toBe('suspended');
});
