// SPDX-License-Identifier: Apache-2.0
/**
 * The ledger that the conformance tests ask: one interface with two implementations, `embeddedNetwork.ts` and
 * `nativeNetwork.ts`. Three organisations, `Org1MSP` to `Org3MSP`, with the recorded chaincode `oracle` on
 * the channel `access`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { KeyObject } from 'node:crypto';
import type * as grpc from '@grpc/grpc-js';
import {
  connect,
  hash,
  signers,
  type Contract,
  type Gateway,
  type Network,
  type Signer,
} from '@hyperledger/fabric-gateway';
import type { BlockOptions, CollectionConfig } from '../../gateway/src/embedded';
import {
  issueCertificate,
  type KeyAndCertificate,
} from '../../gateway/src/embedded/identity/certificateAuthority';
import type { Role } from '../../gateway/src/embedded/identity/membership';

export const CHAINCODE_DIRECTORY = path.join(__dirname, 'data', 'chaincode');
export const COLLECTIONS_FILE = path.join(__dirname, 'data', 'collections.json');
export const COLLECTIONS = JSON.parse(readFileSync(COLLECTIONS_FILE, 'utf8')) as CollectionConfig[];
/** The collection of the channels that Org1MSP and Org2MSP have for themselves. */
export const PAIR_COLLECTIONS_FILE = path.join(__dirname, 'data', 'pair-collections.json');
export const PAIR_COLLECTIONS = JSON.parse(readFileSync(PAIR_COLLECTIONS_FILE, 'utf8')) as CollectionConfig[];
/** Org2MSP is the trustee, the others are holders. */
export const POLICY = "AND('Org2MSP.peer', OR('Org1MSP.peer','Org3MSP.peer'))";
export const BOTH = ['Org1MSP', 'Org2MSP'];
/** Longest time a transaction may run, in milliseconds. */
export const EXECUTE_TIMEOUT_MS = 3_000;
/**
 * Blocks that wait for more transactions, so that several fall into one; a transaction of more than
 * `preferredMaxBytes` gets a block of its own. All tests of such blocks share these numbers, because a native
 * network needs a channel of its own for them.
 */
export const GROUPED: Required<BlockOptions> = {
  maxMessageCount: 4,
  batchTimeoutMs: 200,
  preferredMaxBytes: 60_000,
  absoluteMaxBytes: 200_000,
};

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

/** What an organisation's authority is to certify. */
export interface CertificateRequest {
  commonName: string;
  role: Role;
  attributes?: Record<string, string>;
  /** How long from now the certificate is valid; negative: it has run out. Default: a day. */
  validForMs?: number;
}

const DAY_MS = 24 * 3600 * 1000;
/**
 * Certificates of a fresh authority begin a few minutes in the past; those that it issues must not begin
 * before it.
 */
const BEGAN_MS_AGO = 60_000;

/** What an authority issues for a request. */
export function issueAs(
  authority: KeyAndCertificate,
  { validForMs = DAY_MS, ...subject }: CertificateRequest,
): Promise<KeyAndCertificate> {
  const now = Date.now();
  return issueCertificate(authority, subject, now, { from: now - BEGAN_MS_AGO, until: now + validForMs });
}

export interface TestNetwork {
  /** Of Fabric: the programs', or the one that the embedded ledger answers as. */
  readonly version: string;
  /** The channel that `as` connects to. */
  readonly channel: string;
  /** How far the peers' clock is ahead of the client's. */
  readonly clock: { offsetMs: number };
  as(organisation: number, options?: ClientOptions): TestClient;
  /** PEM certificate of the user that `as` connects as. */
  certificateOf(organisation: number): string;
  /** A certificate of the organisation's own authority. */
  issue(organisation: number, request: CertificateRequest): Promise<KeyAndCertificate>;
  /** Every file of the organisation that holds a private key. */
  keyFilesOf(organisation: number): string[];
  /** Stops peers and orderer and starts them again on the same data. Clients made before are closed. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Further channels for what concerns more than one. All organisations are on `SECOND`, under the usual rules.
 * `CLOSED` and `OPENED` are of Org1MSP and Org2MSP; only administrators write there. On `OPENED`, a reader
 * may be the creator of a call from another channel.
 */
export const SECOND = 'second';
export const CLOSED = 'closed';
export const OPENED = 'opened';
export const READERS_CALL = { 'peer/ChaincodeToChaincode': '/Channel/Application/Readers' } as const;
export const PAIR_POLICY = "OR('Org1MSP.peer','Org2MSP.peer')";
export const ONLY_ADMINISTRATORS: Readonly<Record<string, string>> = {
  Org1MSP: "OR('Org1MSP.admin')",
  Org2MSP: "OR('Org2MSP.admin')",
};

export interface NetworkOptions {
  /** Whether the further channels are there; not by default. */
  channels?: boolean;
  /** Whether a chaincode process that ended is started again: `restart`, the default, or by nobody. */
  onExit?: 'restart' | 'stop';
  /** {@link GROUPED}, or by default blocks of one transaction. */
  block?: typeof GROUPED;
}

/** How a client reaches a peer and who it is. */
export interface Connection {
  mspId: string;
  certificate: Uint8Array;
  key: KeyObject;
  grpc: grpc.Client;
  channel: string;
  /**
   * Of the client's TLS certificate, where the connection has one: a peer gives blocks only to a request that
   * names it.
   */
  tlsCertificateHash?: Uint8Array;
}

/** The unmodified fabric-gateway client on a connection. */
export function connectClient(connection: Connection, options: ClientOptions): TestClient {
  const key = options.key ?? connection.key;
  const within = (ms: number) => () => ({ deadline: Date.now() + ms });
  const gateway = connect({
    client: connection.grpc,
    identity: {
      mspId: options.mspId ?? connection.mspId,
      credentials: options.credentials ?? connection.certificate,
    },
    signer: options.signer ?? signers.newPrivateKeySigner(key),
    hash: hash.sha256,
    ...(connection.tlsCertificateHash === undefined
      ? {}
      : { tlsClientCertificateHash: connection.tlsCertificateHash }),
    evaluateOptions: within(20_000),
    endorseOptions: within(20_000),
    submitOptions: within(10_000),
    commitStatusOptions: within(15_000),
  });
  const network = gateway.getNetwork(options.channel ?? connection.channel);
  const contract = network.getContract(options.chaincode ?? 'oracle');
  return {
    gateway,
    grpc: connection.grpc,
    network,
    contract,
    key,
    submit: (fn, args = [], more = {}) =>
      contract.submit(fn, { arguments: args.map(String), endorsingOrganizations: BOTH, ...more }),
    evaluate: async (fn, args = [], more = {}) =>
      text(await contract.evaluate(fn, { arguments: args.map(String), ...more })),
    close: () => {
      gateway.close();
      connection.grpc.close();
    },
  };
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
