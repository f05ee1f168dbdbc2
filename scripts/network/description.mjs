// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetworkError } from './networkError.mjs';

/**
 * @typedef {object} Organisation
 * @property {string} name short name: names its files, its processes and its profile
 * @property {string} mspId
 * @property {'trustee' | 'holder'} role becomes the gateway certificate's attribute `chartwitness.role`
 * @property {string} domain DNS domain in its certificates
 * @property {string} peerEndpoint `host:port` at which gateways and other peers reach its peer
 * @property {number} peerPort
 * @property {number} chaincodeListenPort unused by chaincode as a service, but a peer insists on listening
 * @property {number} operationsPort health and metrics
 */

/**
 * @typedef {object} Orderer
 * @property {string} mspId
 * @property {string} domain
 * @property {string} endpoint `host:port`; the first, where there are several
 * @property {string[] | undefined} [endpoints] every orderer that a gateway may hand a transaction to, where there are several
 * @property {number} port
 * @property {number} adminPort
 * @property {number} operationsPort
 */

/**
 * @typedef {object} Block
 * @property {number} maxMessageCount
 * @property {string} batchTimeout like `50ms`
 * @property {number | undefined} [preferredMaxBytes] a larger transaction gets a block of its own; default 2 MB
 * @property {number | undefined} [absoluteMaxBytes] a larger transaction is refused; default 10 MB
 */

/**
 * @typedef {object} Chaincode
 * @property {string} name
 * @property {string} path the folder of the compiled code
 * @property {string} host the address that chaincode processes listen on and peers dial
 * @property {string} executeTimeout longest time that a transaction may run, like `30s`
 * @property {string | undefined} collections a file that replaces the generated collection
 * @property {string | undefined} signaturePolicy replaces the reference to the channel's policy
 */

/**
 * @typedef {object} External a network that other tools run (`fabric-samples` test-network): only `deploy`, `status`,
 *   `logs` and `down` (of the chaincode processes) apply to it
 * @property {string} cryptoDir folder with `peerOrganizations/` and `ordererOrganizations/` as cryptogen lays them out
 * @property {boolean} mutualTls whether its peers demand a client certificate
 */

/**
 * @typedef {object} Network
 * @property {string} dataDir where everything that this network makes is kept
 * @property {string} channel
 * @property {number} portBase
 * @property {Block} block when the orderer cuts a block
 * @property {Chaincode} chaincode
 * @property {Orderer} orderer
 * @property {Organisation[]} organisations
 * @property {External | undefined} external
 * @property {DescriptionOptions} options by which it was named, for the commands that are printed
 */

const here = path.dirname(fileURLToPath(import.meta.url));
export const DEFAULT_DESCRIPTION = path.join(here, 'network.json');
export const DEFAULT_DATA_DIR = path.resolve(here, '../../.data/network');

/** Ports that one network may take, from its base: three for the orderer, ten for each organisation, then chaincode. */
export const CHAINCODE_PORT_OFFSET = 100;
export const CHAINCODE_PORT_COUNT = 100;

/**
 * @typedef {object} DescriptionOptions
 * @property {string | undefined} [file] default: the development network beside this module
 * @property {string | undefined} [dataDir]
 * @property {number | undefined} [portBase]
 * @property {number | undefined} [maxMessageCount]
 * @property {string | undefined} [batchTimeout]
 * @property {string | undefined} [chaincodePath]
 */

/**
 * Reads a network's description and works out what follows from it. Relative paths in the file start at the file.
 * @param {DescriptionOptions} [options] each overrides what the file says
 * @returns {Network}
 * @throws {NetworkError} BAD_DESCRIPTION with every problem found
 */
export function readDescription(options = {}) {
  const file = path.resolve(options.file ?? DEFAULT_DESCRIPTION);
  const raw = withOverrides(parse(file), options);
  const problems = problemsOf(raw);
  if (problems.length > 0) throw badDescription(file, problems);
  return resolve(raw, path.dirname(file), options);
}

/**
 * A digest of everything that is fixed once the channel exists. Data made under another digest are left over.
 * @param {Network} network
 */
