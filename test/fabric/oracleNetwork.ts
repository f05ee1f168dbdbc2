// SPDX-License-Identifier: Apache-2.0
/** The network of the recorded questions on Fabric's own programs, in the form that the conformance tests use. */
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { connect, hash, signers } from '@hyperledger/fabric-gateway';
import type { Binaries } from '../../scripts/network/binaries.mjs';
import { type Network, readDescription } from '../../scripts/network/description.mjs';
import { freePortBase } from '../../scripts/network/freePorts.mjs';
import { organisationDir } from '../../scripts/network/layout.mjs';
import { clean, deploy, up } from '../../scripts/network/network.mjs';
import { profileOf } from '../../scripts/network/profiles.mjs';
import {
  BOTH,
  CHAINCODE_DIRECTORY,
  type ClientOptions,
  POLICY,
  type TestClient,
  text,
} from '../conformance/network';
import type { LedgerOfQuestions } from '../conformance/questions';
import { shiftClock } from './shiftedClock';

const ORGANISATIONS = [1, 2, 3].map((number) => ({
  name: `org${String(number)}`,
  mspId: `Org${String(number)}MSP`,
  role: number === 2 ? 'trustee' : 'holder',
  domain: `org${String(number)}.example.com`,
}));

export interface OracleNetwork extends LedgerOfQuestions {
  close(): Promise<void>;
}

/** Starts it in a temporary folder, on free ports. */
export async function startOracleNetwork(binaries: Binaries): Promise<OracleNetwork> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chartwitness-oracle-'));
  const network = describe(folder, await freePortBase());
  const open: TestClient[] = [];
  await up(network, binaries, () => undefined);
  await deploy(network, binaries, () => undefined);
  return {
    clock: {
      // A peer's clock cannot be moved, so the client's is, the other way.
      set offsetMs(offsetMs: number) {
        shiftClock(-offsetMs);
      },
    },
    as: (number, options = {}) => {
      const client = connectClient(network, number, options);
      open.push(client);
      return client;
    },
    certificateOf: (number) => userOf(network, number, 'User1').certificate.toString(),
    close: async () => {
      for (const client of open.splice(0)) client.close();
      await clean(network, () => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function describe(folder: string, portBase: number): Network {
  const file = path.join(folder, 'network.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    JSON.stringify({
      channel: 'access',
      portBase,
      chaincode: {
        name: 'oracle',
        path: CHAINCODE_DIRECTORY,
        collections: path.join(CHAINCODE_DIRECTORY, '..', 'collections.json'),
        signaturePolicy: POLICY,
      },
      orderer: { mspId: 'OrdererMSP', domain: 'orderer.example.com' },
      organisations: ORGANISATIONS,
    }),
  );
  return readDescription({ file, dataDir: path.join(folder, 'data') });
}

function organisation(network: Network, number: number): Network['organisations'][number] {
  const found = network.organisations.find(({ mspId }) => mspId === `Org${String(number)}MSP`);
  if (found === undefined) throw new Error(`There is no Org${String(number)}MSP`);
  return found;
}

interface User {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** A user that cryptogen made: `User1`, or the administrator. */
function userOf(network: Network, number: number, name: string): User {
  const own = organisation(network, number);
  const folder = path.join(organisationDir(network, own), 'users', `${name}@${own.domain}`, 'msp');
  const only = (kind: string): Buffer => {
    const directory = path.join(folder, kind);
    return readFileSync(path.join(directory, readdirSync(directory)[0] ?? ''));
  };
  return { certificate: only('signcerts'), key: only('keystore') };
}

function connectClient(network: Network, number: number, options: ClientOptions): TestClient {
  const at = profileOf(network, organisation(network, options.peer ?? number));
  const own = profileOf(network, organisation(network, number));
  const user = userOf(network, number, options.user ?? 'User1');
  const key = options.key ?? createPrivateKey(user.key);
  const credentials = grpc.credentials.createSsl(
    readFileSync(at.tlsCaFile),
    readFileSync(own.clientTlsKeyFile),
    readFileSync(own.clientTlsCertFile),
  );
  const client = new grpc.Client(at.peerEndpoint, credentials, { 'grpc.max_receive_message_length': -1 });
  const within = (ms: number) => () => ({ deadline: Date.now() + ms });
  const gateway = connect({
    client,
    identity: { mspId: options.mspId ?? own.mspId, credentials: options.credentials ?? user.certificate },
    signer: options.signer ?? signers.newPrivateKeySigner(key),
    hash: hash.sha256,
    evaluateOptions: within(20_000),
    endorseOptions: within(20_000),
    submitOptions: within(10_000),
    commitStatusOptions: within(15_000),
  });
  const channel = gateway.getNetwork(options.channel ?? 'access');
  const contract = channel.getContract(options.chaincode ?? 'oracle');
  return {
    gateway,
    grpc: client,
    network: channel,
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
