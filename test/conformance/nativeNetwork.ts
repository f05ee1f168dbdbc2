// SPDX-License-Identifier: Apache-2.0
/**
 * The conformance tests' network on Fabric's own programs: one for all of them, joined by one suite after the
 * other. What an embedded ledger does inside the process has its native equivalent here: a wrong clock is the
 * client's, blocks of several transactions are a channel with such settings, a restart is that of peers and
 * orderer. This file keeps the chaincode processes alive.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { sha256 } from '../../gateway/src/embedded/protocol/sha256';
import type { Network } from '../../scripts/network/description';
import { authority, organisationDir, peerDir } from '../../scripts/network/layout';
import { startOne, status, stopOne, up } from '../../scripts/network/commands';
import { running } from '../../scripts/network/processes';
import { profileOf } from '../../scripts/network/profiles';
import { joinSharedNetwork, openChannel, type SharedNetwork, waitUntilReady } from '../fabric/sharedNetwork';
import { onlyFile } from '../support/onlyFile';
import { shiftClock } from '../support/shiftedClock';
import { untilItWorks } from '../support/untilItWorks';
import {
  BOTH,
  CHAINCODE_DIRECTORY,
  CLOSED,
  COLLECTIONS_FILE,
  type ClientOptions,
  connectClient,
  EXECUTE_TIMEOUT_MS,
  GROUPED,
  issueAs,
  type NetworkOptions,
  ONLY_ADMINISTRATORS,
  OPENED,
  PAIR_COLLECTIONS_FILE,
  PAIR_POLICY,
  POLICY,
  READERS_CALL,
  SECOND,
  type TestClient,
  type TestNetwork,
} from './network';

const DESCRIPTION = {
  channel: 'access',
  chaincode: {
    name: 'oracle',
    path: CHAINCODE_DIRECTORY,
    collections: COLLECTIONS_FILE,
    signaturePolicy: POLICY,
    executeTimeout: `${String(EXECUTE_TIMEOUT_MS)}ms`,
  },
  orderer: { mspId: 'OrdererMSP', domain: 'orderer.example.com' },
  organisations: [1, 2, 3].map((number) => ({
    name: `org${String(number)}`,
    mspId: `Org${String(number)}MSP`,
    role: number === 2 ? 'trustee' : 'holder',
    domain: `org${String(number)}.example.com`,
  })),
};
const GROUPED_CHANNEL = {
  channel: 'grouped',
  block: { ...GROUPED, batchTimeout: `${String(GROUPED.batchTimeoutMs)}ms` },
};
const quiet = (): void => undefined;

/** Opens {@link SECOND}, {@link CLOSED} and {@link OPENED}. */
async function openFurtherChannels(shared: SharedNetwork): Promise<void> {
  await openChannel(shared, { channel: SECOND });
  const pair = {
    organisations: shared.network.organisations.filter(({ mspId }) => BOTH.includes(mspId)),
    chaincode: {
      ...shared.network.chaincode,
      collections: PAIR_COLLECTIONS_FILE,
      signaturePolicy: PAIR_POLICY,
    },
  };
  const writers = ONLY_ADMINISTRATORS;
  await openChannel(shared, { channel: CLOSED, ...pair, rules: { writers } }, untilAdministratorsAreServed);
  const rules = { writers, acls: READERS_CALL };
  await openChannel(shared, { channel: OPENED, ...pair, rules }, untilAdministratorsAreServed);
}

/** As {@link waitUntilReady} on a channel where only administrators write. */
async function untilAdministratorsAreServed(network: Network): Promise<void> {
  const numbers = network.organisations.map(({ mspId }) => Number(/\d/.exec(mspId)?.[0]));
  const clients = numbers.map((number) => connectTo(network, number, { user: 'Admin' }));
  await Promise.all(
    clients.map((client) =>
      untilItWorks(() => client.contract.newProposal('nothing', { endorsingOrganizations: BOTH }).endorse()),
    ),
  );
  for (const client of clients) {
    client.close();
  }
}

