// SPDX-License-Identifier: Apache-2.0
import { common, peer } from '@hyperledger/fabric-protos';
import { hasRole, hasSigned, type Membership, type Principal } from '../identity/membership';
import type { Collections } from '../policy/collections';
import { isSatisfied, type SignaturePolicy } from '../policy/signaturePolicy';
import {
  openEndorserTransaction,
  openEnvelope,
  type EndorserTransaction,
} from '../protocol/preparedTransaction';
import { transactionIdOf } from '../protocol/proposal';
import { decodeReadWriteSet, type NamespaceSet } from '../protocol/readWriteSet';
import { sha256 } from '../protocol/sha256';

const Code = peer.TxValidationCode;

/** A transaction of a block after the checks that need no state but the index of ids. */
export interface CheckedTransaction {
  code: number;
  transactionId: string;
  /** Present when the code is VALID. */
  sets: NamespaceSet[];
}

export interface ValidatorOptions {
  channel: string;
  membership: Membership;
  /** Policy that judges the writes of a namespace; undefined: no chaincode has that name. */
  policyOf: (namespace: string) => SignaturePolicy | undefined;
  collections: Collections;
  isKnownTransaction: (id: string) => boolean;
}

const refused = (code: number, transactionId = ''): CheckedTransaction => ({ code, transactionId, sets: [] });

/** Judges form, signatures, ids and endorsement of one transaction, in a committing peer's order. */
export function checkTransaction(envelope: Uint8Array, options: ValidatorOptions): CheckedTransaction {
  const parts = openEnvelope(envelope);
  if (!parts) {
    return refused(Code.BAD_PAYLOAD);
  }
  const transactionId = parts.channelHeader.getTxId();
  const headerCode = checkHeaders(parts, options);
  if (headerCode !== Code.VALID) {
    return refused(headerCode, transactionId);
  }
  const transaction = openEndorserTransaction(parts);
  if (!transaction) {
    return refused(Code.INVALID_ENDORSER_TRANSACTION, transactionId);
  }
  const bindingCode = checkBinding(transaction, options);
  if (bindingCode !== Code.VALID) {
    return refused(bindingCode, transactionId);
  }
  return checkResults(transaction, options);
}

function checkHeaders(
  parts: NonNullable<ReturnType<typeof openEnvelope>>,
  options: ValidatorOptions,
): number {
  const { channelHeader, signatureHeader } = parts;
  const creator = options.membership.identify(signatureHeader.getCreator_asU8());
  // Other types that a peer knows are not ordered here.
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) {
    return Code.BAD_COMMON_HEADER;
  }
  if (signatureHeader.getNonce_asU8().length === 0 || channelHeader.getEpoch() !== 0) {
    return Code.BAD_COMMON_HEADER;
  }
  if (!creator || !hasRole(creator) || !hasSigned(creator, parts.payloadBytes, parts.signature)) {
    return Code.BAD_CREATOR_SIGNATURE;
  }
  const id = transactionIdOf(signatureHeader.getNonce_asU8(), signatureHeader.getCreator_asU8());
  if (channelHeader.getTxId() !== id) {
    return Code.BAD_PROPOSAL_TXID;
  }
  if (channelHeader.getChannelId() !== options.channel) {
    return Code.TARGET_CHAIN_NOT_FOUND;
  }
  return Code.VALID;
}

function checkBinding(transaction: EndorserTransaction, options: ValidatorOptions): number {
  const { channelHeader, header } = transaction;
  const hash = sha256(header.channelHeader, header.signatureHeader, transaction.proposalPayload);
  if (transaction.actions !== 1 || !hash.equals(transaction.proposalHash)) {
    return Code.INVALID_ENDORSER_TRANSACTION;
  }
  if (options.isKnownTransaction(channelHeader.getTxId())) {
    return Code.DUPLICATE_TXID;
  }
  return Code.VALID;
}

function checkResults(transaction: EndorserTransaction, options: ValidatorOptions): CheckedTransaction {
  const transactionId = transaction.channelHeader.getTxId();
  const { chaincodeAction, channelHeader } = transaction;
  const extension = decode(channelHeader.getExtension_asU8(), (bytes) =>
    peer.ChaincodeHeaderExtension.deserializeBinary(bytes),
  );
  if (!extension) {
    return refused(Code.BAD_HEADER_EXTENSION, transactionId);
  }
  const sets = decode(chaincodeAction.getResults_asU8(), decodeReadWriteSet);
  if (!sets) {
    return refused(Code.BAD_RWSET, transactionId);
  }
  let code = checkNames(extension, chaincodeAction);
  if (code === Code.VALID && !isWellFormed(sets)) {
    code = Code.ILLEGAL_WRITESET;
  }
  if (code === Code.VALID) {
    code = checkEndorsements(transaction, sets, options);
  }
  return code === Code.VALID ? { code, transactionId, sets } : refused(code, transactionId);
}

