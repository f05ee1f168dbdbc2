// SPDX-License-Identifier: Apache-2.0
import { checkpointers, type ChaincodeEvent, type CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { BOTH, GROUPED, text, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

jest.setTimeout(30_000);

async function take<T>(stream: CloseableAsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) {
    items.push(item);
    if (items.length === count) {
      break;
    }
  }
  stream.close();
  return items;
}

describe('events and delivery', () => {
  let network: TestNetwork;
  let holder: TestClient;

  beforeAll(async () => {
    network = await startNetwork({ block: GROUPED });
    holder = network.as(1);
  }, 60_000);
  afterAll(() => network.close());

  const emit = (name: string) =>
    holder.contract
      .newProposal('event', { arguments: [name, `payload of ${name}`], endorsingOrganizations: BOTH })
      .endorse();
  /** Events of one block in the given order. */
  async function emitTogether(...names: string[]) {
    const transactions = [];
    for (const name of names) {
      transactions.push(await emit(name));
    }
    const commits = [];
    for (const transaction of transactions) {
      commits.push(await transaction.submit());
    }
    return Promise.all(commits.map((commit) => commit.getStatus()));
  }
  const commitWithoutEvent = async () => {
    const put = holder.contract.newProposal('put', { arguments: ['x', 'y'], endorsingOrganizations: BOTH });
    return (await (await put.endorse()).submit()).getStatus();
  };
  const names = (events: ChaincodeEvent[]): string[] => events.map(({ eventName }) => eventName);
  const from = (options: Parameters<TestClient['network']['getChaincodeEvents']>[1]) =>
    holder.network.getChaincodeEvents('oracle', options);

  test('from a block on, in order, with block and transaction', async () => {
    const [a, b] = await emitTogether('a', 'b');
    const events = await take(await from({ startBlock: a?.blockNumber ?? 0n }), 2);
    expect(names(events)).toEqual(['a', 'b']);
    expect(events[1]).toMatchObject({
      blockNumber: b?.blockNumber,
      transactionId: b?.transactionId,
      chaincodeName: 'oracle',
    });
    expect(text(events[0]?.payload ?? new Uint8Array())).toBe('payload of a');
  });

  test('after a transaction in the middle of a block, the rest of the block follows', async () => {
    const [first] = await emitTogether('m1', 'm2', 'm3');
    const checkpoint = {
      getBlockNumber: () => first?.blockNumber,
      getTransactionId: () => first?.transactionId,
    };
    expect(names(await take(await from({ checkpoint }), 2))).toEqual(['m2', 'm3']);
  });

  test('a checkpoint that counts along', async () => {
    const [status] = await emitTogether('c1', 'c2', 'c3');
    const checkpointer = checkpointers.inMemory();
    await checkpointer.checkpointBlock((status?.blockNumber ?? 0n) - 1n);
    const taken: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const [event] = await take(await from({ checkpoint: checkpointer }), 1);
      if (event) {
        await checkpointer.checkpointChaincodeEvent(event);
      }
      taken.push(event?.eventName ?? 'none');
    }
    expect(taken).toEqual(['c1', 'c2', 'c3']);
  });

  test.each([
    ['that had no event', async () => (await commitWithoutEvent()).transactionId],
    ['that does not exist', () => Promise.resolve('ab'.repeat(32))],
  ])('after a transaction %s nothing comes, whatever follows', async (_which, transaction) => {
    const { blockNumber } = await commitWithoutEvent();
    const transactionId = await transaction();
    const checkpoint = { getBlockNumber: () => blockNumber, getTransactionId: () => transactionId };
    const silent = await from({ checkpoint });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { eventName } of silent) {
        seen.push(eventName);
      }
    })();
    const control = await from({ startBlock: blockNumber });
    await emitTogether('w1', 'w2');
    expect(names(await take(control, 2))).toEqual(['w1', 'w2']);
    silent.close();
    await expect(reading).rejects.toMatchObject({ code: 1 });
    expect(seen).toEqual([]);
  });

  test('an invalid transaction gives no event', async () => {
    const { height } = { height: (await emitTogether('before'))[0]?.blockNumber ?? 0n };
    const invalid = await holder.contract
      .newProposal('event', { arguments: ['invalid', 'x'], endorsingOrganizations: ['Org1MSP'] })
      .endorse();
    expect(await (await invalid.submit()).getStatus()).toMatchObject({ code: 10 });
    await emitTogether('after');
    expect(names(await take(await from({ startBlock: height }), 2))).toEqual(['before', 'after']);
  });

  test('full blocks from the first on, and the stream goes on with new ones', async () => {
    const stream = await holder.network.getBlockEvents({ startBlock: 0n });
    const blocks = [];
    let submitted = false;
    for await (const block of stream) {
      blocks.push(block.getHeader()?.getNumber());
      if (!submitted && blocks.length > 3) {
        submitted = true;
        await emitTogether('live');
      }
      const last = blocks.at(-1);
      const status = await holder.network
        .getContract('qscc')
        .evaluateTransaction('GetChainInfo', network.channel);
      if (submitted && status.length > 0 && last !== undefined && last > 3) {
        break;
      }
    }
    stream.close();
    expect(blocks).toEqual(blocks.map((_, i) => i));
  });

  test('filtered blocks have codes and event names but no payload', async () => {
    const [status] = await emitTogether('filtered');
    const stream = await holder.network.getFilteredBlockEvents({ startBlock: status?.blockNumber ?? 0n });
    const [block] = await take(stream, 1);
    const [transaction] = block?.getFilteredTransactionsList() ?? [];
    expect(transaction?.getTxid()).toBe(status?.transactionId);
    const event = transaction?.getTransactionActions()?.getChaincodeActionsList()[0]?.getChaincodeEvent();
    expect([event?.getEventName(), event?.getPayload_asU8().length]).toEqual(['filtered', 0]);
  });

  test('a filtered transaction without event has an empty list of them', async () => {
    const status = await commitWithoutEvent();
    const stream = await holder.network.getFilteredBlockEvents({ startBlock: status.blockNumber });
    const [block] = await take(stream, 1);
    const [transaction] = block?.getFilteredTransactionsList() ?? [];
    expect(transaction?.getTransactionActions()?.getChaincodeActionsList()).toEqual([]);
  });

  test('blocks of an unknown channel are refused with a status', async () => {
    const client = network.as(1, { channel: 'nochannel' });
    await expect(take(await client.network.getBlockEvents({ startBlock: 0n }), 1)).rejects.toThrow('404');
  });

  test('blocks are not for strangers', async () => {
    const client = network.as(1, { mspId: 'Org2MSP' });
    await expect(take(await client.network.getBlockEvents({ startBlock: 0n }), 1)).rejects.toThrow('403');
  });

  test('many closed streams leave the ledger working', async () => {
    for (let i = 0; i < 20; i += 1) {
      await take(await from({ startBlock: 0n }), 1);
    }
    expect(await holder.submit('put', ['still', 'here'])).toBeDefined();
  });

  test('events go on after a restart from the checkpoint', async () => {
    const [status] = await emitTogether('r1', 'r2');
    await network.restart();
    holder = network.as(1);
    const checkpoint = {
      getBlockNumber: () => status?.blockNumber,
      getTransactionId: () => status?.transactionId,
    };
    expect(names(await take(await from({ checkpoint }), 1))).toEqual(['r2']);
  });
});
