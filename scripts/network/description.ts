// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { provenancePolicy as policyOf } from '@chartwitness/chaincode/domain';
import {
  type Block,
  problemsOf,
  type Raw,
  rawOf,
  type WrittenDescription,
  type WrittenOrganisation,
} from './descriptionForm';
import { DEFAULT_DATA_DIR, NETWORK_FOLDER } from './folder';
import { NetworkError } from './networkError';

export interface Organisation {
  /** Short name: names its files, its processes and its profile. */
  name: string;
  mspId: string;
  /** Becomes the gateway certificate's attribute `chartwitness.role`. */
  role: 'trustee' | 'holder';
  /** DNS domain in its certificates. */
  domain: string;
  /** `host:port` at which gateways and other peers reach its peer. */
  peerEndpoint: string;
  peerPort: number;
  /** Unused by chaincode as a service, but a peer insists on listening. */
  chaincodeListenPort: number;
  /** Health and metrics. */
  operationsPort: number;
}

export interface Orderer {
  mspId: string;
  domain: string;
  /** `host:port`; the first, where there are several. */
  endpoint: string;
  /** Every orderer that a gateway may hand a transaction to, where there are several. */
  endpoints?: string[] | undefined;
  port: number;
  adminPort: number;
  operationsPort: number;
}

export interface Chaincode {
  name: string;
  /** The folder of the compiled code. */
  path: string;
  /** The address that chaincode processes listen on and peers dial. */
  host: string;
  /** Longest time that a transaction may run, like `30s`. */
  executeTimeout: string;
  /** A file that replaces the generated collection. */
  collections: string | undefined;
  /** Replaces the reference to the channel's policy. */
  signaturePolicy: string | undefined;
}

/**
 * A network that other tools run (`fabric-samples` test-network): only `deploy`, `status`, `logs` and `down`
 * (of the chaincode processes) apply to it.
 */
export interface External {
  /** Folder with `peerOrganizations/` and `ordererOrganizations/` as cryptogen lays them out. */
  cryptoDir: string;
  /** Whether its peers demand a client certificate. */
  mutualTls: boolean;
}

/** Rules of a channel's first configuration that are not the usual ones. */
export interface ChannelRules {
  /** MSP id → its `Writers`, such as `OR('Org1MSP.admin')`. Default: its administrators and clients. */
  writers?: Readonly<Record<string, string>> | undefined;
  /** Resource → policy that replaces Fabric's default, such as `/Channel/Application/Readers`. */
  acls?: Readonly<Record<string, string>> | undefined;
}

export interface Network {
  /** Where everything that this network makes is kept. */
  dataDir: string;
  channel: string;
  portBase: number;
  /** When the orderer cuts a block. */
  block: Block;
  chaincode: Chaincode;
  orderer: Orderer;
  organisations: Organisation[];
  /** Where the channel's rules differ from the usual ones. */
  rules?: ChannelRules | undefined;
  external: External | undefined;
  /** By which it was named, for the commands that are printed. */
  options: DescriptionOptions;
}

export const DEFAULT_DESCRIPTION = path.join(NETWORK_FOLDER, 'network.json');

/**
 * Ports that one network may take, from its base: three for the orderer, ten for each organisation, then
 * chaincode.
 */
export const CHAINCODE_PORT_OFFSET = 100;
export const CHAINCODE_PORT_COUNT = 100;

export interface DescriptionOptions {
  /** default: the development network beside this module. */
  file?: string | undefined;
  dataDir?: string | undefined;
  portBase?: number | undefined;
  maxMessageCount?: number | undefined;
  batchTimeout?: string | undefined;
  chaincodePath?: string | undefined;
}

/**
 * Reads a network's description and works out what follows from it. Relative paths in the file start at the
 * file.
 * @param options each overrides what the file says
 * @throws NetworkError BAD_DESCRIPTION with every problem found
 */
