// SPDX-License-Identifier: Apache-2.0
/** The form of a network's description, as somebody writes it. */

/** What a JSON file holds, before anything is known of it. */
export type Raw = Readonly<Record<string, unknown>>;

/** When the orderer cuts a block. */
export interface Block {
  maxMessageCount: number;
  /** Like `50ms`. */
  batchTimeout: string;
  /** A larger transaction gets a block of its own; default 2 MB. */
  preferredMaxBytes?: number | undefined;
  /** A larger transaction is refused; default 10 MB. */
  absoluteMaxBytes?: number | undefined;
}

export interface WrittenOrganisation {
  readonly name: string;
  readonly mspId: string;
  readonly role: 'trustee' | 'holder';
  readonly domain: string;
  readonly peerEndpoint?: string;
}

/** A description without {@link problemsOf}. Relative paths start at its file. */
export interface WrittenDescription {
  readonly channel: string;
  readonly portBase: number;
  readonly dataDir?: string;
  readonly block: Block;
  readonly chaincode: {
    readonly name: string;
    readonly path: string;
    readonly host?: string;
    readonly executeTimeout?: string;
    readonly collections?: string;
    readonly signaturePolicy?: string;
  };
  readonly orderer: {
    readonly mspId: string;
    readonly domain: string;
    readonly endpoint?: string;
    readonly endpoints?: string[];
  };
  readonly organisations: readonly WrittenOrganisation[];
  readonly external?: { readonly cryptoDir: string; readonly mutualTls?: unknown };
}

/** The members of an object; none for any other value. */
export function rawOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

const DURATION = /^\d+(ms|s)$/;

/** All that keeps a description from being used, in words for its writer; empty for one that can be used. */
export function problemsOf(raw: Raw): readonly string[] {
  const chaincode = rawOf(raw['chaincode']);
  const block = rawOf(raw['block']);
  const organisations = Array.isArray(raw['organisations']) ? raw['organisations'].map(rawOf) : [];
  return [
    must(
      matches(/^[a-z][a-z0-9.-]{0,248}$/, raw['channel']),
      'channel: lower-case letters, digits, dots and hyphens',
    ),
    must(matches(/^[A-Za-z][A-Za-z0-9_-]*$/, chaincode['name']), 'chaincode.name: letters, digits, _ and -'),
    must(typeof chaincode['path'] === 'string', 'chaincode.path: the folder of the compiled chaincode'),
    must(isIdentity(rawOf(raw['orderer'])), 'orderer: mspId and domain'),
    must(isCount(block['maxMessageCount']), 'block.maxMessageCount: 1 or more'),
    must(matches(DURATION, block['batchTimeout']), 'block.batchTimeout: like 50ms or 2s'),
    must(
      isSize(block['preferredMaxBytes']) && isSize(block['absoluteMaxBytes']),
      'block.preferredMaxBytes, block.absoluteMaxBytes: a whole number of bytes, or absent',
    ),
    must(
      chaincode['executeTimeout'] === undefined || matches(DURATION, chaincode['executeTimeout']),
      'chaincode.executeTimeout: like 30s, or absent',
    ),
    must(
      [raw['dataDir'], chaincode['host'], chaincode['collections'], chaincode['signaturePolicy']].every(
        (text) => text === undefined || (typeof text === 'string' && text !== ''),
      ),
      'dataDir, chaincode.host, chaincode.collections, chaincode.signaturePolicy: a text, or absent',
    ),
    must(isPortBase(raw['portBase']), 'portBase: a whole number from 1024 to 65300'),
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
    ...(raw['external'] === undefined ? [] : externalProblems(raw, organisations)),
  ].flat();
}

function externalProblems(raw: Raw, organisations: readonly Raw[]): string[][] {
  const endpoints = endpointsOf(rawOf(raw['orderer']));
  return [
    must(
      typeof rawOf(raw['external'])['cryptoDir'] === 'string',
      'external.cryptoDir: the folder with peerOrganizations/',
    ),
    must(
      endpoints.every(isEndpoint) && endpoints.length > 0,
      'orderer.endpoint: host:port of the external orderer, or orderer.endpoints: a list of them',
    ),
    must(
      organisations.every((each) => isEndpoint(each['peerEndpoint'])),
      'organisations: peerEndpoint, host:port of each external peer',
    ),
  ];
}

const must = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);
const matches = (pattern: RegExp, value: unknown): boolean =>
  typeof value === 'string' && pattern.test(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0;
const isSize = (value: unknown): boolean => value === undefined || isCount(value);
const isPortBase = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1024 && Number(value) <= 65_300;
const isIdentity = (raw: Raw): boolean =>
  matches(/^[A-Za-z0-9.-]+$/, raw['mspId']) && matches(/^[a-z0-9.-]+$/, raw['domain']);
const isOrganisation = (raw: Raw): boolean =>
  isIdentity(raw) &&
  matches(/^[a-z][a-z0-9-]*$/, raw['name']) &&
  (raw['role'] === 'trustee' || raw['role'] === 'holder');
const isEndpoint = (value: unknown): boolean => matches(/^[^:\s]+:\d+$/, value);
const countRole = (list: readonly Raw[], role: string): number =>
  list.filter((each) => each['role'] === role).length;
const distinct = (list: readonly Raw[], key: string): boolean =>
  new Set(list.map((each) => each[key])).size === list.length;

function endpointsOf(orderer: Raw): readonly unknown[] {
  const { endpoint, endpoints } = orderer;
  return Array.isArray(endpoints) ? endpoints : [endpoint];
}
