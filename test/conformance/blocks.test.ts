// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { common, peer } from '@hyperledger/fabric-protos';
import { BlockReader, BlockVerificationError } from '../../gateway/src/embedded/protocol/blockReader';
import { dataHash, encodeBlock, headerOf, METADATA } from '../../gateway/src/embedded/protocol/block';
import {
  openEndorserTransaction,
  openEnvelope,
} from '../../gateway/src/embedded/protocol/preparedTransaction';
import { decodeReadWriteSet } from '../../gateway/src/embedded/protocol/readWriteSet';
import { BOTH, GROUPED, type TestClient, type TestNetwork } from './network';
import { startNetwork } from './startNetwork';

const recorded = readFileSync(path.join(__dirname, 'data', 'blocks-3.1.5.base64'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => Buffer.from(line, 'base64'));

jest.setTimeout(30_000);

describe('the block reader on a real chain', () => {
  test('verifies all blocks: hashes, orderer and endorser signatures, commit hashes', () => {
    const reader = new BlockReader();
    const blocks = recorded.map((bytes) => reader.read(bytes));
    const codes = blocks.flatMap(({ transactions }) => transactions.map(({ code }) => code));
    expect(blocks).toHaveLength(66);
    expect([...new Set(codes)].sort((a, b) => a - b)).toEqual([0, 9, 10, 11, 12]);
  });

  /** Block 6 after a change to its parts, read after the five before it. */
  function readChanged(change: (block: common.Block) => void): () => unknown {
    const reader = new BlockReader();
    for (const bytes of recorded.slice(0, 6)) {
      reader.read(bytes);
    }
    const block = common.Block.deserializeBinary(recorded[6] ?? new Uint8Array());
    change(block);
    return () => reader.read(block.serializeBinary());
  }
  const metadata = (block: common.Block, index: number, bytes: Uint8Array): void => {
    const list = block.getMetadata()?.getMetadataList_asU8() ?? [];
    list[index] = bytes;
    block.getMetadata()?.setMetadataList(list);
  };
  const flip = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };

  test('an unchanged block passes', () => {
    expect(readChanged(() => undefined)).not.toThrow();
  });

  test.each<[string, (block: common.Block) => void, string]>([
    [
      'a changed transaction',
      (b) => {
        b.getData()?.setDataList(
          b
            .getData()
            ?.getDataList_asU8()
            .map((d) => flip(d, d.length - 1)) ?? [],
        );
      },
      'data hash',
    ],
    [
      'a changed transaction with a fitting hash',
      (b) => {
        const data =
          b
            .getData()
            ?.getDataList_asU8()
            .map((d) => flip(d, d.length - 1)) ?? [];
        b.getData()?.setDataList(data);
        b.getHeader()?.setDataHash(dataHash(data));
      },
      'no orderer',
    ],
    [
      'another number',
      (b) => {
        b.getHeader()?.setNumber(7);
      },
      'has number 7',
    ],
    [
      'another predecessor',
      (b) => {
        b.getHeader()?.setPreviousHash(Buffer.alloc(32));
      },
      'does not follow',
    ],
    [
      'another validation code',
      (b) => {
        metadata(b, METADATA.TRANSACTIONS_FILTER, Uint8Array.of(11));
      },
      'commit hash',
    ],
    [
      'a missing validation code',
      (b) => {
        metadata(b, METADATA.TRANSACTIONS_FILTER, new Uint8Array());
      },
      'validation codes',
    ],
    [
      'no orderer signature',
      (b) => {
        metadata(b, METADATA.SIGNATURES, new Uint8Array());
      },
      'no orderer',
    ],
    [
      'another commit hash',
      (b) => {
        metadata(b, METADATA.COMMIT_HASH, new Uint8Array());
      },
      'commit hash',
    ],
  ])('%s is found out', (_name, change, reason) => {
    expect(readChanged(change)).toThrow(BlockVerificationError);
    expect(readChanged(change)).toThrow(reason);
  });

  test('a block encoded from its parts has the bytes of the real one', () => {
    const bytes = recorded[6] ?? Buffer.alloc(0);
    const block = common.Block.deserializeBinary(bytes);
    const list = block.getMetadata()?.getMetadataList_asU8() ?? [];
    const commitHash = common.Metadata.deserializeBinary(
      list[METADATA.COMMIT_HASH] ?? new Uint8Array(),
    ).getValue_asU8();
    const encoded = encodeBlock({
      header: headerOf(block),
      data: block.getData()?.getDataList_asU8() ?? [],
      signatures: list[METADATA.SIGNATURES] ?? new Uint8Array(),
      validationCodes: list[METADATA.TRANSACTIONS_FILTER] ?? new Uint8Array(),
      commitHash,
    });
    expect(Buffer.from(encoded).equals(bytes)).toBe(true);
  });
});

