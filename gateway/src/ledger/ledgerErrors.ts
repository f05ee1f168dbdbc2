// SPDX-License-Identifier: Apache-2.0
import { parseDomainError, PEER_PREFIX } from '@chartwitness/chaincode/domain';
import { status as GrpcStatus } from '@grpc/grpc-js';
import { CommitError, GatewayError, StatusCode } from '@hyperledger/fabric-gateway';
import {
  LedgerError,
  type LedgerErrorFields,
  type LedgerErrorKind,
  type LedgerFailureReason,
  PRIVATE_DATA_MISSING,
} from './ledgerError';

/** Which call failed. Only what happens after `submit` began can leave the outcome unknown. */
export type LedgerStage = 'evaluate' | 'endorse' | 'submit' | 'commitStatus' | 'events';

/** What a peer says when two endorsers' answers are not the same (Fabric's gateway service). */
const PEERS_DIFFER = 'ProposalResponsePayloads do not match';

/**
 * Texts of Fabric itself (not of any chaincode) for conditions that pass by themselves. Compared as they are.
 */
const PASSING_CONDITIONS = [
  PEERS_DIFFER,
  PRIVATE_DATA_MISSING,
  'failed to find any endorsing peers',
  'too many requests',
  'duplicate transaction found',
] as const;

/**
 * Validation codes of a block after which a new attempt may succeed: conflicts, and a policy or definition
 * that was changing.
 */
const RETRYABLE_VALIDATION: ReadonlySet<number> = new Set([
  StatusCode.MVCC_READ_CONFLICT,
  StatusCode.PHANTOM_READ_CONFLICT,
  StatusCode.ENDORSEMENT_POLICY_FAILURE,
  StatusCode.INVALID_CHAINCODE,
  StatusCode.EXPIRED_CHAINCODE,
  StatusCode.CHAINCODE_VERSION_CONFLICT,
]);

/** gRPC codes by which a peer refuses the caller or the form of the call; asking again changes nothing. */
const REFUSED: readonly number[] = [
  GrpcStatus.PERMISSION_DENIED,
  GrpcStatus.UNAUTHENTICATED,
  GrpcStatus.INVALID_ARGUMENT,
];
/** The only code of `Submit` after which the transaction is certainly not on its way. */
const NEVER_ORDERED: readonly number[] = [GrpcStatus.INVALID_ARGUMENT];

/**
 * What a peer says when it found no orderer that took a transaction (Fabric's gateway service, `submit.go`).
 */
const NO_ORDERER = [
  'no orderers could successfully process transaction',
  'insufficient number of orderers could successfully process transaction',
  'no orderer nodes available',
  'submit timeout expired while broadcasting to ordering service',
] as const;

/**
 * What a peer says of a chaincode that neither it nor an endorser that it knows has (Fabric's gateway
 * service, discovery, lifecycle).
 */
const NO_CHAINCODE = [
  'no peers available to evaluate chaincode',
  'No metadata was found for chaincode',
  'has been successfully defined on channel',
  'chaincode is not installed',
  'chaincode definition for',
] as const;
/**
 * What a peer says when its chaincode was called and did not answer, or could not be reached (`handler.go`,
 * `container.go`).
 */
const SILENT_CHAINCODE = [
  'timeout expired while executing transaction',
  'could not launch chaincode',
  'error starting container',
  'chaincode stream terminated',
] as const;

/**
 * What a peer says to an identity that it cannot verify or that no policy of the channel admits
 * (`msgvalidation.go`, `aclmgmt`).
 */
const REFUSED_IDENTITY = [
  'access denied: channel [',
  'access denied for [',
  'failed evaluating policy on signed data',
] as const;
const REFUSED_BY_CODE: readonly number[] = [GrpcStatus.PERMISSION_DENIED];
/**
 * What a peer says of blocks and transactions from before the snapshot by which it joined
 * (`blockfile_mgr.go`).
 */
const BEFORE_SNAPSHOT = 'bootstrapped from a snapshot';
/** What a peer says of a proposal outside its time window (`timestampchecker`, Fabric 3). */
const OUTSIDE_TIME_WINDOW = 'request unauthorized due to incorrect timestamp';
/** What the TLS library says when a certificate is the matter. */
const TLS_TROUBLE = /certificate|self.signed|handshake|SSL routines|EPROTO/i;
const NOBODY_THERE: readonly number[] = [GrpcStatus.UNAVAILABLE, GrpcStatus.DEADLINE_EXCEEDED];

/** Our own deadline, or the peer's, while the peer waits for an orderer. */
const NO_ANSWER_IN_TIME: readonly number[] = [GrpcStatus.DEADLINE_EXCEEDED];

/**
 * Whether a failed `Submit` says that the peer, which did answer or kept the call waiting, has no way to the
 * orderers.
 */
export function isCutOffFromOrderers(error: unknown): boolean {
  return (
    error instanceof GatewayError &&
    (NO_ANSWER_IN_TIME.includes(error.code) || NO_ORDERER.some((text) => error.message.includes(text)))
  );
}

/**
 * Whether a peer refused a proposal for its time alone: the chaincode beyond 60 s, a Fabric 3 peer itself
 * beyond its time window.
 */
export function isRefusedForTime(error: unknown): boolean {
  return (
    error instanceof LedgerError &&
    (error.domainCode === 'TIME_OUT_OF_RANGE' || error.message.includes(OUTSIDE_TIME_WINDOW))
  );
}

/**
 * Whatever a call to the fabric-gateway client threw, as a {@link LedgerError}.
 * @param trustee MSP id of the trustee where its peer had a part in the call beside the own one: its trouble
 *   is not the own peer's.
 */
