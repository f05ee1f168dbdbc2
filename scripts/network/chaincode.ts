// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:tls';
import path from 'node:path';
import { PROVENANCE_POLICY, collections } from './configFiles';
import { CHAINCODE_PORT_COUNT, CHAINCODE_PORT_OFFSET, type Network, type Organisation } from './description';
import { authority, chaincodeDir, chaincodePart, identityDir, tlsCaFile } from './layout';
import { NetworkError } from './networkError';
import { writeSecret } from './identities';
import { printedCommand } from './printedCommand';
import { portIsFree, type Start } from './processes';
import {
  asAdministrator,
  bareEnvironment,
  commandFailed,
  ordererArguments,
  runProgram,
  tryProgram,
} from './programs';
import { tarGzip } from './tar';
import type { Binaries } from './binaries';
import type { Deployed, State } from './state';

/** Folders and files of a chaincode that are not part of what runs. */
const NOT_CODE =
  /^(node_modules|src|test|coverage|\..*|.*\.(map|tsbuildinfo|md)|.*\.d\.ts|tsconfig.*\.json)$/;

export interface Build {
  /**
   * `<name>_<version>_<digest>`. Fabric's package id does not cover the code of a chaincode that runs as a
   * service. So the label carries a digest of it: organisations that run different code have different
   * labels.
   */
  label: string;
  version: string;
  /** The staged copy that is run, so that a later build on disk changes nothing that is deployed. */
  directory: string;
}

/**
 * Copies the compiled chaincode into the network's data.
 * @throws NetworkError CHAINCODE_NOT_BUILT
 */
export function stageChaincode(network: Network): Build {
  const source = network.chaincode.path;
  const manifest = readManifest(source);
  const files = codeFiles(source).sort();
  const digest = createHash('sha256');
  for (const file of files) {
    digest
      .update(`${file}\0`)
      .update(readFileSync(path.join(source, file)))
      .update('\0');
  }
  const label = `${network.chaincode.name}_${manifest.version}_${digest.digest('hex').slice(0, 12)}`;
  const directory = path.join(chaincodeDir(network, label), 'code');
  if (!existsSync(directory)) {
    rmSync(`${directory}.new`, { recursive: true, force: true });
    for (const file of files) {
      cpSync(path.join(source, file), path.join(`${directory}.new`, file));
    }
    renameSync(`${directory}.new`, directory);
  }
  return { label, version: manifest.version, directory };
}

/** What a `package.json` says of the code beside it. */
interface Manifest {
  readonly version?: string;
  readonly main?: string;
}

function readManifest(source: string): { version: string; main: string } {
  const file = path.join(source, 'package.json');
  const manifest = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : undefined;
  const main = manifest === undefined ? file : path.join(source, manifest.main ?? 'index.js');
  if (manifest === undefined || !existsSync(main)) {
    throw new NetworkError(
      'CHAINCODE_NOT_BUILT',
      `There is no compiled chaincode in ${source} (${main} does not exist).`,
      'Run `npm run build:node`, or name another folder with --chaincode.',
    );
  }
  return { version: manifest.version ?? '0', main };
}

function codeFiles(root: string, below: string = ''): string[] {
  return readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_CODE.test(entry.name)) {
      return [];
    }
    const name = path.posix.join(below, entry.name);
    return entry.isDirectory() ? codeFiles(root, name) : [name];
  });
}

/**
 * Gives each organisation's process a port that no package had before. (A peer that still knows a former
 * process by its port would connect to the wrong one for minutes.)
 */
export async function reservePorts(
  network: Network,
  state: State,
): Promise<{ ports: Record<string, number>; nextPort: number }> {
  const ports: Record<string, number> = {};
  let offset = state.nextPort;
  for (const organisation of network.organisations) {
    let port;
    do {
      if (offset >= CHAINCODE_PORT_COUNT) {
        throw noPortLeft(network);
      }
      port = network.portBase + CHAINCODE_PORT_OFFSET + offset++;
    } while (!(await portIsFree(port, network.chaincode.host)));
    ports[organisation.name] = port;
  }
  return { ports, nextPort: offset };
}