describe('blocks of the ledger', () => {
  let plain: TestNetwork;
  let grouped: TestNetwork;
  let network: TestNetwork;
  let holder: TestClient;

  beforeAll(async () => {
    plain = await startNetwork();
    grouped = await startNetwork({ block: GROUPED });
  }, 60_000);
  beforeEach(() => {
    on(plain);
  });
  afterAll(async () => {
    await plain.close();
    await grouped.close();
  });
  function on(chosen: TestNetwork): void {
    network = chosen;
    holder = chosen.as(1);
  }

  const query = (fn: string, ...args: string[]): Promise<Uint8Array> =>
    holder.network.getContract('qscc').evaluateTransaction(fn, network.channel, ...args);
  const chainInfo = async (): Promise<common.BlockchainInfo> =>
    common.BlockchainInfo.deserializeBinary(await query('GetChainInfo'));
  /** Verifies every block from the first on; what each one's first transaction is. */
  async function chain(): Promise<First[]> {
    const info = await chainInfo();
    const reader = new BlockReader();
    const found: First[] = [];
    for (let number = 0; number < info.getHeight(); number += 1) {
      const bytes = await query('GetBlockByNumber', String(number));
      const read = reader.read(bytes);
      expect(read.number).toBe(number);
      found.push(firstOf(bytes));
      if (number === info.getHeight() - 1) {
        expect(read.hash.equals(info.getCurrentblockhash_asU8())).toBe(true);
      }
    }
    return found;
  }
  const endorse = (fn: string, ...args: string[]) =>
    holder.contract.newProposal(fn, { arguments: args, endorsingOrganizations: BOTH }).endorse();
  async function commitAll(values: string[]): Promise<bigint[]> {
    const transactions = [];
    for (const [i, value] of values.entries()) {
      transactions.push(await endorse('put', `k${i}`, value));
    }
    const commits = [];
    for (const transaction of transactions) {
      commits.push(await transaction.submit());
    }
    const statuses = await Promise.all(commits.map((commit) => commit.getStatus()));
    return statuses.map(({ blockNumber }) => blockNumber);
  }

  test('a chain starts with its configuration and the chaincode definition, and verifies', async () => {
    const before = (await chainInfo()).getHeight();
    await holder.submit('put', ['a', '1']);
    await holder.submit('both', ['b'], { transientData: { v: 'x' } });
    const [first, ...others] = await chain();
    expect(others).toHaveLength(before + 1);
    expect(first?.type).toBe(common.HeaderType.CONFIG);
    expect(others.filter(({ type }) => type !== common.HeaderType.ENDORSER_TRANSACTION)).toEqual([]);
    const written = [...new Set(others.flatMap(({ writes }) => writes))];
    const chaincode = written.filter((name) => name === '_lifecycle' || name === 'oracle');
    expect(chaincode).toEqual(['_lifecycle', 'oracle']);
  });

  test('a full count cuts a block, a timeout cuts the rest', async () => {
    on(grouped);
    const [first = 0n, ...others] = await commitAll(['1', '2', '3', '4', '5']);
    expect(others).toEqual([first, first, first, first + 1n]);
    await chain();
  });

  test('a block that would become too large is cut, and an over-large transaction is alone', async () => {
    on(grouped);
    const [first = 0n, ...others] = await commitAll(['x', 'x'.repeat(80_000), 'x', 'y']);
    expect(others).toEqual([first + 1n, first + 2n, first + 2n]);
  });

  test('a transaction beyond the absolute limit is refused by the orderer', async () => {
    on(grouped);
    await expect(holder.submit('put', ['big', 'x'.repeat(GROUPED.absoluteMaxBytes)])).rejects.toMatchObject({
      code: 10,
      message: expect.stringContaining('exceeds maximum allowed 200000 bytes') as string,
      details: [],
    });
  });

  test('a lone transaction does not wait', async () => {
    const height = BigInt((await chainInfo()).getHeight());
    expect(await commitAll(['1'])).toEqual([height]);
    expect(await commitAll(['1', '2'])).toEqual([height + 1n, height + 2n]);
  });

  test('qscc finds blocks and transactions by every key', async () => {
    const commit = await (await endorse('put', 'q', '1')).submit();
    const { transactionId, blockNumber } = await commit.getStatus();
    const byNumber = await query('GetBlockByNumber', String(blockNumber));
    expect(await query('GetBlockByTxID', transactionId)).toEqual(byNumber);
    const hash = (await chainInfo()).getCurrentblockhash_asU8();
    const contract = holder.network.getContract('qscc');
    expect(await contract.evaluate('GetBlockByHash', { arguments: [network.channel, hash] })).toEqual(
      byNumber,
    );
    const processed = peer.ProcessedTransaction.deserializeBinary(
      await query('GetTransactionByID', transactionId),
    );
    expect(processed.getValidationcode()).toBe(0);
    expect(processed.getTransactionenvelope()?.getSignature_asU8().length).toBeGreaterThan(60);
    await expect(query('GetBlockByNumber', '999999')).rejects.toMatchObject({ code: 2 });
    await expect(query('NoSuchFunction', 'x')).rejects.toMatchObject({ code: 2 });
  });

  test('an unsigned transaction is not ordered, a forged one neither', async () => {
    const forged = network.as(1, { signer: () => Promise.resolve(Buffer.from('3006020101020101', 'hex')) });
    const { gateway } = forged;
    const prepared = (await endorse('put', 'f', '1')).getBytes();
    await expect(gateway.newTransaction(prepared).submit()).rejects.toMatchObject({
      code: 10,
      message: expect.stringContaining('FORBIDDEN') as string,
    });
    expect(await holder.evaluate('get', ['f'])).toBe('');
  });
});

interface First {
  readonly type: number;
  /** Namespaces whose public keys it writes. */
  readonly writes: string[];
}

/** The first transaction of a block. */
function firstOf(block: Uint8Array): First {
  const [data = new Uint8Array()] = common.Block.deserializeBinary(block).getData()?.getDataList_asU8() ?? [];
  const parts = openEnvelope(data);
  const type = parts?.channelHeader.getType() ?? -1;
  const transaction = parts && openEndorserTransaction(parts);
  if (type !== common.HeaderType.ENDORSER_TRANSACTION || !transaction) {
    return { type, writes: [] };
  }
  const sets = decodeReadWriteSet(transaction.chaincodeAction.getResults_asU8());
  return {
    type,
    writes: sets.filter(({ writes }) => writes.length > 0).map(({ namespace }) => namespace),
  };
}
