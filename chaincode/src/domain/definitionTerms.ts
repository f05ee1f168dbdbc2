// SPDX-License-Identifier: Apache-2.0

/*
 * The terms under which every ledger runs this chaincode: who endorses what is public, and who keeps and
 * endorses the consents. Events lie in the implicit collections of holder and trustee, which need no entry.
 */

/**
 * Certificate attribute in which an organisation's CA states what the bearer acts as: `trustee` or `holder`.
 */
export const ROLE_ATTRIBUTE = 'chartwitness.role';
/** The collection of consents. */
export const CONSENTS = 'consents';

/** One entry of Fabric's collections JSON, as far as these terms use it. */
export interface CollectionTerms {
  readonly name: string;
  /** Members, as a signature policy. */
  readonly policy: string;
  readonly requiredPeerCount: number;
  /** To how many other peers an endorser spreads a value at once; the rest fetch it. */
  readonly maxPeerCount: number;
  /** Blocks after which a value is purged; 0 keeps it. */
  readonly blockToLive: number;
  readonly memberOnlyRead: boolean;
  readonly memberOnlyWrite: boolean;
  readonly endorsementPolicy: { readonly signaturePolicy: string };
}

/**
 * Consents are kept by every organisation's peers, as each decides by them, and changed by the trustee alone.
 * @param trustee its MSP id.
 * @param members MSP ids of all organisations, the trustee among them.
 */
export function consentsCollection(trustee: string, members: readonly string[]): CollectionTerms {
  return {
    name: CONSENTS,
    policy: `OR(${members.map((mspId) => `'${mspId}.member'`).join(', ')})`,
    requiredPeerCount: 0,
    maxPeerCount: members.length,
    blockToLive: 0,
    memberOnlyRead: true,
    memberOnlyWrite: true,
    endorsementPolicy: { signaturePolicy: `OR('${trustee}.peer')` },
  };
}

/**
 * Who endorses what is written in public: the trustee's peer and any holder's.
 * @param trustee its MSP id.
 * @param holders MSP ids, at least one.
 */
export function provenancePolicy(trustee: string, holders: readonly string[]): string {
  const peers = holders.map((mspId) => `'${mspId}.peer'`).join(', ');
  return `AND('${trustee}.peer', ${holders.length === 1 ? peers : `OR(${peers})`})`;
}
