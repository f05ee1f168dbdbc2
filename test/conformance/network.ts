// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import {
  connect,
  hash,
  signers,
  type Contract,
  type Gateway,
  type Network,
  type Signer,
} from '@hyperledger/fabric-gateway';
import {
  startEmbeddedLedger,
  type BlockOptions,
  type CollectionConfig,
  type EmbeddedLedger,
} from '../../gateway/src/embedded';

export const CHAINCODE_DIRECTORY = path.join(__dirname, 'data', 'chaincode');
export const COLLECTIONS = JSON.parse(
  readFileSync(path.join(__dirname, 'data', 'collections.json'), 'utf8'),
) as CollectionConfig[];
/** Org2MSP is the trustee, the others are holders. */
export const POLICY = "AND('Org2MSP.peer', OR('Org1MSP.peer','Org3MSP.peer'))";
export const BOTH = ['Org1MSP', 'Org2MSP'];

export interface ClientOptions {
  /** Organisation number whose peer is asked; the client's own by default. */
  peer?: number;
  user?: string;
  mspId?: string;
  credentials?: Uint8Array;
  key?: KeyObject;
  signer?: Signer;
  channel?: string;
  chaincode?: string;
}

/** One user of one organisation with a connection of its own. */
export interface TestClient {
  gateway: Gateway;
  grpc: grpc.Client;
  network: Network;
  contract: Contract;
  key: KeyObject;
  submit(fn: string, args?: unknown[], options?: Record<string, unknown>): Promise<Uint8Array>;
  evaluate(fn: string, args?: unknown[], options?: Record<string, unknown>): Promise<string>;
  close(): void;
}

export interface TestNetwork {
  ledger: EmbeddedLedger;
  dataDir: string;
  /** Added to the peers' clock. */
  clock: { offsetMs: number };
  as(organisation: number, options?: ClientOptions): TestClient;
  /** PEM certificate of the user that `as` connects as. */
  certificateOf(organisation: number): string;
  /** Stops the ledger and starts it again on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface NetworkOptions {
  onExit?: 'restart' | 'stop';
  block?: BlockOptions;
  executeTimeoutMs?: number;
  version?: string;
}

/** Three organisations with the recorded chaincode, in a temporary folder. */
export async function startNetwork(options: NetworkOptions = {}): Promise<TestNetwork> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'conformance-'));
  const clock = { offsetMs: 0 };
  const open: TestClient[] = [];
  const { block, ...chaincode } = options;
  const start = (): Promise<EmbeddedLedger> =>
    startEmbeddedLedger({
      dataDir,
      channel: 'access',
      organisations: [{ mspId: 'Org1MSP' }, { mspId: 'Org2MSP' }, { mspId: 'Org3MSP' }],
      chaincode: {
        name: 'oracle',
        module: CHAINCODE_DIRECTORY,
        endorsementPolicy: POLICY,
        collections: COLLECTIONS,
        ...chaincode,
      },
      ...(block === undefined ? {} : { block }),
      clock: () => Date.now() + clock.offsetMs,
    });
  const network: TestNetwork = {
    ledger: await start(),
    dataDir,
    clock,
    as: (organisation, clientOptions = {}) => {
      const client = connectClient(network.ledger, organisation, clientOptions);
      open.push(client);
      return client;
    },
    certificateOf: (organisation) =>
      network.ledger.organisation(`Org${organisation}MSP`).users['User1']?.certificatePem ?? '',
    restart: async () => {
      for (const client of open.splice(0)) client.close();
      await network.ledger.close();
      network.ledger = await start();
    },
    close: async () => {
      for (const client of open.splice(0)) client.close();
      await network.ledger.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return network;
}

function connectClient(ledger: EmbeddedLedger, number: number, options: ClientOptions): TestClient {
  const own = ledger.organisation(`Org${number}MSP`);
  const at = ledger.organisation(`Org${options.peer ?? number}MSP`);
  const user = own.users[options.user ?? 'User1'];
  if (!user) throw new Error(`Org${number}MSP has no user ${options.user ?? 'User1'}`);
  const key = options.key ?? createPrivateKey(readFileSync(user.privateKeyPath));
  const client = new grpc.Client(at.endpoint, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  const within = (ms: number) => () => ({ deadline: Date.now() + ms });
  const gateway = connect({
    client,
    identity: {
      mspId: options.mspId ?? own.mspId,
      credentials: options.credentials ?? Buffer.from(user.certificatePem),
    },
    signer: options.signer ?? signers.newPrivateKeySigner(key),
    hash: hash.sha256,
    evaluateOptions: within(20_000),
    endorseOptions: within(20_000),
    submitOptions: within(10_000),
    commitStatusOptions: within(15_000),
  });
  const network = gateway.getNetwork(options.channel ?? 'access');
  const contract = network.getContract(options.chaincode ?? 'oracle');
  return {
    gateway,
    grpc: client,
    network,
    contract,
    key,
    submit: (fn, args = [], more = {}) =>
      contract.submit(fn, { arguments: args.map(String), endorsingOrganizations: BOTH, ...more }),
    evaluate: async (fn, args = [], more = {}) =>
      text(await contract.evaluate(fn, { arguments: args.map(String), ...more })),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