export function readDescription(options: DescriptionOptions = {}): Network {
  const file = path.resolve(options.file ?? DEFAULT_DESCRIPTION);
  const raw = withOverrides(parse(file), options);
  const problems = problemsOf(raw);
  if (problems.length > 0) {
    throw badDescription(file, problems);
  }
  // Each of these members was looked at above.
  return resolve(raw as unknown as WrittenDescription, path.dirname(file), options);
}

/**
 * A digest of everything that is fixed once the channel exists. Data made under another digest are left over.
 */
export function fixedPart(network: Network) {
  const { channel, portBase, block, orderer, organisations, external } = network;
  const text = JSON.stringify({ channel, portBase, block, orderer, organisations, external });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function trusteeOf(network: Network) {
  const trustee = network.organisations.find((organisation) => organisation.role === 'trustee');
  if (trustee === undefined) {
    throw badDescription(network.dataDir, ['no organisation has the role trustee']);
  }
  return trustee;
}

export function holdersOf(network: Network) {
  return network.organisations.filter((organisation) => organisation.role === 'holder');
}

/** Who must endorse a public write: the patients' trustee and any holder, each by its own peer. */
export function provenancePolicy(network: Network): string {
  return policyOf(
    trusteeOf(network).mspId,
    holdersOf(network).map(({ mspId }) => mspId),
  );
}

function parse(file: string): Raw {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw badDescription(file, [`cannot be read: ${(cause as Error).message}`]);
  }
  try {
    return rawOf(JSON.parse(text));
  } catch (cause) {
    throw badDescription(file, [`is not JSON: ${(cause as Error).message}`]);
  }
}

function withOverrides(raw: Raw, options: DescriptionOptions): Raw {
  const block = rawOf(raw['block']);
  return {
    ...raw,
    portBase: options.portBase ?? raw['portBase'],
    block: {
      ...block,
      maxMessageCount: options.maxMessageCount ?? block['maxMessageCount'] ?? 1,
      batchTimeout: options.batchTimeout ?? block['batchTimeout'] ?? '50ms',
    },
  };
}

function resolve(written: WrittenDescription, base: string, options: DescriptionOptions): Network {
  const { portBase, chaincode, orderer, external } = written;
  const below = (file: string): string => path.resolve(base, file);
  return {
    dataDir: path.resolve(
      options.dataDir ?? (written.dataDir === undefined ? DEFAULT_DATA_DIR : below(written.dataDir)),
    ),
    channel: written.channel,
    portBase,
    block: written.block,
    chaincode: {
      name: chaincode.name,
      path: path.resolve(options.chaincodePath ?? below(chaincode.path)),
      host: chaincode.host ?? '127.0.0.1',
      executeTimeout: chaincode.executeTimeout ?? '30s',
      collections: chaincode.collections === undefined ? undefined : below(chaincode.collections),
      signaturePolicy: chaincode.signaturePolicy,
    },
    orderer: {
      mspId: orderer.mspId,
      domain: orderer.domain,
      endpoint: orderer.endpoints?.[0] ?? orderer.endpoint ?? `localhost:${String(portBase)}`,
      endpoints: orderer.endpoints,
      port: portBase,
      adminPort: portBase + 1,
      operationsPort: portBase + 2,
    },
    organisations: written.organisations.map((each, i) => organisation(each, portBase + 10 * (i + 1))),
    external:
      external === undefined
        ? undefined
        : { cryptoDir: below(external.cryptoDir), mutualTls: external.mutualTls === true },
    options,
  };
}

function organisation(written: WrittenOrganisation, firstPort: number): Organisation {
  return {
    name: written.name,
    mspId: written.mspId,
    role: written.role,
    domain: written.domain,
    peerEndpoint: written.peerEndpoint ?? `localhost:${String(firstPort)}`,
    peerPort: firstPort,
    chaincodeListenPort: firstPort + 1,
    operationsPort: firstPort + 2,
  };
}

function badDescription(file: string, problems: readonly string[]): NetworkError {
  return new NetworkError(
    'BAD_DESCRIPTION',
    `The network description ${file} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    `Mend the file; ${DEFAULT_DESCRIPTION} is a complete example.`,
  );
}
