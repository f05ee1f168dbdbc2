// SPDX-License-Identifier: Apache-2.0
import type { CollectionConfig } from './policy/collections';

/** A client user of an organisation. `attributes` go into the certificate as Fabric's attribute extension. */
export interface UserOptions {
  name: string;
  attributes?: Record<string, string>;
}

export interface OrganisationOptions {
  mspId: string;
  /** Client users beside `Admin`, which every organisation has. Default: one `User1`. */
  users?: UserOptions[];
}

export interface ChaincodeOptions {
  name: string;
  /** Directory whose package.json `main` exports `contracts`. */
  module: string;
  /** Default `1`. */
  version?: string;
  /** Fabric's syntax: AND, OR, OutOf over `'MSPID.role'`. */
  endorsementPolicy: string;
  /** Fabric's collections JSON. */
  collections?: CollectionConfig[];
  /**
   * What happens when the chaincode ends its process. `restart` (default) starts it again after a short
   * backoff; `stop` behaves as one chaincode service that nobody starts again: it is gone for every
   * organisation.
   */
  onExit?: 'restart' | 'stop';
  /**
   * Longest time a transaction may run, in milliseconds. Default 30,000, as a peer's
   * `chaincode.executetimeout`.
   */
  executeTimeoutMs?: number;
}

export interface BlockOptions {
  /** Most transactions in a block. Default 500. */
  maxMessageCount?: number;
  /** Soft limit in bytes; a larger transaction gets a block of its own. Default 2 MiB. */
  preferredMaxBytes?: number;
  /** A larger transaction is refused. Default 10 MiB. */
  absoluteMaxBytes?: number;
  /** How long a block waits for more transactions. Default 0: cut at once whatever has arrived. */
  batchTimeoutMs?: number;
}

/** Where a channel's rules differ from the usual ones. */
export interface ChannelRules {
  /** MSP id → who of it may write, in Fabric's policy syntax. Default: its clients and administrators. */
  writers?: Readonly<Record<string, string>>;
  /**
   * Who may be the creator of a transaction on another channel that calls chaincode here. Default:
   * `/Channel/Application/Writers`.
   */
  acls?: { 'peer/ChaincodeToChaincode'?: `/Channel/Application/${'Readers' | 'Writers'}` };
}

/** A channel beside the first: another ledger of the same peers, with the same code. */
export interface FurtherChannelOptions {
  name: string;
  /** MSP ids of the organisations whose peers join it. Default: all. */
  members?: readonly string[];
  /** The definition there; its name is by default that on the first channel. */
  chaincode: { name?: string; endorsementPolicy: string; collections?: CollectionConfig[] };
  /** Default: as on the first channel. */
  block?: BlockOptions;
  rules?: ChannelRules;
}

export interface EmbeddedLedgerOptions {
  /**
   * Keys, certificates and the block store live here; made at first start, reused afterwards; keys have mode
   * 600.
   */
  dataDir: string;
  /** The first channel; all organisations are on it. */
  channel: string;
  /** Default: none. One that is named newly is made; one that is not named any more stays on disk. */
  furtherChannels?: readonly FurtherChannelOptions[];
  /** Each organisation has one peer, an `Admin` and the named client users. */
  organisations: OrganisationOptions[];
  chaincode: ChaincodeOptions;
  block?: BlockOptions;
  /** Default 127.0.0.1 and a free port per peer. A given port is the first peer's; the others follow it. */
  listen?: { host?: string; port?: number };
  log?: (line: string) => void;
  /** Milliseconds since the epoch; stands in for the peers' clocks. */
  clock?: () => number;
}

export interface UserCredentials {
  certificatePem: string;
  certificatePath: string;
  privateKeyPath: string;
}

export interface EmbeddedOrganisation {
  mspId: string;
  /** `host:port` of the organisation's own peer. */
  endpoint: string;
  caCertificatePem: string;
  /** Absent: the connection is plain. */
  tlsCaPem?: string;
  users: Record<string, UserCredentials>;
}

export interface EmbeddedLedger {
  /** The first channel. */
  channel: string;
  /** Its chaincode. */
  chaincodeName: string;
  /** Throws for an MSP id that is not on the channel. */
  organisation(mspId: string): EmbeddedOrganisation;
  /** Finishes the blocks in hand, stops the chaincode and closes the stores. */
  close(): Promise<void>;
}