/** Joins the run's network, mending what the suite before left broken. */
export async function joinNativeNetwork(options: NetworkOptions = {}): Promise<TestNetwork> {
  const shared = await joinSharedNetwork('conformance', DESCRIPTION);
  const network = options.block === undefined ? shared.network : await openChannel(shared, GROUPED_CHANNEL);
  if (options.channels) {
    await openFurtherChannels(shared);
  }
  const watch = options.onExit === 'stop' ? undefined : keepAlive(shared);
  const open: TestClient[] = [];
  const closeClients = (): void => {
    for (const client of open.splice(0)) {
      client.close();
    }
  };
  return {
    version: shared.binaries.version,
    channel: network.channel,
    clock: {
      // A peer's clock cannot be moved, so the client's is, the other way.
      set offsetMs(offsetMs: number) {
        shiftClock(-offsetMs);
      },
    },
    as: (number, clientOptions = {}) => {
      const client = connectTo(network, number, clientOptions);
      open.push(client);
      return client;
    },
    certificateOf: (number) => userOf(network, number, 'User1').certificate.toString(),
    issue: (number, request) => {
      const { certFile, keyFile } = authority(network, organisation(network, number), 'ca');
      const issuer = {
        certificatePem: readFileSync(certFile, 'utf8'),
        privateKeyPem: readFileSync(keyFile, 'utf8'),
      };
      return issueAs(issuer, request);
    },
    keyFilesOf: (number) => {
      const own = organisation(network, number);
      const { clientTlsKeyFile, keyFile } = profileOf(network, own);
      return [
        authority(network, own, 'ca').keyFile,
        onlyFile(path.join(peerDir(network, own), 'msp', 'keystore')),
        ...['Admin', 'User1'].map((name) => onlyFile(path.join(userDir(network, number, name), 'keystore'))),
        clientTlsKeyFile,
        keyFile,
      ];
    },
    restart: async () => {
      closeClients();
      const nodes = (await status(shared.network, undefined)).parts.filter(({ part }) => !isChaincode(part));
      await Promise.all(nodes.map(({ part }) => stopOne(shared.network, part)));
      await up(shared.network, shared.binaries, quiet);
      if (network !== shared.network) {
        await waitUntilReady(network);
      }
      await untilOrdered(network);
    },
    close: async () => {
      closeClients();
      await watch?.stop();
    },
  };
}

const isChaincode = (part: string): boolean => part.startsWith('chaincode.');
const LOOK_EVERY_MS = 100;

/** Starts a chaincode process again when it ended, as an organisation's service manager would. */
function keepAlive({ network, binaries }: SharedNetwork): { stop(): Promise<void> } {
  let mending: Promise<void> | undefined;
  let failure: Error | undefined;
  const look = async (): Promise<void> => {
    const { parts } = await status(network, undefined);
    const gone = parts.filter(({ part }) => isChaincode(part) && running(network, part) === undefined);
    await Promise.all(gone.map(({ part }) => startOne(network, binaries, part)));
  };
  const timer = setInterval(() => {
    mending ??= look()
      .catch((cause: unknown) => {
        failure ??= new Error('a chaincode process could not be started again', { cause });
      })
      .finally(() => (mending = undefined));
  }, LOOK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await mending;
      if (failure !== undefined) {
        throw failure;
      }
    },
  };
}

/** A peer that has just started finds endorsers before it reaches the orderer. */
async function untilOrdered(network: Network): Promise<void> {
  const client = connectTo(network, 1, {});
  try {
    await untilItWorks(() => client.submit('put', ['restarted', 'yes']));
  } finally {
    client.close();
  }
}

function organisation(network: Network, number: number): Network['organisations'][number] {
  const found = network.organisations.find(({ mspId }) => mspId === `Org${String(number)}MSP`);
  if (found === undefined) {
    throw new Error(`There is no Org${String(number)}MSP`);
  }
  return found;
}

interface User {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** A user that cryptogen made: `User1`, or the administrator. */
function userOf(network: Network, number: number, name: string): User {
  const folder = userDir(network, number, name);
  return {
    certificate: readFileSync(onlyFile(path.join(folder, 'signcerts'))),
    key: readFileSync(onlyFile(path.join(folder, 'keystore'))),
  };
}

function userDir(network: Network, number: number, name: string): string {
  const own = organisation(network, number);
  return path.join(organisationDir(network, own), 'users', `${name}@${own.domain}`, 'msp');
}

function connectTo(network: Network, number: number, options: ClientOptions): TestClient {
  const at = profileOf(network, organisation(network, options.peer ?? number));
  const own = profileOf(network, organisation(network, number));
  const user = userOf(network, number, options.user ?? 'User1');
  const credentials = grpc.credentials.createSsl(
    readFileSync(at.tlsCaFile),
    readFileSync(own.clientTlsKeyFile),
    readFileSync(own.clientTlsCertFile),
  );
  const client = new grpc.Client(at.peerEndpoint, credentials, { 'grpc.max_receive_message_length': -1 });
  return connectClient(
    {
      mspId: own.mspId,
      certificate: user.certificate,
      key: createPrivateKey(user.key),
      grpc: client,
      channel: network.channel,
      tlsCertificateHash: sha256(new X509Certificate(readFileSync(own.clientTlsCertFile)).raw),
    },
    options,
  );
}
