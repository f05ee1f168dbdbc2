// SPDX-License-Identifier: Apache-2.0
/** Channels beside the first: their files, and calls between them. The rest: `test/conformance/across*`. */
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { connect, signers, type Contract, type Gateway } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import {
  startEmbeddedLedger,
  type EmbeddedLedger,
  type EmbeddedLedgerOptions,
  type FurtherChannelOptions,
} from '../../../gateway/src/embedded';
import { openEnvelope } from '../../../gateway/src/embedded/protocol/preparedTransaction';
import { LedgerStore } from '../../../gateway/src/embedded/store/ledgerStore';
import type { Step } from '../../conformance/acrossSteps';
import { call, get, put } from '../../conformance/acrossSteps';
import { untilItWorks } from '../../support/untilItWorks';

const MODULE = path.resolve(__dirname, '../../conformance/data/chaincode');
const POLICY = "OR('AMSP.peer','BMSP.peer')";
const COLLECTIONS = [{ name: 'shared', policy: "OR('AMSP.member','BMSP.member')" }];
const OTHER: FurtherChannelOptions = {
  name: 'other',
  chaincode: { endorsementPolicy: POLICY, collections: COLLECTIONS },
};

jest.setTimeout(120_000);

describe('further channels of the embedded ledger', () => {
  let dataDir: string;
  let lines: string[];
  const open: { gateway: Gateway; client: grpc.Client }[] = [];
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'channels-'));
    lines = [];
  });
  afterEach(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });

  function options(changes: Partial<EmbeddedLedgerOptions> = {}): EmbeddedLedgerOptions {
    return {
      dataDir,
      channel: 'first',
      organisations: [{ mspId: 'AMSP' }, { mspId: 'BMSP' }],
      chaincode: { name: 'oracle', module: MODULE, endorsementPolicy: POLICY, collections: COLLECTIONS },
      furtherChannels: [OTHER],
      log: (line) => void lines.push(line),
      ...changes,
    };
  }

  interface Contracts {
    first: Contract;
    other: Contract;
    ledger: EmbeddedLedger;
  }

  async function running<T>(
    changes: Partial<EmbeddedLedgerOptions>,
    use: (contracts: Contracts) => Promise<T>,
  ): Promise<T> {
    const ledger = await startEmbeddedLedger(options(changes));
    try {
      const gateway = gatewayOf(ledger);
      const of = (channel: string): Contract => gateway.getNetwork(channel).getContract('oracle');
      return await use({ first: of('first'), other: of('other'), ledger });
    } finally {
      for (const { gateway, client } of open.splice(0)) {
        gateway.close();
        client.close();
      }
      await ledger.close();
    }
  }

  function gatewayOf(ledger: EmbeddedLedger): Gateway {
    const { endpoint, users } = ledger.organisation('AMSP');
    const user = users['User1'];
    if (!user) {
      throw new Error('no user');
    }
    const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
    const gateway = connect({
      client,
      identity: { mspId: 'AMSP', credentials: Buffer.from(user.certificatePem) },
      signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.privateKeyPath))),
    });
    open.push({ gateway, client });
    return gateway;
  }

  const run = async (contract: Contract, steps: Step[]): Promise<unknown> =>
    JSON.parse(
      Buffer.from(await contract.evaluate('Across:run', { arguments: [JSON.stringify(steps)] })).toString(),
    );
  const commit = (contract: Contract, steps: Step[]): Promise<Uint8Array> =>
    contract.submit('Across:run', { arguments: [JSON.stringify(steps)] });
  const answered = (...payload: unknown[]): object => ({ status: 200, message: '', payload });

  const fileOf = (channel: string): string =>
    path.join(dataDir, ...(channel === 'first' ? [] : ['channels', channel]), 'blocks.db');
  function inStore<T>(channel: string, look: (store: LedgerStore) => T): T {
    const store = LedgerStore.open(fileOf(channel));
    try {
      return look(store);
    } finally {
      store.close();
    }
  }
  const heightOf = (channel: string): number => inStore(channel, ({ reader }) => reader.height());

  test('a ledger of one channel gets another one at a later start, and keeps what it had', async () => {
    await running({ furtherChannels: [] }, ({ first }) => commit(first, [put('k', '1')]));
    expect(existsSync(path.join(dataDir, 'channels'))).toBe(false);
    const before = heightOf('first');
    await running({}, async ({ first, other }) => {
      await commit(other, [put('k', '2')]);
      expect(await run(first, [get('k'), call('other', [get('k')])])).toEqual(['1', answered('2')]);
    });
    expect([heightOf('first'), heightOf('other')]).toEqual([before, 3]);
    expect(lines.join('\n')).toContain('channels first, other');
  });

  test('one that is not named for a while is unknown then, and as it was afterwards', async () => {
    await running({}, ({ other }) => commit(other, [put('k', 'kept')]));
    await running({ furtherChannels: [] }, async ({ first, other }) => {
      await expect(run(other, [])).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
      expect(await run(first, [call('other', [])])).toMatchObject([
        { thrown: expect.stringContaining('Failed to get policy manager for channel [other]') as string },
      ]);
    });
    await running({}, async ({ other }) => {
      expect(await run(other, [get('k')])).toEqual(['kept']);
    });
    expect([heightOf('first'), heightOf('other')]).toEqual([2, 3]);
  });

  test('starting again adds no block; other rules and another version add one on each channel they concern', async () => {
    await running({}, () => Promise.resolve());
    await running({}, () => Promise.resolve());
    expect([heightOf('first'), heightOf('other')]).toEqual([2, 2]);
    const rules = {
      writers: { BMSP: "OR('BMSP.admin')" },
      acls: { 'peer/ChaincodeToChaincode': '/Channel/Application/Readers' },
    } as const;
    await running({ furtherChannels: [{ ...OTHER, rules }] }, () => Promise.resolve());
    expect([heightOf('first'), heightOf('other')]).toEqual([2, 3]);
    const { chaincode } = options();
    const changes = {
      chaincode: { ...chaincode, version: '2' },
      furtherChannels: [{ ...OTHER, rules }],
    };
    await running(changes, () => Promise.resolve());
    expect([heightOf('first'), heightOf('other')]).toEqual([3, 4]);
    const application = inStore('other', ({ reader }) => applicationOf(reader.block(2)));
    const acls = application?.getValuesMap().get('ACLs')?.getValue_asU8() ?? new Uint8Array();
    expect(
      peer.ACLs.deserializeBinary(acls).getAclsMap().get('peer/ChaincodeToChaincode')?.getPolicyRef(),
    ).toBe('/Channel/Application/Readers');
  });

  function applicationOf(block: Uint8Array | undefined): common.ConfigGroup | undefined {
    const [data = new Uint8Array()] =
      common.Block.deserializeBinary(block ?? new Uint8Array())
        .getData()
        ?.getDataList_asU8() ?? [];
    const envelope = openEnvelope(data)?.payload.getData_asU8() ?? new Uint8Array();
    const root = common.ConfigEnvelope.deserializeBinary(envelope).getConfig()?.getChannelGroup();
    return root?.getGroupsMap().get('Application');
  }

  test.each<[string, FurtherChannelOptions[], string]>([
    ['the first channel’s name', [{ ...OTHER, name: 'first' }], 'distinct'],
    ['a channel twice', [OTHER, OTHER], 'distinct'],
    ['a name that Fabric does not take', [{ ...OTHER, name: '../x' }], "Channel '../x'"],
    ['an unknown member', [{ ...OTHER, members: ['AMSP', 'CMSP'] }], 'CMSP'],
    ['no member', [{ ...OTHER, members: [] }], 'needs members'],
    [
      'a rule for an organisation that is no member',
      [{ ...OTHER, members: ['AMSP'], rules: { writers: { BMSP: "OR('BMSP.admin')" } } }],
      'BMSP',
    ],
    ['a malformed rule', [{ ...OTHER, rules: { writers: { AMSP: 'OR(' } } }], 'Policy'],
    ['a malformed policy', [{ name: 'other', chaincode: { endorsementPolicy: 'AND(' } }], 'Policy'],
    [
      'an access rule that nobody keeps',
      [{ ...OTHER, rules: { acls: { 'peer/Propose': '/Channel/Application/Readers' } as object } }],
      'peer/ChaincodeToChaincode alone',
    ],
    [
      'an access rule by an unknown policy',
      [{ ...OTHER, rules: { acls: { 'peer/ChaincodeToChaincode': '/Channel/Readers' } as object } }],
      'to Readers or Writers',
    ],
  ])('%s is refused before anything is written', async (_what, furtherChannels, reason) => {
    await expect(startEmbeddedLedger(options({ furtherChannels }))).rejects.toThrow(reason);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('a channel’s file of another schema is refused, and the first channel’s is closed again', async () => {
    await running({}, () => Promise.resolve());
    inStore('other', (store) => {
      store.append({
        ...{ number: 2, hash: Buffer.alloc(1), bytes: Buffer.alloc(1), commitHash: undefined },
        ...{ transactions: [], publicChanges: [], history: [], hashChanges: [], privateChanges: [] },
        meta: { schema: Buffer.from('999') },
      });
    });
    await expect(startEmbeddedLedger(options())).rejects.toThrow('schema version 999');
    await running({ furtherChannels: [] }, async ({ first }) => {
      await commit(first, [put('k', '1')]);
    });
  });

  test('calls in both directions do not wait for each other, whatever commits meanwhile', async () => {
    await running({}, async ({ first, other }) => {
      const there = (channel: string, i: number): Step[] => [call(channel, [get('k')]), put(`k${i}`, 'x')];
      const tasks = Array.from({ length: 60 }, (_, i) =>
        i % 2 === 0 ? commit(first, there('other', i)) : commit(other, there('first', i)),
      );
      const results = await Promise.all(tasks);
      expect(new Set(results.map((bytes) => Buffer.from(bytes).toString()))).toEqual(
        new Set([JSON.stringify([answered(''), 'put'])]),
      );
    });
  });

  test('a call that takes too long ends with its transaction and holds nothing', async () => {
    const chaincode = { ...options().chaincode, executeTimeoutMs: 3_000 };
    await running({ chaincode }, async ({ first, other }) => {
      const secret = { transientData: { v: 'erase-this-there' } };
      await other.submit('pvtPut', { arguments: ['shared', 'k'], ...secret });
      // the snapshot that the called chaincode reads from has the value
      await expect(
        run(first, [call('other', [get('k'), { do: 'wait', milliseconds: 60_000 }])]),
      ).rejects.toMatchObject({ code: grpc.status.ABORTED });
      await other.submit('pvtPurge', { arguments: ['shared', 'k'] });
      // a snapshot that is still open keeps the log from being emptied
      const folder = path.dirname(fileOf('other'));
      await untilItWorks(async () => {
        await commit(other, [put('next', 'x')]);
        const found = readdirSync(folder).filter((name) =>
          readFileSync(path.join(folder, name)).includes('erase-this-there'),
        );
        expect(found).toEqual([]);
      });
      expect(await run(first, [call('other', [get('next')])])).toEqual([answered('x')]);
    });
  });

  test('chaincode that ends in a call is started again, for both channels', async () => {
    await running({}, async ({ first, other }) => {
      const dying = { do: 'call', channel: 'other', chaincode: 'oracle', call: ['die'] };
      await expect(run(first, [dying])).rejects.toMatchObject({ code: grpc.status.ABORTED });
      expect(await run(first, [call('other', [get('k')])])).toEqual([answered('')]);
      expect(await run(other, [call('first', [get('k')])])).toEqual([answered('')]);
    });
  });

  test('an organisation that is not on a channel has no data of it and no peer there', async () => {
    const only = { ...OTHER, members: ['BMSP'], chaincode: { endorsementPolicy: "'BMSP.peer'" } };
    await running({ furtherChannels: [only] }, async ({ first, other }) => {
      await expect(other.evaluate('get', { arguments: ['k'] })).rejects.toMatchObject({
        code: grpc.status.UNAVAILABLE,
      });
      expect(await run(first, [call('other', [get('k')])])).toMatchObject([
        { thrown: expect.stringContaining('Failed to get policy manager') as string },
      ]);
    });
  });

  test('the same code may have another name on another channel', async () => {
    const renamed = { ...OTHER, chaincode: { ...OTHER.chaincode, name: 'else' } };
    await running({ furtherChannels: [renamed] }, async ({ first, ledger }) => {
      const contract = gatewayOf(ledger).getNetwork('other').getContract('else');
      await commit(contract, [put('k', 'renamed')]);
      expect(
        await run(first, [{ do: 'call', channel: 'other', chaincode: 'else', steps: [get('k')] }]),
      ).toEqual([answered('renamed')]);
    });
  });
});
