// SPDX-License-Identifier: Apache-2.0
/**
 * What only the embedded ledger can be asked, and why: these tests look into its own files, which hold every
 * organisation's private data side by side; a peer's lie in LevelDB files of its own making, and leave the
 * disk when Fabric sees fit.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../gateway/src/embedded/protocol/sha256';
import { LedgerStore } from '../../gateway/src/embedded/store/ledgerStore';
import { type EmbeddedTestNetwork, startEmbeddedNetwork } from './embeddedNetwork';
import { BOTH, type TestClient } from './network';

const TRUSTEE = { endorsingOrganizations: ['Org2MSP'] };

jest.setTimeout(30_000);

describe('private data in the embedded ledger’s files', () => {
  let network: EmbeddedTestNetwork;
  let holder: TestClient;
  let trustee: TestClient;

  beforeAll(async () => {
    network = await startEmbeddedNetwork();
    connect();
  }, 60_000);
  afterAll(() => network.close());
  function connect(): void {
    [holder, trustee] = [network.as(1), network.as(2)];
  }

  /** Looks into the store beside the running ledger. */
  function inStore<T>(look: (store: LedgerStore) => T): T {
    const store = LedgerStore.open(path.join(network.dataDir, 'blocks.db'));
    try {
      return look(store);
    } finally {
      store.close();
    }
  }
  const copyOf = (mspId: string, collection: string, key: string): string | undefined =>
    inStore(({ reader }) =>
      reader.privateValueAndHash(mspId, 'oracle', collection, key, sha256(key)).value?.value.toString(),
    );
  const filesWith = (needle: string): string[] =>
    readdirSync(network.dataDir).filter(
      (name) => name.includes('.db') && readFileSync(path.join(network.dataDir, name)).includes(needle),
    );
  const propose = (value: string, key: string) =>
    holder.contract.newProposal('pvtPut', {
      arguments: ['pair', key],
      transientData: { v: value },
      endorsingOrganizations: BOTH,
    });

  test('only members’ copies are stored; the chain holds the hash', async () => {
    await (await (await propose('distinctive-secret', 'secret-key').endorse()).submit()).getStatus();
    expect(['Org1MSP', 'Org2MSP', 'Org3MSP'].map((mspId) => copyOf(mspId, 'pair', 'secret-key'))).toEqual([
      'distinctive-secret',
      'distinctive-secret',
      undefined,
    ]);
    inStore(({ reader }) => {
      const chain = Array.from(
        { length: reader.height() },
        (_, number) => reader.block(number) ?? Buffer.alloc(0),
      );
      expect(chain.some((block) => block.includes('distinctive-secret'))).toBe(false);
      expect(chain.some((block) => block.includes(sha256('distinctive-secret')))).toBe(true);
    });
  });

  test('a purged value is gone from the files, also from free pages and the transient store', async () => {
    await trustee.submit('pvtPut', ['all', 'erase'], {
      transientData: { v: 'erase-this-value' },
      ...TRUSTEE,
    });
    await trustee.submit('pvtPurge', ['all', 'erase'], TRUSTEE);
    await network.restart();
    await network.ledger.close();
    expect(filesWith('distinctive-secret')).not.toEqual([]);
    expect(filesWith('erase-this-value')).toEqual([]);
    await network.restart();
    connect();
  });

  test('where the transient store was lost, the transaction is refused, not committed without its data', async () => {
    const prepared = (await propose('v', 'lost').endorse()).getBytes();
    await network.ledger.close();
    rmSync(path.join(network.dataDir, 'transient.db'));
    await network.restart();
    connect();
    await expect(holder.gateway.newTransaction(prepared).submit()).rejects.toMatchObject({
      code: 10,
      message: expect.stringContaining('private data') as string,
    });
    expect(await holder.evaluate('pvtHash', ['pair', 'lost'])).toBe('');
  });
});
