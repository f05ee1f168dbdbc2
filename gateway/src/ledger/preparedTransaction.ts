// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';

/**
 * The peer handed back a transaction that is not the one asked for. Signing it would be signing somebody
 * else's words.
 */
export class PreparedTransactionMismatch extends Error {
  override readonly name = 'PreparedTransactionMismatch';
}

/**
 * Checks that the transaction which the peer prepared is the proposal that we signed, endorsed: same header
 * bytes (channel, transaction id, creator, nonce), same chaincode and arguments, a result that is bound to
 * this proposal by its hash, and endorsements by every organisation in `endorsers`. The client library does
 * not look, and what we sign next is what the ledger keeps.
 * @param proposalBytes `Proposal.getBytes()`.
 * @param transactionBytes `Transaction.getBytes()`.
 * @throws {@link PreparedTransactionMismatch}
 */
export function assertPreparedAsProposed(
  proposalBytes: Uint8Array,
  transactionBytes: Uint8Array,
  endorsers: readonly string[],
): void {
  const proposed = readProposal(proposalBytes);
  const prepared = readPrepared(transactionBytes);
  const expect = (same: boolean, what: string): void => {
    if (!same) {
      throw new PreparedTransactionMismatch(`The prepared transaction has another ${what} than the proposal`);
    }
  };
  expect(prepared.transactionId === proposed.transactionId, 'transaction id');
  expect(sameBytes(prepared.channelHeader, proposed.channelHeader), 'channel header');
  expect(sameBytes(prepared.signatureHeader, proposed.signatureHeader), 'signature header');
  expect(sameBytes(prepared.actionHeader, proposed.signatureHeader), 'action header');
  expect(sameBytes(prepared.input, proposed.input), 'chaincode call');
  expect(!prepared.hasTransient, 'transient map');
  expect(sameBytes(prepared.proposalHash, proposed.hash), 'proposal hash');
  expect(prepared.chaincode === proposed.chaincode, 'chaincode');
  expect(
    endorsers.every((mspId) => prepared.endorsers.has(mspId)),
    'set of endorsers',
  );
}

function readProposal(bytes: Uint8Array) {
  const proposedTransaction = gateway.ProposedTransaction.deserializeBinary(bytes);
  const signed = required(proposedTransaction.getProposal(), 'signed proposal');
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const input = payload.getInput_asU8();
  const withoutTransient = new peer.ChaincodeProposalPayload();
  withoutTransient.setInput(input);
  const channelHeader = header.getChannelHeader_asU8();
  const signatureHeader = header.getSignatureHeader_asU8();
  return {
    transactionId: proposedTransaction.getTransactionId(),
    channelHeader,
    signatureHeader,
    input,
    hash: createHash('sha256')
      .update(channelHeader)
      .update(signatureHeader)
      .update(withoutTransient.serializeBinary())
      .digest(),
    chaincode: chaincodeOf(channelHeader),
  };
}

function chaincodeOf(channelHeader: Uint8Array): string {
  const header = common.ChannelHeader.deserializeBinary(channelHeader);
  const extension = peer.ChaincodeHeaderExtension.deserializeBinary(header.getExtension_asU8());
  return required(extension.getChaincodeId(), 'chaincode id').getName();
}

function readPrepared(bytes: Uint8Array) {
  const prepared = gateway.PreparedTransaction.deserializeBinary(bytes);
  const envelope = required(prepared.getEnvelope(), 'envelope');
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = required(payload.getHeader(), 'header');
  const [action, ...others] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  if (others.length > 0) {
    throw new PreparedTransactionMismatch('The prepared transaction has more than one action');
  }
  const actionBytes = required(action, 'action');
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(actionBytes.getPayload_asU8());
  const call = peer.ChaincodeProposalPayload.deserializeBinary(
    actionPayload.getChaincodeProposalPayload_asU8(),
  );
  const endorsed = required(actionPayload.getAction(), 'endorsed action');
  const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
  const result = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  return {
    transactionId: prepared.getTransactionId(),
    channelHeader: header.getChannelHeader_asU8(),
    signatureHeader: header.getSignatureHeader_asU8(),
    actionHeader: actionBytes.getHeader_asU8(),
    input: call.getInput_asU8(),
    hasTransient: call.getTransientmapMap().getLength() > 0,
    proposalHash: response.getProposalHash_asU8(),
    chaincode: required(result.getChaincodeId(), 'chaincode id').getName(),
    endorsers: new Set(endorsed.getEndorsementsList().map(endorserOf)),
  };
}

function endorserOf(endorsement: peer.Endorsement): string {
  return msp.SerializedIdentity.deserializeBinary(endorsement.getEndorser_asU8()).getMspid();
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw new PreparedTransactionMismatch(`The prepared transaction has no ${what}`);
  }
  return value;
}
