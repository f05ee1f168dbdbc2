// SPDX-License-Identifier: Apache-2.0
import type { Transaction } from '@hyperledger/fabric-gateway';
import { gateway } from '@hyperledger/fabric-protos';
import {
  openEndorserTransaction,
  openEnvelope,
} from '../../gateway/src/embedded/protocol/preparedTransaction';
import { decodeReadWriteSet } from '../../gateway/src/embedded/protocol/readWriteSet';
import { sha256 } from '../../gateway/src/embedded/protocol/sha256';
import { BOTH, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

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

  /** What a member's client finds at an organisation's peer. */
  const copyAt = (peer: number, collection: string, key: string): Promise<string> =>
    network
      .as(1, { peer })
      .evaluate('pvtGet', [collection, key], { endorsingOrganizations: [`Org${String(peer)}MSP`] });
  const query = (fn: string, ...args: string[]): Promise<Uint8Array> =>
    holder.network.getContract('qscc').evaluateTransaction(fn, network.channel, ...args);

  test('only members keep the value; the block holds its hash', async () => {
    const submitted = await holder.contract.submitAsync('pvtPut', {
      arguments: ['pair', 'secret-key'],
      transientData: { v: 'distinctive-secret' },
      endorsingOrganizations: BOTH,
    });
    const { blockNumber, successful } = await submitted.getStatus();
    expect(successful).toBe(true);
    expect(await copyAt(1, 'pair', 'secret-key')).toBe('distinctive-secret');
    expect(await copyAt(2, 'pair', 'secret-key')).toBe('distinctive-secret');
    await expect(copyAt(3, 'pair', 'secret-key')).rejects.toMatchObject({ code: 2 });
    expect(await other.evaluate('pvtHash', ['pair', 'secret-key'])).toBe(
      sha256('distinctive-secret').toString('hex'),
    );
    const block = Buffer.from(await query('GetBlockByNumber', String(blockNumber)));
    expect(block.includes(sha256('distinctive-secret'))).toBe(true);
    for (const needle of ['distinctive-secret', 'transient']) {
      expect(block.includes(needle)).toBe(false);
    }
  });

  test('a transaction with private data reads the whole definition, one without only its sequence', async () => {
    const definition = ['Collections', 'EndorsementInfo', 'Sequence', 'ValidationInfo'].map(
      (field) => `namespaces/fields/oracle/${field}`,
    );
    const reads = async (transaction: Promise<Transaction>): Promise<string[] | undefined> => {
      const prepared = gateway.PreparedTransaction.deserializeBinary((await transaction).getBytes());
      const parts = openEnvelope(prepared.getEnvelope()?.serializeBinary() ?? new Uint8Array());
      const results = parts && openEndorserTransaction(parts)?.chaincodeAction.getResults_asU8();
      const sets = decodeReadWriteSet(results ?? new Uint8Array());
      return sets.find(({ namespace }) => namespace === '_lifecycle')?.reads.map(({ key }) => key);
    };
    const named = { endorsingOrganizations: BOTH };
    const { contract } = holder;
    const withData = { arguments: ['pair', 'd'], transientData: { v: 'x' }, ...named };
    expect(await reads(contract.newProposal('pvtPut', withData).endorse())).toEqual([
      ...definition,
      'namespaces/metadata/oracle',
    ]);
    expect(await reads(contract.newProposal('put', { arguments: ['d', 'x'], ...named }).endorse())).toEqual([
      'namespaces/fields/oracle/Sequence',
    ]);
  });

  test('the hash of a key in a collection that does not exist', async () => {
    await expect(holder.evaluate('pvtHash', ['nocoll', 'k'])).rejects.toMatchObject({
      code: 2,
      message: expect.stringContaining(
        'collection [nocoll] not defined in the collection config for chaincode [oracle]',
      ) as string,
    });
  });

  test('a member that did not endorse gets the value too', async () => {
    await trustee.submit('pvtPut', ['all', 'shared'], { transientData: { v: 'for all' }, ...TRUSTEE });
    expect(await other.evaluate('pvtGet', ['all', 'shared'])).toBe('for all');
  });

  test('a purged value and its hash are gone', async () => {
    await trustee.submit('pvtPut', ['all', 'erase'], {
      transientData: { v: 'erase-this-value' },
      ...TRUSTEE,
    });
    await trustee.submit('pvtPurge', ['all', 'erase'], TRUSTEE);
    expect(await trustee.evaluate('pvtGet', ['all', 'erase'])).toBe('');
    expect(await trustee.evaluate('pvtHash', ['all', 'erase'])).toBe('');
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

  test('a prepared transaction outlives a restart, with its private data', async () => {
    const proposal = holder.contract.newProposal('pvtPut', {
      arguments: ['pair', 'kept'],
      transientData: { v: 'v' },
      endorsingOrganizations: BOTH,
    });
    const prepared = (await proposal.endorse()).getBytes();
    await network.restart();
    [holder, trustee, other] = [network.as(1), network.as(2), network.as(3)];
    const { successful } = await (await holder.gateway.newTransaction(prepared).submit()).getStatus();
    expect(successful).toBe(true);
    expect(await copyAt(1, 'pair', 'kept')).toBe('v');
    expect(await copyAt(2, 'pair', 'kept')).toBe('v');
  });
});
