// SPDX-License-Identifier: Apache-2.0
/** The conformance tests' network on the embedded ledger, each in a temporary folder of its own. */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import {
  startEmbeddedLedger,
  type EmbeddedLedger,
  type FurtherChannelOptions,
} from '../../gateway/src/embedded';
import {
  BOTH,
  CHAINCODE_DIRECTORY,
  CLOSED,
  COLLECTIONS,
  connectClient,
  EXECUTE_TIMEOUT_MS,
  issueAs,
  type ClientOptions,
  type NetworkOptions,
  ONLY_ADMINISTRATORS,
  OPENED,
  PAIR_COLLECTIONS,
  PAIR_POLICY,
  POLICY,
  READERS_CALL,
  SECOND,
  type TestClient,
  type TestNetwork,
} from './network';

/** What tests of the embedded ledger itself need besides. */
export interface EmbeddedTestNetwork extends TestNetwork {
  ledger: EmbeddedLedger;
  dataDir: string;
}

const CHANNEL = 'access';
const PAIR = {
  members: BOTH,
  chaincode: { endorsementPolicy: PAIR_POLICY, collections: PAIR_COLLECTIONS },
};
const FURTHER_CHANNELS: FurtherChannelOptions[] = [
  { name: SECOND, chaincode: { endorsementPolicy: POLICY, collections: COLLECTIONS } },
  { name: CLOSED, ...PAIR, rules: { writers: ONLY_ADMINISTRATORS } },
  { name: OPENED, ...PAIR, rules: { writers: ONLY_ADMINISTRATORS, acls: READERS_CALL } },
];
const mspIdOf = (number: number): string => `Org${String(number)}MSP`;

export async function startEmbeddedNetwork(options: NetworkOptions = {}): Promise<EmbeddedTestNetwork> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'conformance-'));
  const clock = { offsetMs: 0 };
  const open: TestClient[] = [];
  const { block, onExit, channels = false } = options;
  const start = (): Promise<EmbeddedLedger> =>
    startEmbeddedLedger({
      dataDir,
      channel: CHANNEL,
      organisations: [1, 2, 3].map((number) => ({ mspId: mspIdOf(number) })),
      chaincode: {
        name: 'oracle',
        module: CHAINCODE_DIRECTORY,
        endorsementPolicy: POLICY,
        collections: COLLECTIONS,
        executeTimeoutMs: EXECUTE_TIMEOUT_MS,
        ...(onExit === undefined ? {} : { onExit }),
      },
      ...(channels ? { furtherChannels: FURTHER_CHANNELS } : {}),
      ...(block === undefined ? {} : { block }),
      clock: () => Date.now() + clock.offsetMs,
    });
  const filesOf = (number: number): string => path.join(dataDir, 'organisations', mspIdOf(number));
  const read = (number: number, name: string): string =>
    readFileSync(path.join(filesOf(number), name), 'utf8');
  const network: EmbeddedTestNetwork = {
    ledger: await start(),
    dataDir,
    version: '3.1.5',
    channel: CHANNEL,
    clock,
    as: (organisation, clientOptions = {}) => {
      const client = connectTo(network.ledger, organisation, clientOptions);
      open.push(client);
      return client;
    },
    certificateOf: (number) => read(number, 'users/User1/cert.pem'),
    issue: (number, request) =>
      issueAs(
        { certificatePem: read(number, 'ca/cert.pem'), privateKeyPem: read(number, 'ca/key.pem') },
        request,
      ),
    keyFilesOf: (number) =>
      ['ca', 'peer', 'users/Admin', 'users/User1'].map((name) => path.join(filesOf(number), name, 'key.pem')),
    restart: async () => {
      for (const client of open.splice(0)) {
        client.close();
      }
      await network.ledger.close();
      network.ledger = await start();
    },
    close: async () => {
      for (const client of open.splice(0)) {
        client.close();
      }
      await network.ledger.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return network;
}

function connectTo(ledger: EmbeddedLedger, number: number, options: ClientOptions): TestClient {
  const own = ledger.organisation(mspIdOf(number));
  const at = ledger.organisation(mspIdOf(options.peer ?? number));
  const user = own.users[options.user ?? 'User1'];
  if (!user) {
    throw new Error(`${own.mspId} has no user ${options.user ?? 'User1'}`);
  }
  const client = new grpc.Client(at.endpoint, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  return connectClient(
    {
      mspId: own.mspId,
      certificate: Buffer.from(user.certificatePem),
      key: createPrivateKey(readFileSync(user.privateKeyPath)),
      grpc: client,
      channel: CHANNEL,
    },
    options,
  );
}
