// SPDX-License-Identifier: Apache-2.0
import { isSatisfied, namesOrganisation, parsePolicy, type SignaturePolicy } from './signaturePolicy';
import type { Principal } from '../identity/membership';

/** One entry of Fabric's collections JSON. */
export interface CollectionConfig {
  name: string;
  /** Members, as a signature policy. */
  policy: string;
  requiredPeerCount?: number;
  maxPeerCount?: number;
  /** Blocks after which a private value is purged; 0 keeps it. */
  blockToLive?: number;
  memberOnlyRead?: boolean;
  memberOnlyWrite?: boolean;
  endorsementPolicy?: { signaturePolicy: string };
}

export interface Collection {
  name: string;
  members: SignaturePolicy;
  blockToLive: number;
  memberOnlyRead: boolean;
  memberOnlyWrite: boolean;
  /** Absent: the chaincode's policy judges its writes. */
  endorsement: SignaturePolicy | undefined;
}

const IMPLICIT = '_implicit_org_';

/** A collections file that cannot be used; the message says which entry and why. */
export class CollectionConfigError extends Error {}

/** The chaincode's collections, including the implicit one of every organisation on the channel. */
export class Collections {
  readonly #byName = new Map<string, Collection>();

  constructor(configs: readonly CollectionConfig[], organisations: readonly string[]) {
    for (const config of configs) {
      this.#byName.set(config.name, fromConfig(config, this.#byName));
    }
    for (const mspId of organisations) {
      this.#byName.set(IMPLICIT + mspId, implicit(mspId));
    }
  }

  get(name: string): Collection | undefined {
    return this.#byName.get(name);
  }

  /** Whether the organisation's peer keeps the private values. */
  isMember(name: string, mspId: string): boolean {
    const collection = this.#byName.get(name);
    return collection !== undefined && namesOrganisation(collection.members, mspId);
  }
}

/** Whether a caller belongs to the collection's members (for memberOnlyRead and memberOnlyWrite). */
export function admits(collection: Collection, caller: Principal): boolean {
  return isSatisfied(collection.members, [caller]);
}

function implicit(mspId: string): Collection {
  return {
    name: IMPLICIT + mspId,
    members: { kind: 'signedBy', mspId, role: 'member' },
    blockToLive: 0,
    memberOnlyRead: false,
    memberOnlyWrite: false,
    endorsement: { kind: 'signedBy', mspId, role: 'peer' },
  };
}

function isAlternative(policy: SignaturePolicy): boolean {
  return policy.kind === 'signedBy' || (policy.n === 1 && policy.rules.every(isAlternative));
}

/** Refuses what the peers of a network would not approve. */
function fromConfig(config: CollectionConfig, known: ReadonlyMap<string, Collection>): Collection {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(config.name)) {
    throw new CollectionConfigError(
      `Collection name '${config.name}' must be letters, digits, '-' and '_', not starting with '_'.`,
    );
  }
  if (known.has(config.name)) {
    throw new CollectionConfigError(`Collection '${config.name}' is there twice.`);
  }
  const { requiredPeerCount = 0, maxPeerCount = 0 } = config;
  if (requiredPeerCount < 0 || maxPeerCount < requiredPeerCount) {
    throw new CollectionConfigError(
      `Collection '${config.name}': requiredPeerCount ${requiredPeerCount} must be from 0 to maxPeerCount ${maxPeerCount}.`,
    );
  }
  const members = parsePolicy(config.policy);
  if (!isAlternative(members)) {
    throw new CollectionConfigError(
      `Collection '${config.name}': the policy lists members, so it may hold OR only: ${config.policy}.`,
    );
  }
  return {
    name: config.name,
    members,
    blockToLive: config.blockToLive ?? 0,
    memberOnlyRead: config.memberOnlyRead ?? false,
    memberOnlyWrite: config.memberOnlyWrite ?? false,
    endorsement: config.endorsementPolicy && parsePolicy(config.endorsementPolicy.signaturePolicy),
  };
}