export function fixedPart(network) {
  const { channel, portBase, block, orderer, organisations, external } = network;
  const text = JSON.stringify({ channel, portBase, block, orderer, organisations, external });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** @param {Network} network */
export function trusteeOf(network) {
  const trustee = network.organisations.find((organisation) => organisation.role === 'trustee');
  if (trustee === undefined) throw badDescription(network.dataDir, ['no organisation has the role trustee']);
  return trustee;
}

/** @param {Network} network */
export function holdersOf(network) {
  return network.organisations.filter((organisation) => organisation.role === 'holder');
}

/**
 * Who must endorse a public write: the patients' trustee and any holder, each by its own peer.
 * @param {Network} network
 */
export function provenancePolicy(network) {
  const holders = holdersOf(network).map((holder) => `'${holder.mspId}.peer'`);
  const anyHolder = holders.length === 1 ? holders[0] : `OR(${holders.join(', ')})`;
  return `AND('${trusteeOf(network).mspId}.peer', ${anyHolder})`;
}

/** @param {string} file @returns {any} */
function parse(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw badDescription(file, [`cannot be read: ${/** @type {Error} */ (cause).message}`]);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badDescription(file, [`is not JSON: ${/** @type {Error} */ (cause).message}`]);
  }
}

/** @param {any} raw @param {DescriptionOptions} options */
function withOverrides(raw, options) {
  return {
    ...raw,
    portBase: options.portBase ?? raw.portBase,
    block: {
      ...raw.block,
      maxMessageCount: options.maxMessageCount ?? raw.block?.maxMessageCount ?? 1,
      batchTimeout: options.batchTimeout ?? raw.block?.batchTimeout ?? '50ms',
    },
  };
}

const DURATION = /^\d+(ms|s)$/;

/** @param {any} raw @returns {string[]} */
function problemsOf(raw) {
  const organisations = Array.isArray(raw.organisations) ? raw.organisations : [];
  return [
    must(
      matches(/^[a-z][a-z0-9.-]{0,248}$/, raw.channel),
      'channel: lower-case letters, digits, dots and hyphens',
    ),
    must(
      matches(/^[A-Za-z][A-Za-z0-9_-]*$/, raw.chaincode?.name),
      'chaincode.name: letters, digits, _ and -',
    ),
    must(typeof raw.chaincode?.path === 'string', 'chaincode.path: the folder of the compiled chaincode'),
    must(isIdentity(raw.orderer), 'orderer: mspId and domain'),
    must(
      Number.isInteger(raw.block.maxMessageCount) && raw.block.maxMessageCount > 0,
      'block.maxMessageCount: 1 or more',
    ),
    must(matches(DURATION, raw.block.batchTimeout), 'block.batchTimeout: like 50ms or 2s'),
    must(
      isSize(raw.block.preferredMaxBytes) && isSize(raw.block.absoluteMaxBytes),
      'block.preferredMaxBytes, block.absoluteMaxBytes: a whole number of bytes, or absent',
    ),
    must(
      raw.chaincode?.executeTimeout === undefined || matches(DURATION, raw.chaincode.executeTimeout),
      'chaincode.executeTimeout: like 30s, or absent',
    ),
    must(isPortBase(raw), 'portBase: a whole number from 1024 to 65300'),
    must(organisations.length >= 2, 'organisations: at least the trustee and one holder'),
    must(countRole(organisations, 'trustee') === 1, 'organisations: exactly one has the role trustee'),
    must(countRole(organisations, 'holder') >= 1, 'organisations: at least one has the role holder'),
    must(
      organisations.every(isOrganisation),
      'organisations: each needs name, mspId, domain and role (trustee or holder)',
    ),
    must(
      distinct(organisations, 'name') && distinct(organisations, 'mspId'),
      'organisations: name and mspId occur once',
    ),
    ...externalProblems(raw, organisations),
  ].flat();
}

/** @param {any} raw @param {any[]} organisations */
function externalProblems(raw, organisations) {
  if (raw.external === undefined) return [];
  return [
    must(
      typeof raw.external.cryptoDir === 'string',
      'external.cryptoDir: the folder with peerOrganizations/',
    ),
    must(
      endpointsOf(raw.orderer).every(isEndpoint) && endpointsOf(raw.orderer).length > 0,
      'orderer.endpoint: host:port of the external orderer, or orderer.endpoints: a list of them',
    ),
    must(
      organisations.every((o) => isEndpoint(o.peerEndpoint)),
      'organisations: peerEndpoint, host:port of each external peer',
    ),
  ].flat();
}

