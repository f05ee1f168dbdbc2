// SPDX-License-Identifier: Apache-2.0
/**
 * Somebody who can reach a gateway's folder, but is not its user, leaves a Registry there that has a client
 * of his own, and takes the ledger away: the gateway must not know that client.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { LedgerError } from '../../gateway/src/ledger/ledgerError';
import { createRegistryCache } from '../../gateway/src/registry/registryCache';
import { createRegistryFile } from '../../gateway/src/registry/registryFile';
import { openRegistryMemory } from '../../gateway/src/registry/registryMemory';
import { FakeRegistryLedger } from '../gateway/registry/fakeRegistryLedger';
import { client, NETWORK, registryOf } from '../gateway/registry/registries';

const log = pino({ level: 'silent' });
const away = new LedgerError('unavailable', 'fake: away');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'planted-'));
  path = join(folder, 'registry.json');
  await plant(NETWORK, path);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function plant(network: typeof NETWORK, where: string): Promise<void> {
  const registry = registryOf([client('intruder')]);
  return createRegistryFile({ path: where, network, log }).write({
    registry,
    height: 1n,
    readAt: Date.now(),
  });
}

/** Whether a gateway that starts without the ledger knows the client. */
async function isKnown(clientId: string, userId?: number): Promise<boolean> {
  const file = createRegistryFile({ path, network: NETWORK, log, userId });
  const ledger = new FakeRegistryLedger();
  ledger.failure = away;
  const registry = {
    findClient: (id: string) => ledger.findClient(id),
    organisations: () => ledger.organisations(),
    findSettings: () => Promise.reject(away),
    clients: () => Promise.reject(away),
    ownHeight: () => ledger.ownHeight(),
    events: ledger.events.bind(ledger),
    height: () => Promise.reject(away),
  };
  const options = { ledger: registry, log, staleMs: 60_000 };
  const memory = openRegistryMemory({ ...options, file, remembered: file.read(), clock: Date.now });
  const cache = createRegistryCache({ ...options, memory });
  try {
    return (await cache.findClient(clientId)) !== undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError);
    return false;
  } finally {
    await cache.close();
    await memory.close();
  }
}

test('what the gateway itself has left it knows', async () => {
  expect(await isKnown('intruder')).toBe(true);
});

test('a file of another user is not believed', async () => {
  expect(await isKnown('intruder', (process.geteuid?.() ?? 0) + 1)).toBe(false);
});

test.each([0o660, 0o606, 0o644])('nor one of mode %o', async (mode) => {
  chmodSync(path, mode);
  expect(await isKnown('intruder')).toBe(false);
});

test('nor a link to one', async () => {
  const elsewhere = join(folder, 'elsewhere.json');
  writeFileSync(elsewhere, readFileSync(path), { mode: 0o600 });
  rmSync(path);
  symlinkSync(elsewhere, path);
  expect(await isKnown('intruder')).toBe(false);
});

test.each([
  ['channel', { ...NETWORK, channel: 'rehearsal' }],
  ['organisation', { ...NETWORK, mspId: 'SouthClinicMSP' }],
  ['chaincode', { ...NETWORK, chaincode: 'mine' }],
])('nor one that was made for another %s', async (_what, network) => {
  await plant(network, path);
  expect(await isKnown('intruder')).toBe(false);
});

test('nor one in which a client was written by hand', async () => {
  writeFileSync(path, readFileSync(path, 'utf8').replace('"intruder"', '"accomplice"'));
  expect(await isKnown('accomplice')).toBe(false);
});