export function toLedgerError(
  error: unknown,
  stage: LedgerStage,
  transactionId?: string,
  trustee?: string,
): LedgerError {
  if (error instanceof LedgerError) {
    return error;
  }
  const fields: LedgerErrorFields =
    transactionId === undefined ? { cause: error } : { cause: error, transactionId };
  if (error instanceof CommitError) {
    return fromValidationCode(error.code, error.transactionId, error);
  }
  if (error instanceof GatewayError) {
    return fromGateway(error, stage, fields, trustee);
  }
  const kind = stage === 'submit' || stage === 'commitStatus' ? 'unknown' : 'unavailable';
  return new LedgerError(kind, `${stage} failed: ${messageOf(error)}`, fields);
}

/** A transaction that is in a block with validation code `code` other than VALID: it changed nothing. */
export function fromValidationCode(code: number, transactionId: string, cause?: unknown): LedgerError {
  const name = Object.entries(StatusCode).find(([, value]) => value === code)?.[0] ?? String(code);
  const message = `transaction ${transactionId} is in a block but not valid: ${name}`;
  const fields: LedgerErrorFields = { transactionId, cause };
  if (code === StatusCode.DUPLICATE_TXID) {
    // An earlier copy of the same transaction exists; its own status is what counts.
    return new LedgerError('unknown', message, fields);
  }
  return new LedgerError(RETRYABLE_VALIDATION.has(code) ? 'retryable' : 'rejected', message, fields);
}

function fromGateway(
  error: GatewayError,
  stage: LedgerStage,
  known: LedgerErrorFields,
  trustee: string | undefined,
): LedgerError {
  const texts = [...error.details.map((detail) => detail.message), error.message];
  const summary = `${stage} failed: ${[error.message, ...error.details.map(describeDetail)].join('; ')}`;
  const said = reasonOf(error.code, stage, texts);
  const reason = isTrusteesAlone(said, error.details, trustee) ? 'TRUSTEE_AWAY' : said;
  const fields = reason === undefined ? known : { ...known, reason };
  if (texts.some((text) => PASSING_CONDITIONS.some((condition) => text.includes(condition)))) {
    return new LedgerError('retryable', summary, fields);
  }
  if (texts.some((text) => text.includes(PEER_PREFIX))) {
    const answer = texts.map(parseDomainError).find((found) => found !== undefined);
    return answer === undefined
      ? new LedgerError('rejected', summary, fields)
      : new LedgerError('rejected', answer.detail, { ...fields, domainCode: answer.code });
  }
  return new LedgerError(kindOfStatus(error.code, stage), summary, fields);
}

/**
 * A peer names its own trouble in fixed words. It changes nothing about what is known of the call's effect.
 */
function reasonOf(
  code: number,
  stage: LedgerStage,
  texts: readonly string[],
): LedgerFailureReason | undefined {
  const says = (words: string): boolean => texts.some((text) => text.includes(words));
  if (REFUSED_BY_CODE.includes(code) || REFUSED_IDENTITY.some(says)) {
    return 'IDENTITY_REFUSED';
  }
  if (says(BEFORE_SNAPSHOT)) {
    return 'BLOCKS_MISSING';
  }
  if (says(PEERS_DIFFER)) {
    return 'PEERS_DIFFER';
  }
  // A chaincode's own words, whatever they are, name no trouble of its peer.
  const chaincodeTrouble = says(PEER_PREFIX) ? undefined : chaincodeReasonOf(says);
  return chaincodeTrouble ?? nodeReasonOf(code, stage, texts);
}

function chaincodeReasonOf(says: (words: string) => boolean): LedgerFailureReason | undefined {
  if (NO_CHAINCODE.some(says)) {
    return 'CHAINCODE_MISSING';
  }
  return SILENT_CHAINCODE.some(says) ? 'CHAINCODE_SILENT' : undefined;
}

/** What a peer or its chaincode may suffer from without the others doing so. */
const OF_ONE_PEER: readonly (LedgerFailureReason | undefined)[] = [
  'CHAINCODE_SILENT',
  'CHAINCODE_MISSING',
  'NO_ANSWER',
];

/** Whether only the trustee's peer complains: the own peer's answer names each that failed, by its MSP id. */
function isTrusteesAlone(
  reason: LedgerFailureReason | undefined,
  details: GatewayError['details'],
  trustee: string | undefined,
): boolean {
  return (
    OF_ONE_PEER.includes(reason) && details.length > 0 && details.every(({ mspId }) => mspId === trustee)
  );
}

/** A peer or orderer that is not there. */
function nodeReasonOf(
  code: number,
  stage: LedgerStage,
  texts: readonly string[],
): LedgerFailureReason | undefined {
  // Who has endorsed and then lets the transaction wait, waits for an orderer itself.
  const isWaiting = (stage === 'submit' || stage === 'commitStatus') && NO_ANSWER_IN_TIME.includes(code);
  if (isWaiting || texts.some((text) => NO_ORDERER.some((words) => text.includes(words)))) {
    return 'ORDERER_AWAY';
  }
  if (!NOBODY_THERE.includes(code)) {
    return undefined;
  }
  return texts.some((text) => TLS_TROUBLE.test(text)) ? 'TLS_REFUSED' : 'NO_ANSWER';
}

function kindOfStatus(code: number, stage: LedgerStage): LedgerErrorKind {
  if (stage === 'submit' || stage === 'commitStatus') {
    return NEVER_ORDERED.includes(code) ? 'rejected' : 'unknown';
  }
  return REFUSED.includes(code) ? 'rejected' : 'unavailable';
}

function describeDetail(detail: { mspId: string; address: string; message: string }): string {
  return `${detail.mspId} (${detail.address}): ${detail.message}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
