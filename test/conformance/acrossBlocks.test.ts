// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import {
  openEndorserTransaction,
  openEnvelope,
} from '../../gateway/src/embedded/protocol/preparedTransaction';
import { decodeReadWriteSet, type NamespaceSet } from '../../gateway/src/embedded/protocol/readWriteSet';
import { untilItWorks } from '../support/untilItWorks';
import { call, get, put, run, runAndCommit } from './acrossSteps';
import { BOTH, SECOND, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

jest.setTimeout(60_000);

const RUN = 'Across:run';

describe('a call across channels', () => {
  let network: TestNetwork;
  let holder: TestClient;
  let trustee: TestClient;
  let second: TestClient;

  beforeAll(async () => {
    network = await startNetwork({ channels: true });
    connect();
  }, 120_000);
  afterAll(() => network.close());

  function connect(): void {
    holder = network.as(1);
    trustee = network.as(2, { channel: SECOND });
    second = network.as(1, { channel: SECOND });
  }

  async function blockOf(transactionId: string): Promise<Uint8Array> {
    return holder.network
      .getContract('qscc')
      .evaluateTransaction('GetBlockByTxID', network.channel, transactionId);
  }

  function setsOf(block: Uint8Array): NamespaceSet[] {
    const [data = new Uint8Array()] =
      common.Block.deserializeBinary(block).getData()?.getDataList_asU8() ?? [];
    const parts = openEnvelope(data);
    const transaction = parts && openEndorserTransaction(parts);
    return decodeReadWriteSet(transaction?.chaincodeAction.getResults_asU8() ?? new Uint8Array());
  }

  test('nothing of it is in the block: no key, no value, no hash, no collection', async () => {
    const key = 'person-4711';
    const secret = { transientData: { v: 'what the person wants' }, endorsingOrganizations: BOTH };
    await trustee.submit('pvtPut', ['pair', key], secret);
    await second.submit('put', [key, 'what all may read']);
    await untilItWorks(async () => {
      expect(await second.evaluate('pvtGet', ['pair', key])).not.toBe('');
    });
    const steps = [
      get(key),
      { do: 'privateGet', collection: 'pair', key },
      put('written there', 'by a call'),
      { do: 'privatePut', collection: 'pair', key: 'written there', value: 'by a call' },
    ];
    const outer = [
      get('blocks1'),
      { do: 'call', channel: SECOND, secret: 'steps', quiet: true },
      put('blocks2', 'x'),
      { do: 'privatePut', collection: 'pair', key: 'blocks3', value: 'x' },
    ];
    const commit = await holder.contract.submitAsync(RUN, {
      arguments: [JSON.stringify(outer)],
      transientData: { steps: JSON.stringify(steps) },
      endorsingOrganizations: BOTH,
    });
    expect((await commit.getStatus()).code).toBe(0);

    const block = Buffer.from(await blockOf(commit.getTransactionId()));
    for (const text of [key, 'what the person wants', 'what all may read', 'written there', 'by a call']) {
      const bytes = Buffer.from(text);
      for (const form of [bytes, createHash('sha256').update(bytes).digest()]) {
        expect(block.includes(form)).toBe(false);
        for (const encoding of ['hex', 'base64', 'base64url'] as const) {
          expect(block.includes(form.toString(encoding).replace(/=+$/, ''))).toBe(false);
        }
      }
    }
    expect(block.includes(createHash('sha256').update('blocks3').digest())).toBe(true);

    const sets = setsOf(block);
    expect(sets.map(({ namespace }) => namespace).sort()).toEqual(['_lifecycle', 'oracle']);
    const own = sets.find(({ namespace }) => namespace === 'oracle');
    expect(own?.reads.map((read) => read.key)).toEqual(['blocks1']);
    expect(own?.writes.map((write) => write.key)).toEqual(['blocks2']);
    expect(own?.collections.map(({ name, reads, writes }) => [name, reads.length, writes.length])).toEqual([
      ['pair', 0, 1],
    ]);
  });

  test('the same call weighs nothing: the results are those of a transaction without it', async () => {
    const commitOf = async (steps: object[]): Promise<NamespaceSet[]> => {
      const commit = await holder.contract.submitAsync(RUN, {
        arguments: [JSON.stringify(steps)],
        endorsingOrganizations: BOTH,
      });
      await commit.getStatus();
      return setsOf(await blockOf(commit.getTransactionId()));
    };
    const without = await commitOf([put('weight', 'x')]);
    const withCall = await commitOf([call(SECOND, [get('a'), get('b'), put('c', 'x')]), put('weight', 'x')]);
    expect(withCall).toEqual(without);
  });

  test('what it read may change before the transaction commits, which is valid nevertheless', async () => {
    await second.submit('put', ['stale', 'old']);
    const transaction = await holder.contract
      .newProposal(RUN, {
        arguments: [
          JSON.stringify([call(SECOND, [get('stale')], { quiet: true }), put('stale-decision', 'x')]),
        ],
        endorsingOrganizations: BOTH,
      })
      .endorse();
    await second.submit('put', ['stale', 'new']);
    expect((await (await transaction.submit()).getStatus()).code).toBe(0);
  });

  test('it sees what was committed before it, each time', async () => {
    for (let i = 0; i < 20; i += 1) {
      await second.submit('put', ['fresh', i]);
      expect(JSON.parse(await run(holder, [call(SECOND, [get('fresh')])]))).toEqual([
        { status: 200, message: '', payload: [String(i)] },
      ]);
    }
  });

  test('two calls of one transaction see two heights when a block came between', async () => {
    await second.submit('put', ['moving', 'start']);
    const watch = { do: 'callUntilChanged', channel: SECOND, steps: [get('moving')] };
    const answer = run(holder, [watch], { endorsingOrganizations: ['Org1MSP'] });
    const ended = answer.then(
      () => true,
      () => true,
    );
    const move = async (i: number): Promise<boolean> => {
      await second.submit('put', ['moving', i]);
      return false;
    };
    let moves = 0;
    while (!(await Promise.race([ended, move(moves)]))) {
      moves += 1;
    }
    expect(await answer).toBe('["changed"]');
  });

  test('many at once, while both channels commit', async () => {
    const tasks = Array.from({ length: 24 }, async (_, i) => {
      const client = i % 3 === 2 ? second : holder;
      const steps =
        i % 3 === 0 ? [call(SECOND, [get('busy')]), put(`busy${i}`, 'x')] : [put(`busy${i}`, 'x')];
      return runAndCommit(client, steps);
    });
    await expect(Promise.all(tasks)).resolves.toHaveLength(24);
  });

  test('after a restart both channels have what they had', async () => {
    await second.submit('put', ['kept', 'there']);
    await holder.submit('put', ['kept', 'here']);
    await network.restart();
    connect();
    const { value } = await untilItWorks(() => run(holder, [get('kept'), call(SECOND, [get('kept')])]));
    expect(JSON.parse(value)).toEqual(['here', { status: 200, message: '', payload: ['there'] }]);
    await untilItWorks(() => second.submit('put', ['kept', 'again']));
    expect(await second.evaluate('get', ['kept'])).toBe('again');
  });
});
