// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import { LedgerError } from '../../../gateway/src/ledger/ledgerError';
import { createNetworkDirectory } from '../../../gateway/src/registry/networkDirectory';
import { createRegistryCache, type RegistryCache } from '../../../gateway/src/registry/registryCache';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';
import { NORTH, startTestNetwork } from '../ledger/network';

const SILENT = pino({ level: 'silent' });

function named(name: string) {
  return { mspId: NORTH, role: 'holder' as const, name, identifiers: [] };
}

describe('the directory of the network', () => {
  let ledger: FakeProvenanceLedger;
  let cache: RegistryCache;
  let now: number;
  beforeEach(() => {
    now = 1_000_000;
    ledger = new FakeProvenanceLedger();
    cache = createRegistryCache({ ledger, log: SILENT, clock: () => now });
  });
  afterEach(() => cache.close());

  test('has no names before the first answer, and keeps them when the ledger is away for longer than an answer lasts', async () => {
    const directory = createNetworkDirectory(cache);
    expect(directory.nameOf(NORTH)).toBe(NORTH);
    await ledger.admitOrganisation(named('North Hospital'));
    await directory.freshen();
    expect(directory.nameOf(NORTH)).toBe('North Hospital');
    ledger.failing = new LedgerError('unavailable', 'down', { reason: 'NO_ANSWER' });
    now += 3_600_000;
    await directory.freshen();
    expect(directory.nameOf(NORTH)).toBe('North Hospital');
    expect(directory.organisations()).toHaveLength(1);
  });

  test('has the remembered names at once, and the ledger’s as soon as it answers', async () => {
    const directory = createNetworkDirectory(cache, [{ ...named('North of old'), status: 'active' }]);
    ledger.failing = new LedgerError('unavailable', 'down', { reason: 'NO_ANSWER' });
    await directory.freshen();
    expect(directory.nameOf(NORTH)).toBe('North of old');
    expect(directory.organisations().map(({ name }) => name)).toEqual(['North of old']);
    ledger.failing = undefined;
    await ledger.admitOrganisation(named('North Hospital'));
    now += 60_000;
    await directory.freshen();
    expect(directory.nameOf(NORTH)).toBe('North Hospital');
  });

  test('says once why it cannot be read, and when it can be again', async () => {
    const log = { warn: jest.fn(), info: jest.fn() };
    const directory = createNetworkDirectory(cache, [], log);
    ledger.failing = new LedgerError('unavailable', 'what the peer said', { reason: 'IDENTITY_REFUSED' });
    await directory.freshen();
    await directory.freshen();
    expect(log.warn.mock.calls).toEqual([
      [
        expect.objectContaining({ problem: 'IDENTITY_REFUSED', cause: 'what the peer said' }),
        'the Registry cannot be read',
      ],
    ]);
    ledger.failing = undefined;
    await directory.freshen();
    await directory.freshen();
    expect(log.info).toHaveBeenCalledTimes(1);
  });

  test('has settings once the network is set up', async () => {
    const directory = createNetworkDirectory(cache);
    await expect(directory.settings()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    const settings = {
      trustee: 'TrusteeMSP',
      defaultPolicy: { rules: [], default: 'deny' as const },
      identifierSystems: US_IDENTIFIER_SYSTEMS,
    };
    await ledger.initialise(settings);
    now += 10_000;
    expect(await directory.settings()).toEqual(settings);
  });
});

test('a new name is heard of from the ledger, whatever the list does', async () => {
  const network = await startTestNetwork();
  const cache = createRegistryCache({ ledger: network.trustee, log: SILENT });
  try {
    const directory = createNetworkDirectory(cache);
    await directory.freshen();
    const name = `${directory.nameOf(NORTH)} and Hospice`;
    await network.trustee.admitOrganisation(named(name));
    while (directory.nameOf(NORTH) !== name) {
      await pause(10);
      await directory.freshen();
    }
  } finally {
    await cache.close();
    await network.close();
  }
});
