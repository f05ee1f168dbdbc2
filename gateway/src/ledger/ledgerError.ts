// SPDX-License-Identifier: Apache-2.0
import type { DomainErrorCode } from '@chartwitness/chaincode/domain';

/**
 * What the caller may do next:
 * - `rejected`: the chaincode said no, with `domainCode`; nothing was written, trying again changes nothing.
 * - `retryable`: nothing was written; a new attempt may succeed (conflict, mismatching endorsements, busy
 *   peer).
 * - `unavailable`: nothing was written; a peer or orderer did not answer.
 * - `unknown`: the transaction may or may not commit; read the ledger before deciding.
 */
export type LedgerErrorKind = 'rejected' | 'retryable' | 'unavailable' | 'unknown';

/**
 * Why a call failed, where that is known: each has a remedy of its own, see {@link LEDGER_REMEDIES}. It says
 * nothing about the call's effect, which is `kind`'s.
 */
export type LedgerFailureReason =
  /** Nobody answered, or not in time. */
  | 'NO_ANSWER'
  /** The own peer answers, and the trustee's, or its chaincode, does not. */
  | 'TRUSTEE_AWAY'
  /** The peer answers, but no orderer takes the transaction or none cuts a block with it. */
  | 'ORDERER_AWAY'
  /** The peer answers, but not to this identity. */
  | 'IDENTITY_REFUSED'
  /** No TLS connection, because one side does not accept the other's certificate. */
  | 'TLS_REFUSED'
  /** The peer at the endpoint is another organisation's. */
  | 'OTHER_PEER'
  /** The peer joined by a snapshot and has no blocks from before it. */
  | 'BLOCKS_MISSING'
  /** The peer does not have a block yet that another answer spoke of. */
  | 'PEER_BEHIND'
  /** The own peer lacks its private data of batches that are on the ledger, and nobody else gives them. */
  | 'EVENTS_LOST_HERE'
  /** The peers that endorse decided differently. */
  | 'PEERS_DIFFER'
  /** The peer has no such chaincode, or no peer that may endorse has it. */
  | 'CHAINCODE_MISSING'
  /** The chaincode was started and did not answer its peer. */
  | 'CHAINCODE_SILENT';

/** What an operator does about each reason; for logs and readiness answers. */
export const LEDGER_REMEDIES: Readonly<Record<LedgerFailureReason, string>> = {
  NO_ANSWER:
    'see that the peer runs, is not halted, and that FABRIC_PEER_ENDPOINT leads to it; what waits goes on by itself',
  TRUSTEE_AWAY:
    'the own peer answers, the trustee’s or its chaincode does not: tell the trustee, and see that the own peer reaches its peer; what waits goes on by itself',
  ORDERER_AWAY:
    'see that enough orderers run and that the peer reaches them; with FABRIC_ORDERER_ENDPOINTS this service asks them itself; what waits goes on by itself',
  IDENTITY_REFUSED:
    'the certificate in FABRIC_CERT_FILE is revoked, expired, or not of a member of this channel: issue a new one to this service, or correct the revocation list in the channel',
  TLS_REFUSED:
    'one side does not accept the other’s TLS certificate: compare FABRIC_TLS_CA_FILE, the name in the peer’s certificate, the expiry of both, and the client certificate',
  OTHER_PEER:
    'FABRIC_PEER_ENDPOINT leads to another organisation’s peer: correct it, with FABRIC_TLS_CA_FILE, or FABRIC_MSP_ID; nothing is asked of a foreign peer, since its word is not this organisation’s',
  BLOCKS_MISSING:
    'this peer was joined by a snapshot and will never have the older blocks: join one with the channel’s first block, or lead FABRIC_PEER_ENDPOINT to a peer that has them all',
  PEERS_DIFFER:
    'one of the endorsing peers is behind, or runs another version of the chaincode: wait for the first, bring all to one version for the second',
  EVENTS_LOST_HERE:
    'the own peer came back from a backup without its private data of these batches, and the trustee’s peer does not give its copy: bring its chaincode to the same version, or have its own data restored; both are asked again by themselves',
  PEER_BEHIND:
    'the peer is still fetching blocks: nothing, it catches up; if it does not, see that it reaches an orderer or another peer. If peers or orderers were restored from an older copy, the ledger looks the same until it has grown as far, and blocks are gone: ask the other organisations',
  CHAINCODE_MISSING:
    'install and start the chaincode on the peers of this organisation and of the trustee, and compare FABRIC_CHAINCODE and FABRIC_CHANNEL; the one that runs must have the committed definition’s package id',
  CHAINCODE_SILENT:
    'the peer’s chaincode hangs or cannot be reached: see its own log, start it again; what waits goes on by itself',
};

