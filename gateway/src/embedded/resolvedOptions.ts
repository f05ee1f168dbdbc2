// SPDX-License-Identifier: Apache-2.0
import type {
  ChannelRules,
  EmbeddedLedgerOptions,
  FurtherChannelOptions,
  OrganisationOptions,
} from './options';
import type { OrdererLimits } from './ordering/orderer';
import { Collections } from './policy/collections';
import { parsePolicy, type SignaturePolicy } from './policy/signaturePolicy';
import type { ChaincodeDefinition } from './protocol/lifecycle';
import { ChannelAccess } from './services/accessControl';

/** MSP id of the one orderer, which belongs to an organisation of its own. */
export const ORDERER_MSP = 'OrdererMSP';

/** One channel's part of the options, its policies and collections read. */
export interface ResolvedChannel {
  name: string;
  /** Organisations on it, in the order of the options. */
  mspIds: string[];
  definition: ChaincodeDefinition;
  chaincodePolicy: SignaturePolicy;
  collections: Collections;
  limits: OrdererLimits;
  /** Undefined: the usual ones. */
  rules: ChannelRules | undefined;
  access: ChannelAccess;
}

/** Options with their defaults, their policies and collections read. */
export interface Resolved {
  options: EmbeddedLedgerOptions;
  organisations: readonly OrganisationOptions[];
  mspIds: string[];
  first: ResolvedChannel;
  /** All of them, the first one first. */
  channels: ResolvedChannel[];
  clock: () => number;
  log: (line: string) => void;
}

const BLOCK_DEFAULTS: OrdererLimits = {
  maxMessageCount: 500,
  preferredMaxBytes: 2 * 1024 * 1024,
  absoluteMaxBytes: 10 * 1024 * 1024,
  batchTimeoutMs: 0,
};

/**
 * @throws Error when a name, a policy, a collection, a rule or the list of organisations cannot be used;
 *   nothing is written then.
 */
export function resolveOptions(options: EmbeddedLedgerOptions): Resolved {
  const mspIds = options.organisations.map(({ mspId }) => mspId);
  checkOrganisations(mspIds);
  const { version = '1' } = options.chaincode;
  checkName('Chaincode version', version, /^[A-Za-z0-9_.+-]+$/);
  const first = resolveChannel({ ...options, name: options.channel }, options, mspIds, version);
  const further = (options.furtherChannels ?? []).map((channel) =>
    resolveChannel(channel, options, mspIds, version),
  );
  const channels = [first, ...further];
  const names = channels.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw new Error(`Channels must be distinct: ${names.join(', ')}.`);
  }
  return {
    options,
    organisations: options.organisations,
    mspIds,
    first,
    channels,
    clock: options.clock ?? Date.now,
    log: options.log ?? ((): void => undefined),
  };
}

function resolveChannel(
  { name, members, chaincode, block, rules }: FurtherChannelOptions,
  options: EmbeddedLedgerOptions,
  all: readonly string[],
  version: string,
): ResolvedChannel {
  checkName('Channel', name, /^[a-z][a-z0-9.-]{0,248}$/);
  const { name: chaincodeName = options.chaincode.name, endorsementPolicy, collections = [] } = chaincode;
  checkName('Chaincode', chaincodeName, /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/);
  const mspIds = all.filter((mspId) => members?.includes(mspId) ?? true);
  const strangers = [...(members ?? []), ...Object.keys(rules?.writers ?? {})].filter(
    (mspId) => !mspIds.includes(mspId),
  );
  if (strangers.length > 0 || mspIds.length === 0) {
    throw new Error(
      `Channel '${name}' needs members among the organisations, and rules for them only: ${strangers.join(', ')}.`,
    );
  }
  return {
    name,
    mspIds,
    definition: { name: chaincodeName, version, endorsementPolicy, collections },
    chaincodePolicy: parsePolicy(endorsementPolicy),
    collections: new Collections(collections, mspIds),
    limits: { ...BLOCK_DEFAULTS, ...(block ?? options.block) },
    rules,
    access: new ChannelAccess(name, mspIds, rules),
  };
}

/** Fabric's own rules, so that what starts here can be named alike on a network. */
function checkName(what: string, name: string, allowed: RegExp): void {
  if (!allowed.test(name)) {
    throw new Error(`${what} '${name}' is no name that Fabric takes: ${allowed.source}`);
  }
}

function checkOrganisations(mspIds: readonly string[]): void {
  if (mspIds.length === 0) {
    throw new Error('The ledger needs at least one organisation.');
  }
  if (new Set(mspIds).size < mspIds.length || mspIds.includes(ORDERER_MSP)) {
    throw new Error(`Organisations must be distinct and none may be ${ORDERER_MSP}: ${mspIds.join(', ')}.`);
  }
  const bad = mspIds.find((mspId) => !/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(mspId));
  if (bad !== undefined) {
    throw new Error(`MSP id '${bad}' must be letters, digits, '.' and '-'.`);
  }
}