/** Header, results and event must be of one chaincode. */
function checkNames(extension: peer.ChaincodeHeaderExtension, action: peer.ChaincodeAction): number {
  const [named, executed] = [extension.getChaincodeId(), action.getChaincodeId()];
  if (!named || !executed) {
    return Code.INVALID_OTHER_REASON;
  }
  const name = executed.getName();
  if (name === '' || named.getName() !== name || executed.getVersion() === '') {
    return Code.INVALID_CHAINCODE;
  }
  return hasOwnEvent(action.getEvents_asU8(), name) ? Code.VALID : Code.INVALID_OTHER_REASON;
}

/** Who may write in a namespace is said by that namespace's own chaincode. */
function checkEndorsements(
  transaction: EndorserTransaction,
  sets: readonly NamespaceSet[],
  options: ValidatorOptions,
): number {
  const executed = transaction.chaincodeAction.getChaincodeId()?.getName() ?? '';
  const endorsers = endorsersOf(transaction, options);
  for (const name of new Set([executed, ...sets.filter(writes).map(({ namespace }) => namespace)])) {
    const policy = options.policyOf(name);
    if (!policy) {
      return Code.INVALID_CHAINCODE;
    }
    const set = sets.find(({ namespace }) => namespace === name);
    const policies = policiesFor(set, policy, options.collections);
    if (!policies?.every((rule) => isSatisfied(rule, endorsers))) {
      return Code.ENDORSEMENT_POLICY_FAILURE;
    }
  }
  return Code.VALID;
}

/** Undefined where the bytes are not such a message: the caller knows the code for it. */
function decode<T>(bytes: Uint8Array, parse: (bytes: Uint8Array) => T): T | undefined {
  try {
    return parse(bytes);
  } catch {
    return undefined;
  }
}

/** Without an event, or with one that names the chaincode itself. */
function hasOwnEvent(bytes: Uint8Array, chaincode: string): boolean {
  if (bytes.length === 0) {
    return true;
  }
  const event = decode(bytes, (present) => peer.ChaincodeEvent.deserializeBinary(present));
  return event?.getChaincodeId() === chaincode;
}

/** Each namespace once; key metadata is not supported. */
function isWellFormed(sets: readonly NamespaceSet[]): boolean {
  if (sets.some(({ metadataWrites }) => metadataWrites > 0)) {
    return false;
  }
  return new Set(sets.map(({ namespace }) => namespace)).size === sets.length;
}

function writes(set: NamespaceSet): boolean {
  return set.writes.length > 0 || set.collections.some((collection) => collection.writes.length > 0);
}

/** Peers whose signature over the results holds, each once. */
function endorsersOf(transaction: EndorserTransaction, { membership }: ValidatorOptions): Principal[] {
  const found = new Map<string, Principal>();
  for (const { endorser, signature } of transaction.endorsements) {
    const identity = membership.identify(endorser);
    if (!identity || found.has(identity.certificateSha256) || !hasRole(identity)) {
      continue;
    }
    if (!hasSigned(identity, Buffer.concat([transaction.responsePayload, endorser]), signature)) {
      continue;
    }
    found.set(identity.certificateSha256, { mspId: identity.mspId, role: identity.role });
  }
  return [...found.values()];
}

/**
 * Every policy that the written keys fall under; the chaincode's own when none has another. Undefined for an
 * unknown collection.
 */
function policiesFor(
  set: NamespaceSet | undefined,
  policy: SignaturePolicy,
  collections: Collections,
): SignaturePolicy[] | undefined {
  const policies: SignaturePolicy[] = [];
  if (set && set.writes.length > 0) {
    policies.push(policy);
  }
  for (const collection of set?.collections ?? []) {
    if (collection.writes.length === 0) {
      continue;
    }
    const known = collections.get(collection.name);
    if (!known) {
      return undefined;
    }
    policies.push(known.endorsement ?? policy);
  }
  return policies.length === 0 ? [policy] : policies;
}
