// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPrivateKey } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { connect, signers, type Contract, type Gateway } from '@hyperledger/fabric-gateway';
import {
  startEmbeddedLedger,
  type EmbeddedLedger,
  type EmbeddedLedgerOptions,
} from '../../../gateway/src/embedded';
import { BlockReader } from '../../../gateway/src/embedded/protocol/blockReader';
import { LedgerStore } from '../../../gateway/src/embedded/store/ledgerStore';

const MODULE = path.resolve(__dirname, '../../conformance/data/chaincode');

jest.setTimeout(60_000);

describe('starting the embedded ledger', () => {
  let dataDir: string;
  const open: { gateway: Gateway; client: grpc.Client }[] = [];
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'ledger-'));
  });
  afterEach(() => {
    for (const { gateway, client } of open.splice(0)) {
      gateway.close();
      client.close();
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  function options(changes: Partial<EmbeddedLedgerOptions> = {}): EmbeddedLedgerOptions {
    return {
      dataDir,
      channel: 'ch',
      organisations: [{ mspId: 'AMSP' }],
      chaincode: { name: 'oracle', module: MODULE, endorsementPolicy: "'AMSP.peer'" },
      ...changes,
    };
  }
  async function running<T>(
    changes: Partial<EmbeddedLedgerOptions>,
    use: (ledger: EmbeddedLedger) => Promise<T>,
  ): Promise<T> {
    const ledger = await startEmbeddedLedger(options(changes));
    try {
      return await use(ledger);
    } finally {
      await ledger.close();
    }
  }
  function contractOf(
    ledger: EmbeddedLedger,
    mspId: string,
    userName = 'User1',
  ): { contract: Contract; gateway: Gateway } {
    const { endpoint, users } = ledger.organisation(mspId);
    const user = users[userName];
    if (!user) {
      throw new Error(`no user ${userName}`);
    }
    const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
    const gateway = connect({
      client,
      identity: { mspId, credentials: Buffer.from(user.certificatePem) },
      signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.privateKeyPath))),
    });
    open.push({ gateway, client });
    return { contract: gateway.getNetwork('ch').getContract('oracle'), gateway };
  }
  const get = async (contract: Contract, key: string): Promise<string> =>
    Buffer.from(await contract.evaluate('get', { arguments: [key] })).toString();

  test('says that it is one process and not independent parties', async () => {
    const lines: string[] = [];
    await running({ log: (line) => void lines.push(line) }, () => Promise.resolve());
    expect(lines[0]).toContain('not independent parties');
  });

  test('named users have their attributes, unknown organisations are refused', async () => {
    const organisations = [{ mspId: 'AMSP', users: [{ name: 'gateway', attributes: { role: 'holder' } }] }];
    await running({ organisations }, async (ledger) => {
      expect(Object.keys(ledger.organisation('AMSP').users).sort()).toEqual(['Admin', 'gateway']);
      const { contract } = contractOf(ledger, 'AMSP', 'gateway');
      expect(Buffer.from(await contract.evaluate('who')).toString()).toContain('CN=gateway@a.example.com');
      expect(() => ledger.organisation('BMSP')).toThrow('BMSP');
    });
  });

  test.each<[string, Partial<EmbeddedLedgerOptions>, string]>([
    ['no organisation', { organisations: [] }, 'at least one'],
    ['an organisation twice', { organisations: [{ mspId: 'A' }, { mspId: 'A' }] }, 'distinct'],
    ["the orderer's name", { organisations: [{ mspId: 'OrdererMSP' }] }, 'OrdererMSP'],
    ['a name that is no file name', { organisations: [{ mspId: '../A' }] }, 'MSP id'],
    [
      'a malformed policy',
      { chaincode: { name: 'oracle', module: MODULE, endorsementPolicy: 'AND(' } },
      'Policy',
    ],
    ['a channel name that Fabric does not take', { channel: 'My_Channel' }, "Channel 'My_Channel'"],
    [
      'a chaincode name that Fabric does not take',
      { chaincode: { name: 'my chaincode', module: MODULE, endorsementPolicy: "'AMSP.peer'" } },
      "Chaincode 'my chaincode'",
    ],
    [
      'a chaincode version that Fabric does not take',
      { chaincode: { name: 'cc', version: '1/2', module: MODULE, endorsementPolicy: "'AMSP.peer'" } },
      "Chaincode version '1/2'",
    ],
    [
      'a collection with a reserved name',
      {
        chaincode: {
          name: 'oracle',
          module: MODULE,
          endorsementPolicy: "'AMSP.peer'",
          collections: [{ name: '_x', policy: "'AMSP.member'" }],
        },
      },
      "'_x'",
    ],
  ])('%s is refused before anything is written', async (_name, changes, reason) => {
    await expect(startEmbeddedLedger(options(changes))).rejects.toThrow(reason);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('chaincode that cannot be loaded is named', async () => {
    const broken = mkdtempSync(path.join(tmpdir(), 'broken-'));
    const chaincode = { name: 'oracle', module: broken, endorsementPolicy: "'AMSP.peer'" };
    await expect(startEmbeddedLedger(options({ chaincode }))).rejects.toThrow('package.json');
    rmSync(broken, { recursive: true });
  });

  test('a port in use is named', async () => {
    await running({}, async (ledger) => {
      const port = Number(ledger.organisation('AMSP').endpoint.split(':')[1]);
      const other = mkdtempSync(path.join(tmpdir(), 'other-'));
      await expect(startEmbeddedLedger(options({ dataDir: other, listen: { port } }))).rejects.toThrow(
        String(port),
      );
      rmSync(other, { recursive: true });
    });
  });

  test('an upgrade of the chaincode invalidates what was endorsed before it, and state stays', async () => {
    const prepared = await running({}, async (ledger) => {
      const { contract } = contractOf(ledger, 'AMSP');
      await contract.submit('put', { arguments: ['k', '1'] });
      return (await contract.newProposal('put', { arguments: ['k', '2'] }).endorse()).getBytes();
    });
    const chaincode = { name: 'oracle', module: MODULE, version: '2', endorsementPolicy: "'AMSP.peer'" };
    await running({ chaincode }, async (ledger) => {
      const { contract, gateway } = contractOf(ledger, 'AMSP');
      const commit = await gateway.newTransaction(prepared).submit();
      expect((await commit.getStatus()).code).toBe(11);
      expect(await get(contract, 'k')).toBe('1');
    });
  });

  test('an organisation that joins later reads all and takes part; the chain still verifies', async () => {
    await running({}, (ledger) =>
      contractOf(ledger, 'AMSP').contract.submit('put', { arguments: ['k', '1'] }),
    );
    const organisations = [{ mspId: 'AMSP' }, { mspId: 'BMSP' }];
    const chaincode = { name: 'oracle', module: MODULE, endorsementPolicy: "AND('AMSP.peer','BMSP.peer')" };
    await running({ organisations, chaincode }, async (ledger) => {
      const { contract } = contractOf(ledger, 'BMSP');
      expect(await get(contract, 'k')).toBe('1');
      await contract.submit('put', { arguments: ['k', '2'] });
    });
    const store = LedgerStore.open(path.join(dataDir, 'blocks.db'));
    const reader = new BlockReader();
    const height = store.reader.height();
    for (let number = 0; number < height; number += 1) {
      reader.read(store.reader.block(number) ?? new Uint8Array());
    }
    store.close();
    expect(height).toBe(6);
  });

  test('starting again on the same data adds no block', async () => {
    const heightAfter = async (): Promise<number> => {
      await running({}, () => Promise.resolve());
      const store = LedgerStore.open(path.join(dataDir, 'blocks.db'));
      const height = store.reader.height();
      store.close();
      return height;
    };
    expect(await heightAfter()).toBe(2);
    expect(await heightAfter()).toBe(2);
  });

  test('streams of blocks and events break with UNAVAILABLE when it closes, as when a peer stops', async () => {
    const ended = await running({}, async (ledger) => {
      const { gateway, contract } = contractOf(ledger, 'AMSP');
      await contract.submit('event', { arguments: ['E', 'x'] });
      const network = gateway.getNetwork('ch');
      const streams: AsyncIterable<unknown>[] = [
        await network.getBlockEvents({ startBlock: 0n }),
        await network.getFilteredBlockEvents({ startBlock: 0n }),
        await network.getChaincodeEvents('oracle', { startBlock: 0n }),
      ];
      const readers = streams.map((stream) => stream[Symbol.asyncIterator]());
      // Each is open at the ledger, and at rest, once it has given what there is.
      await Promise.all(readers.map((reader) => reader.next()));
      const ends = readers.map(async (reader): Promise<unknown> => {
        try {
          while ((await reader.next()).done !== true) {
            // What they give is not looked at.
          }
        } catch (error) {
          return error;
        }
        return 'ended';
      });
      await ledger.close();
      return Promise.all(ends);
    });
    expect(ended).toMatchObject(Array.from({ length: 3 }, () => ({ code: grpc.status.UNAVAILABLE })));
  });

  test('closing twice is closing once, and what was submitted before is kept', async () => {
    const ledger = await startEmbeddedLedger(options());
    const { contract } = contractOf(ledger, 'AMSP');
    const commit = await (await contract.newProposal('put', { arguments: ['last', 'x'] }).endorse()).submit();
    await Promise.all([ledger.close(), ledger.close()]);
    const store = LedgerStore.open(path.join(dataDir, 'blocks.db'));
    expect(store.reader.transaction(commit.getTransactionId())?.code).toBe(0);
    store.close();
  });
});
