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
  if (!parts) return refused(Code.BAD_PAYLOAD);
  const transactionId = parts.channelHeader.getTxId();
  const headerCode = checkHeaders(parts, options);
  if (headerCode !== Code.VALID) return refused(headerCode, transactionId);
  const transaction = openEndorserTransaction(parts);
  if (!transaction) return refused(Code.INVALID_ENDORSER_TRANSACTION, transactionId);
  const bindingCode = checkBinding(transaction, options);
  if (bindingCode !== Code.VALID) return refused(bindingCode, transactionId);
  return checkResults(transaction, options);
}

function checkHeaders(
  parts: NonNullable<ReturnType<typeof openEnvelope>>,
  options: ValidatorOptions,
): number {
  const { channelHeader, signatureHeader } = parts;
  const creator = options.membership.identify(signatureHeader.getCreator_asU8());
  if (signatureHeader.getNonce_asU8().length === 0 || channelHeader.getEpoch() !== 0)
    return Code.BAD_COMMON_HEADER;
  if (!creator || !hasRole(creator) || !hasSigned(creator, parts.payloadBytes, parts.signature)) {
    return Code.BAD_CREATOR_SIGNATURE;
  }
  if (channelHeader.getType() !== common.HeaderType.ENDORSER_TRANSACTION) return Code.UNKNOWN_TX_TYPE;
  if (channelHeader.getChannelId() !== options.channel) return Code.TARGET_CHAIN_NOT_FOUND;
  return Code.VALID;
}

function checkBinding(transaction: EndorserTransaction, options: ValidatorOptions): number {
  const { channelHeader, signatureHeader, header } = transaction;
  const id = transactionIdOf(signatureHeader.getNonce_asU8(), signatureHeader.getCreator_asU8());
  if (channelHeader.getTxId() !== id) return Code.BAD_PROPOSAL_TXID;
  const hash = sha256(header.channelHeader, header.signatureHeader, transaction.proposalPayload);
  if (transaction.actions !== 1 || !hash.equals(transaction.proposalHash))
    return Code.INVALID_ENDORSER_TRANSACTION;
  if (options.isKnownTransaction(id)) return Code.DUPLICATE_TXID;
  return Code.VALID;
}

function checkResults(transaction: EndorserTransaction, options: ValidatorOptions): CheckedTransaction {
  const transactionId = transaction.channelHeader.getTxId();
  const namespace = transaction.chaincodeAction.getChaincodeId()?.getName() ?? '';
  const extension = peer.ChaincodeHeaderExtension.deserializeBinary(
    transaction.channelHeader.getExtension_asU8(),
  );
  const policy = options.policyOf(namespace);
  if (!policy || extension.getChaincodeId()?.getName() !== namespace)
    return refused(Code.INVALID_CHAINCODE, transactionId);
  const sets = decode(transaction.chaincodeAction.getResults_asU8());
  if (!sets) return refused(Code.BAD_RWSET, transactionId);
  if (sets.some((set) => !mayWrite(set, namespace))) return refused(Code.ILLEGAL_WRITESET, transactionId);
  const endorsers = endorsersOf(transaction, options);
  const own = sets.find((set) => set.namespace === namespace);
  if (!policiesFor(own, policy, options.collections).every((rule) => isSatisfied(rule, endorsers))) {
    return refused(Code.ENDORSEMENT_POLICY_FAILURE, transactionId);
  }
  return { code: Code.VALID, transactionId, sets };
}

function decode(bytes: Uint8Array): NamespaceSet[] | undefined {
  try {
    return decodeReadWriteSet(bytes);
  } catch {
    return undefined; // not protobuf: the caller marks the transaction BAD_RWSET
  }
}

/** A transaction writes in its own chaincode's namespace only; key metadata is not supported. */
function mayWrite(set: NamespaceSet, namespace: string): boolean {
  if (set.metadataWrites > 0) return false;
  return (
    set.namespace === namespace ||
    (set.writes.length === 0 && set.collections.every(({ writes }) => writes.length === 0))
  );
}

/** Peers whose signature over the results holds, each once. */
function endorsersOf(transaction: EndorserTransaction, { membership }: ValidatorOptions): Principal[] {
  const found = new Map<string, Principal>();
  for (const { endorser, signature } of transaction.endorsements) {
    const identity = membership.identify(endorser);
    if (!identity || found.has(identity.certificateSha256) || !hasRole(identity)) continue;
    if (!hasSigned(identity, Buffer.concat([transaction.responsePayload, endorser]), signature)) continue;
    found.set(identity.certificateSha256, { mspId: identity.mspId, role: identity.role });
  }
  return [...found.values()];
}

/** Every policy that the written keys fall under; the chaincode's own when none has another. */
function policiesFor(
  set: NamespaceSet | undefined,
  policy: SignaturePolicy,
  collections: Collections,
): SignaturePolicy[] {
  const policies: SignaturePolicy[] = [];
  if (set && set.writes.length > 0) policies.push(policy);
  for (const collection of set?.collections ?? []) {
    if (collection.writes.length > 0) policies.push(collections.get(collection.name)?.endorsement ?? policy);
  }
  return policies.length === 0 ? [policy] : policies;
}
