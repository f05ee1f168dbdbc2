// SPDX-License-Identifier: Apache-2.0
import type { EmbeddedLedgerOptions, OrganisationOptions } from './options';
import type { OrdererLimits } from './ordering/orderer';
import { Collections } from './policy/collections';
import { parsePolicy, type SignaturePolicy } from './policy/signaturePolicy';
import type { ChaincodeDefinition } from './protocol/lifecycle';

/** MSP id of the one orderer, which belongs to an organisation of its own. */
export const ORDERER_MSP = 'OrdererMSP';

/** Options with their defaults, their policies and collections read. */
export interface Resolved {
  options: EmbeddedLedgerOptions;
  organisations: readonly OrganisationOptions[];
  mspIds: string[];
  definition: ChaincodeDefinition;
  chaincodePolicy: SignaturePolicy;
  collections: Collections;
  limits: OrdererLimits;
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
 * @throws Error when a name, a policy, a collection or the list of organisations cannot be used; nothing is
 *   written then.
 */
export function resolveOptions(options: EmbeddedLedgerOptions): Resolved {
  const mspIds = options.organisations.map(({ mspId }) => mspId);
  checkOrganisations(mspIds);
  const { name, version = '1', endorsementPolicy, collections = [] } = options.chaincode;
  checkName('Channel', options.channel, /^[a-z][a-z0-9.-]{0,248}$/);
  checkName('Chaincode', name, /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/);
  checkName('Chaincode version', version, /^[A-Za-z0-9_.+-]+$/);
  return {
    options,
    organisations: options.organisations,
    mspIds,
    definition: { name, version, endorsementPolicy, collections },
    chaincodePolicy: parsePolicy(endorsementPolicy),
    collections: new Collections(collections, mspIds),
    limits: { ...BLOCK_DEFAULTS, ...options.block },
    clock: options.clock ?? Date.now,
    log: options.log ?? ((): void => undefined),
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