function noPortLeft(network: Network) {
  const first = network.portBase + CHAINCODE_PORT_OFFSET;
  return new NetworkError(
    'PORT_BUSY',
    `No port is left for chaincode between ${String(first)} and ${String(first + CHAINCODE_PORT_COUNT - 1)}: each deployed build keeps one for each organisation.`,
    `Start afresh: ${printedCommand(network, 'clean')}, then ${printedCommand(network, 'up')} and ${printedCommand(network, 'deploy')} ` +
      '(with another --port-base if other programs hold the ports).',
  );
}

/**
 * Writes an organisation's package. It says where that organisation's process listens and how the peer proves
 * itself to it.
 */
export function writePackage(
  network: Network,
  organisation: Organisation,
  label: string,
  port: number,
): { file: string; packageId: string } {
  const identity = (name: string) =>
    readFileSync(path.join(identityDir(network, organisation), name), 'utf8');
  const connection = {
    address: `${network.chaincode.host}:${String(port)}`,
    dial_timeout: '3s',
    tls_required: true,
    client_auth_required: true,
    root_cert: readFileSync(authority(network, organisation, 'tlsca').certFile, 'utf8'),
    client_cert: identity('peer-to-chaincode.cert.pem'),
    client_key: identity('peer-to-chaincode.key.pem'),
  };
  const code = tarGzip([{ name: 'connection.json', content: json(connection) }]);
  const archive = tarGzip([
    { name: 'metadata.json', content: json({ type: 'ccaas', label }) },
    { name: 'code.tar.gz', content: code },
  ]);
  const file = path.join(chaincodeDir(network, label), `${organisation.name}.tar.gz`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeSecret(file, archive);
  return { file, packageId: `${label}:${createHash('sha256').update(archive).digest('hex')}` };
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

export async function installPackage(
  network: Network,
  binaries: Binaries,
  organisation: Organisation,
  packageFile: string,
) {
  const args = ['lifecycle', 'chaincode', 'install', packageFile];
  const { ok, output } = await tryProgram(binaries, 'peer', args, asAdministrator(network, organisation));
  if (!ok && !/already successfully installed/.test(output)) {
    throw commandFailed(network, 'peer', args, output);
  }
}

/**
 * The process that executes the chaincode for one organisation's peer. It must know whose it is, because the
 * chaincode reads its own organisation's private data.
 */
export function chaincodeStart(network: Network, organisation: Organisation, deployed: Deployed): Start {
  const port = deployed.ports[organisation.name];
  const packageId = deployed.packageIds[organisation.name];
  if (port === undefined || packageId === undefined) {
    throw new Error(`${organisation.name} is not in ${deployed.label}`);
  }
  const directory = path.join(chaincodeDir(network, deployed.label), 'code');
  const secrets = identityDir(network, organisation);
  const shim = createRequire(path.join(network.chaincode.path, 'package.json')).resolve('fabric-shim/cli.js');
  return {
    part: chaincodePart(organisation, port),
    command: process.execPath,
    args: [
      shim,
      'server',
      `--chaincode-address=${network.chaincode.host}:${String(port)}`,
      `--chaincode-id=${packageId}`,
      `--chaincode-tls-cert-file=${path.join(secrets, 'chaincode.cert.pem')}`,
      `--chaincode-tls-key-file=${path.join(secrets, 'chaincode.key.pem')}`,
      `--chaincode-tls-client-cacert-file=${authority(network, organisation, 'tlsca').certFile}`,
      `--module-path=${directory}`,
    ],
    env: {
      ...bareEnvironment(),
      CORE_PEER_LOCALMSPID: organisation.mspId,
      CORE_CHAINCODE_LOGGING_LEVEL: 'error',
      NODE_ENV: 'production',
      NODE_PATH: moduleFolders(network.chaincode.path).join(path.delimiter),
    },
    cwd: directory,
    ports: [{ port, purpose: 'chaincode', host: network.chaincode.host }],
    ready: () => answersTls(network, organisation, port),
  };
}

/** Where the source's dependencies are found: its own node_modules and those of every folder above. */
function moduleFolders(folder: string): string[] {
  const parent = path.dirname(folder);
  const own = path.join(folder, 'node_modules');
  return parent === folder ? [own] : [own, ...moduleFolders(parent)];
}

function answersTls(network: Network, organisation: Organisation, port: number): Promise<boolean> {
  const secrets = identityDir(network, organisation);
  const options = {
    host: network.chaincode.host,
    port,
    ca: readFileSync(authority(network, organisation, 'tlsca').certFile),
    cert: readFileSync(path.join(secrets, 'peer-to-chaincode.cert.pem')),
    key: readFileSync(path.join(secrets, 'peer-to-chaincode.key.pem')),
    servername: 'localhost',
    ALPNProtocols: ['h2'],
  };
  return new Promise((resolve) => {
    const socket = connect(options, () => {
      socket.destroy();
      resolve(true);
    });
    socket.setTimeout(2000, () => socket.destroy(new Error('no answer')));
    socket.on('error', () => {
      resolve(false);
    });
  });
}

/** The terms of the chaincode's definition: who must endorse, and which collections there are. */
export function definitionTerms(network: Network): { args: string[]; digest: string } {
  const { collections: custom, signaturePolicy } = network.chaincode;
  const file = path.join(network.dataDir, 'chaincode', 'collections.json');
  const text =
    custom === undefined
      ? `${JSON.stringify(collections(network), null, 2)}\n`
      : readFileSync(custom, 'utf8');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  const policy =
    signaturePolicy === undefined
      ? ['--channel-config-policy', PROVENANCE_POLICY]
      : ['--signature-policy', signaturePolicy];
  return {
    args: [...policy, '--collections-config', file],
    digest: createHash('sha256').update(text).update(policy.join('\0')).digest('hex').slice(0, 16),
  };
}

/** @returns sequence of the committed definition, 0 if none */
export async function committedSequence(network: Network, binaries: Binaries): Promise<number> {
  const [organisation] = network.organisations;
  if (organisation === undefined) {
    return 0;
  }
  const args = [
    'lifecycle',
    'chaincode',
    'querycommitted',
    '-C',
    network.channel,
    '-n',
    network.chaincode.name,
    '-O',
    'json',
  ];
  const { ok, output } = await tryProgram(binaries, 'peer', args, asAdministrator(network, organisation));
  if (ok) {
    return Number(/"sequence":\s*(\d+)/.exec(output)?.[1] ?? 0);
  }
  if (/not defined|404/.test(output)) {
    return 0;
  }
  throw commandFailed(network, 'peer', args, output);
}

/** Approves a definition for every organisation and commits it. Safe to repeat. */
export async function approveAndCommit(
  network: Network,
  binaries: Binaries,
  build: Build,
  deployed: Deployed,
  terms: string[],
) {
  const definition = [
    '-C',
    network.channel,
    '-n',
    network.chaincode.name,
    '-v',
    build.version,
    '--sequence',
    String(deployed.sequence),
    ...terms,
  ];
  await Promise.all(
    network.organisations.map((each) => approve(network, binaries, each, deployed, definition)),
  );
  const [first] = network.organisations;
  if (first === undefined) {
    return;
  }
  const peers = network.organisations.flatMap((each) => [
    '--peerAddresses',
    each.peerEndpoint,
    '--tlsRootCertFiles',
    tlsCaFile(network, each),
  ]);
  const args = [
    'lifecycle',
    'chaincode',
    'commit',
    ...definition,
    ...ordererArguments(network, first),
    ...peers,
  ];
  await runProgram(network, binaries, 'peer', args, asAdministrator(network, first));
}

async function approve(
  network: Network,
  binaries: Binaries,
  organisation: Organisation,
  deployed: Deployed,
  definition: string[],
) {
  const packageId = String(deployed.packageIds[organisation.name]);
  const args = [
    'lifecycle',
    'chaincode',
    'approveformyorg',
    ...definition,
    '--package-id',
    packageId,
    ...ordererArguments(network, organisation),
  ];
  const { ok, output } = await tryProgram(binaries, 'peer', args, asAdministrator(network, organisation));
  if (!ok && !/unchanged content/.test(output)) {
    throw commandFailed(network, 'peer', args, output);
  }
}
