// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../gateway/src/embedded/protocol/sha256';
import { LedgerStore } from '../../gateway/src/embedded/store/ledgerStore';
import { BOTH, startNetwork, type TestClient, type TestNetwork } from './network';

const TRUSTEE = { endorsingOrganizations: ['Org2MSP'] };

jest.setTimeout(30_000);

describe('private data', () => {
  let network: TestNetwork;
  let holder: TestClient;
  let trustee: TestClient;
  let other: TestClient;

  beforeAll(async () => {
    network = await startNetwork();
    [holder, trustee, other] = [network.as(1), network.as(2), network.as(3)];
  }, 60_000);
  afterAll(() => network.close());

  const put = (collection: string, key: string, value: string): Promise<Uint8Array> =>
    holder.submit('pvtPut', [collection, key], { transientData: { v: value } });

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

  test('only members keep the value; the block holds its hash', async () => {
    await put('pair', 'secret-key', 'distinctive-secret');
    expect(copyOf('Org1MSP', 'pair', 'secret-key')).toBe('distinctive-secret');
    expect(copyOf('Org2MSP', 'pair', 'secret-key')).toBe('distinctive-secret');
    expect(copyOf('Org3MSP', 'pair', 'secret-key')).toBeUndefined();
    expect(await other.evaluate('pvtHash', ['pair', 'secret-key'])).toBe(
      sha256('distinctive-secret').toString('hex'),
    );
    inStore(({ reader }) => {
      const chain = Array.from(
        { length: reader.height() },
        (_, number) => reader.block(number) ?? Buffer.alloc(0),
      );
      for (const needle of ['distinctive-secret', 'transient']) {
        expect(chain.some((block) => block.includes(needle))).toBe(false);
      }
      expect(chain.some((block) => block.includes(sha256('distinctive-secret')))).toBe(true);
    });
  });

  test('a member that did not endorse gets the value too', async () => {
    await trustee.submit('pvtPut', ['all', 'shared'], { transientData: { v: 'for all' }, ...TRUSTEE });
    expect(await other.evaluate('pvtGet', ['all', 'shared'])).toBe('for all');
  });

  test('a purged value is gone from the store, also from free pages', async () => {
    await trustee.submit('pvtPut', ['all', 'erase'], {
      transientData: { v: 'erase-this-value' },
      ...TRUSTEE,
    });
    await trustee.submit('pvtPurge', ['all', 'erase'], TRUSTEE);
    expect(await trustee.evaluate('pvtGet', ['all', 'erase'])).toBe('');
    expect(await trustee.evaluate('pvtHash', ['all', 'erase'])).toBe('');
    await network.restart();
    [holder, trustee, other] = [network.as(1), network.as(2), network.as(3)];
    await network.ledger.close();
    const files = readdirSync(network.dataDir).filter((name) => name.startsWith('blocks.db'));
    for (const name of files) {
      expect(readFileSync(path.join(network.dataDir, name)).includes('erase-this-value')).toBe(false);
    }
    await network.restart();
    [holder, trustee, other] = [network.as(1), network.as(2), network.as(3)];
  });

  test('a block-to-live of two ends with the third block after the write', async () => {
    const next = (): Promise<Uint8Array> => holder.submit('put', ['tick', 'x']);
    await put('short', 'brief', 'soon gone');
    await next();
    await next();
    expect(await holder.evaluate('pvtGet', ['short', 'brief'])).toBe('soon gone');
    await next();
    expect(await holder.evaluate('pvtGet', ['short', 'brief'])).toBe('');
    expect(await holder.evaluate('pvtHash', ['short', 'brief'])).toBe('');
  });

  test('writing again starts the life anew', async () => {
    const next = (): Promise<Uint8Array> => holder.submit('put', ['tick', 'x']);
    await put('short', 'renewed', '1');
    await next();
    await put('short', 'renewed', '2');
    await next();
    await next();
    expect(await holder.evaluate('pvtGet', ['short', 'renewed'])).toBe('2');
  });

  test('queries of private data are for transactions that write nothing', async () => {
    await put('pair', 'q1', 'one');
    expect(JSON.parse(await holder.evaluate('pvtRange', ['pair', 'q', 'r']))).toEqual([['q1', 'one']]);
  });

  test('members only: reads and writes of an outsider are refused wherever it asks', async () => {
    const outsider = network.as(3, { peer: 1 });
    await expect(outsider.evaluate('pvtGet', ['pair', 'secret-key'])).rejects.toMatchObject({ code: 2 });
    const write = other.submit('pvtPut', ['pair', 'x'], { transientData: { v: 'x' } });
    await expect(write).rejects.toMatchObject({ code: 10 });
  });

  test('a prepared transaction whose private data went with a restart is refused, not committed without them', async () => {
    const proposal = holder.contract.newProposal('pvtPut', {
      arguments: ['pair', 'lost'],
      transientData: { v: 'v' },
      endorsingOrganizations: BOTH,
    });
    const prepared = (await proposal.endorse()).getBytes();
    await network.restart();
    [holder, trustee, other] = [network.as(1), network.as(2), network.as(3)];
    await expect(holder.gateway.newTransaction(prepared).submit()).rejects.toMatchObject({
      code: 10,
      message: expect.stringContaining('private data') as string,
    });
    expect(await holder.evaluate('pvtHash', ['pair', 'lost'])).toBe('');
  });
});