/** A failed call in words for logs and readiness answers. */
export interface LedgerFailure {
  readonly problem: LedgerFailureReason | 'LEDGER_ANSWER';
  /** Kinds and codes, never a person, never an address. */
  readonly reason: string;
  readonly remedy: string;
}

/**
 * What an operator does about a failure that has no name. Not for a log line, which has the peer's words
 * beside it.
 */
export const UNNAMED_REMEDY = 'see the log for what the peer says';

const ONE_VERSION = 'bring the chaincode of all peers and this program to one version';
/** What an operator does about a refusal by the chaincode that is no caller's fault. */
const REFUSAL_REMEDIES: Readonly<Partial<Record<DomainErrorCode, string>>> = {
  TIME_OUT_OF_RANGE: 'set the clock of this machine, or of the peer that refuses: they are over 60 s apart',
  INVALID_INPUT: ONE_VERSION,
  CORRUPT: `${ONE_VERSION}, or have what cannot be read written anew`,
  SUSPENDED: 'this organisation is suspended: ask the trustee',
  NOT_ALLOWED: 'compare FABRIC_MSP_ID and GATEWAY_NAME with what the trustee has registered',
  NOT_INITIALISED: 'the trustee has to initialise the network first',
};

/**
 * Names a failed call. The error's message stays in the log, since it may name addresses. What is known of
 * the call's effect is the caller's matter: it changes from call to call while the cause stays.
 */
export function ledgerFailureOf(error: LedgerError): LedgerFailure {
  const code = error.domainCode === undefined ? '' : ` ${error.domainCode}`;
  return {
    problem: error.reason ?? 'LEDGER_ANSWER',
    reason:
      error.reason === undefined ? `ledger ${error.kind}${code}` : `ledger unavailable (${error.reason})`,
    remedy: remedyOf(error) ?? UNNAMED_REMEDY,
  };
}

/** The same for a log line: nothing where all that could be said is to see the log. */
export function remedyOf({ reason, domainCode }: LedgerError): string | undefined {
  if (reason !== undefined) {
    return LEDGER_REMEDIES[reason];
  }
  return domainCode === undefined ? undefined : REFUSAL_REMEDIES[domainCode];
}

export interface LedgerErrorFields {
  readonly domainCode?: DomainErrorCode;
  readonly reason?: LedgerFailureReason;
  readonly transactionId?: string;
  readonly cause?: unknown;
}

/** A failed call to the ledger, with what is known about its effect. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly kind: LedgerErrorKind;
  readonly domainCode: DomainErrorCode | undefined;
  /** Absent where the message is all that is known. */
  readonly reason: LedgerFailureReason | undefined;
  readonly transactionId: string | undefined;

  constructor(kind: LedgerErrorKind, message: string, fields: LedgerErrorFields = {}) {
    super(message, { cause: fields.cause });
    this.kind = kind;
    this.domainCode = fields.domainCode;
    this.reason = fields.reason;
    this.transactionId = fields.transactionId;
  }
}

/** What a peer says of private data that it should have and has not (Fabric's `lockbasedtxmgr`). */
export const PRIVATE_DATA_MISSING = 'private data matching public hash version is not available';

/**
 * Whether a peer lacks private data that go with what it has: they are on their way, or were lost with an
 * older state of its disk.
 */
export function lacksPrivateData(error: unknown): boolean {
  return error instanceof LedgerError && error.message.includes(PRIVATE_DATA_MISSING);
}