/** @param {boolean} holds @param {string} problem @returns {string[]} */
const must = (holds, problem) => (holds ? [] : [problem]);
/** @param {RegExp} pattern @param {unknown} value */
const matches = (pattern, value) => typeof value === 'string' && pattern.test(value);
/** @param {unknown} size */
const isSize = (size) => size === undefined || (Number.isInteger(size) && Number(size) > 0);
/** @param {any} o */
const isIdentity = (o) => matches(/^[A-Za-z0-9.-]+$/, o?.mspId) && matches(/^[a-z0-9.-]+$/, o?.domain);
/** @param {any} o */
const isOrganisation = (o) =>
  isIdentity(o) && matches(/^[a-z][a-z0-9-]*$/, o.name) && ['trustee', 'holder'].includes(o.role);
/** @param {any} raw */
const isPortBase = (raw) => Number.isInteger(raw.portBase) && raw.portBase >= 1024 && raw.portBase <= 65300;
/** @param {unknown} text */
const isEndpoint = (text) => matches(/^[^:\s]+:\d+$/, text);
/** @param {any} orderer @returns {any[]} */
const endpointsOf = (orderer) =>
  Array.isArray(orderer?.endpoints) ? orderer.endpoints : [orderer?.endpoint];
/** @param {any[]} list @param {string} role */
const countRole = (list, role) => list.filter((o) => o?.role === role).length;
/** @param {any[]} list @param {string} key */
const distinct = (list, key) => new Set(list.map((o) => o?.[key])).size === list.length;

/**
 * @param {any} raw @param {string} base @param {DescriptionOptions} options
 * @returns {Network}
 */
function resolve(raw, base, options) {
  const { portBase } = raw;
  const collections = raw.chaincode.collections;
  return {
    dataDir: path.resolve(
      options.dataDir ?? (raw.dataDir ? path.resolve(base, raw.dataDir) : DEFAULT_DATA_DIR),
    ),
    channel: raw.channel,
    portBase,
    block: raw.block,
    chaincode: {
      name: raw.chaincode.name,
      path: path.resolve(options.chaincodePath ?? path.resolve(base, raw.chaincode.path)),
      host: raw.chaincode.host ?? '127.0.0.1',
      executeTimeout: raw.chaincode.executeTimeout ?? '30s',
      collections: collections === undefined ? undefined : path.resolve(base, collections),
      signaturePolicy: raw.chaincode.signaturePolicy,
    },
    orderer: {
      mspId: raw.orderer.mspId,
      domain: raw.orderer.domain,
      endpoint: raw.orderer.endpoints?.[0] ?? raw.orderer.endpoint ?? `localhost:${String(portBase)}`,
      endpoints: raw.orderer.endpoints,
      port: portBase,
      adminPort: portBase + 1,
      operationsPort: portBase + 2,
    },
    organisations: raw.organisations.map((/** @type {any} */ o, /** @type {number} */ i) =>
      organisation(o, portBase + 10 * (i + 1)),
    ),
    external:
      raw.external === undefined
        ? undefined
        : {
            cryptoDir: path.resolve(base, raw.external.cryptoDir),
            mutualTls: raw.external.mutualTls === true,
          },
    options,
  };
}

/** @param {any} o @param {number} firstPort @returns {Organisation} */
function organisation(o, firstPort) {
  return {
    name: o.name,
    mspId: o.mspId,
    role: o.role,
    domain: o.domain,
    peerEndpoint: o.peerEndpoint ?? `localhost:${String(firstPort)}`,
    peerPort: firstPort,
    chaincodeListenPort: firstPort + 1,
    operationsPort: firstPort + 2,
  };
}

/** @param {string} file @param {string[]} problems */
function badDescription(file, problems) {
  return new NetworkError(
    'BAD_DESCRIPTION',
    `The network description ${file} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    `Mend the file; ${DEFAULT_DESCRIPTION} is a complete example.`,
  );
}
