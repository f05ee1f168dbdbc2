// SPDX-License-Identifier: Apache-2.0
import { common } from '@hyperledger/fabric-protos';
import type { Transaction } from '@hyperledger/fabric-gateway';
import { validationCodes } from '../../gateway/src/embedded/protocol/block';
import { BOTH, GROUPED, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

const VALID = 0;
const DUPLICATE = 9;
const MVCC = 11;
const PHANTOM = 12;

jest.setTimeout(30_000);

// Blocks wait for more transactions here, so that several fall into one.
describe('conflicts', () => {
  let network: TestNetwork;
  let holder: TestClient;

  beforeAll(async () => {
    network = await startNetwork({ block: GROUPED });
    holder = network.as(1);
    await holder.submit('put', ['a', '1']);
  }, 60_000);
  afterAll(() => network.close());

  const endorse = (fn: string, ...args: string[]): Promise<Transaction> =>
    holder.contract.newProposal(fn, { arguments: args, endorsingOrganizations: BOTH }).endorse();

  /** Submits all at once; each one's validation code and block. */
  async function commit(...transactions: Transaction[]): Promise<{ codes: number[]; blocks: bigint[] }> {
    const commits = [];
    for (const transaction of transactions) {
      commits.push(await transaction.submit());
    }
    const statuses = await Promise.all(commits.map((submitted) => submitted.getStatus()));
    return {
      codes: statuses.map(({ code }) => code),
      blocks: [...new Set(statuses.map(({ blockNumber }) => blockNumber))],
    };
  }

  test('two read-modify-writes of one key in one block: the first wins', async () => {
    const { codes, blocks } = await commit(await endorse('rmw', 'n'), await endorse('rmw', 'n'));
    expect(codes).toEqual([VALID, MVCC]);
    expect(blocks).toHaveLength(1);
    expect(await holder.evaluate('get', ['n'])).toBe('1');
  });

  test('blind writes of one key never conflict, the last one stands', async () => {
    expect(
      (await commit(await endorse('put', 'blind', '1'), await endorse('put', 'blind', '2'))).codes,
    ).toEqual([VALID, VALID]);
    expect(await holder.evaluate('get', ['blind'])).toBe('2');
  });

  test('reads of different keys do not conflict', async () => {
    expect((await commit(await endorse('rmw', 'x'), await endorse('rmw', 'y'))).codes).toEqual([
      VALID,
      VALID,
    ]);
  });

  test('a key that appears in a scanned range is a phantom, also within the block', async () => {
    const scan = await endorse('rangePut', 'ph0', 'ph9', 'count');
    expect((await commit(await endorse('put', 'ph5', '1'), scan)).codes).toEqual([VALID, PHANTOM]);
  });

  test('a key that goes from a scanned range is a phantom', async () => {
    await holder.submit('put', ['pg1', '1']);
    const scan = await endorse('rangePut', 'pg0', 'pg9', 'count');
    expect((await commit(await endorse('del', 'pg1'), scan)).codes).toEqual([VALID, PHANTOM]);
  });

  test('a key that changes beside a scanned range is none', async () => {
    const scan = await endorse('rangePut', 'pi0', 'pi5', 'count2');
    expect((await commit(await endorse('put', 'pi7', '1'), scan)).codes).toEqual([VALID, VALID]);
  });

  test('a read of a private value that changed conflicts', async () => {
    const put = (value: string) =>
      holder.contract.newProposal('pvtPut', {
        arguments: ['pair', 'p'],
        transientData: { v: value },
        endorsingOrganizations: BOTH,
      });
    await commit(await put('1').endorse());
    const read = await endorse('pvtGetPut', 'pair', 'p', 'seen');
    expect((await commit(await put('2').endorse(), read)).codes).toEqual([VALID, MVCC]);
  });

  test('a transaction submitted twice is a duplicate in the same block and in a later one', async () => {
    const codesOf = async (block: bigint): Promise<number[]> => {
      const bytes = await holder.network
        .getContract('qscc')
        .evaluateTransaction('GetBlockByNumber', network.channel, String(block));
      return [...validationCodes(common.Block.deserializeBinary(bytes))];
    };
    // On a busy machine two submissions may miss each other's block: a duplicate all the same, and tried
    // again.
    let transaction: Transaction;
    let key: string;
    let blockNumber: bigint;
    let attempt = 0;
    do {
      attempt += 1;
      key = `twice-${String(attempt)}`;
      transaction = await endorse('put', key, '1');
      const [first, second] = await Promise.all([transaction.submit(), transaction.submit()]);
      const statuses = [await first.getStatus(), await second.getStatus()];
      expect(statuses.map(({ code }) => code)).toEqual([VALID, VALID]);
      blockNumber = statuses[0]?.blockNumber ?? 0n;
    } while ((await codesOf(blockNumber)).length === 1 && attempt < 10);
    expect(await codesOf(blockNumber)).toEqual([VALID, DUPLICATE]);
    await (await transaction.submit()).getStatus();
    await holder.submit('put', ['later', '1']);
    expect((await codesOf(blockNumber + 1n))[0]).toBe(DUPLICATE);
    expect(await holder.evaluate('history', [key])).toBe('[[false,"1"]]');
  });

  test('a stale transaction may be tried again with a new proposal', async () => {
    const stale = await endorse('rmw', 'retry');
    await holder.submit('rmw', ['retry']);
    expect((await commit(stale)).codes).toEqual([MVCC]);
    expect((await commit(await endorse('rmw', 'retry'))).codes).toEqual([VALID]);
    expect(await holder.evaluate('get', ['retry'])).toBe('2');
  });
});
