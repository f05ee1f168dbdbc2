// SPDX-License-Identifier: Apache-2.0
import { common, peer } from '@hyperledger/fabric-protos';
import type { Proposal } from './proposal';

/** What one organisation's peer signed. */
export interface Endorsement {
  mspId: string;
  /** `msp.SerializedIdentity` of the peer. */
  endorser: Uint8Array;
  signature: Uint8Array;
}

/** The unsigned envelope that the client signs and submits. */
export function prepareTransaction(
  proposal: Proposal,
  responsePayload: Uint8Array,
  endorsements: readonly Endorsement[],
): common.Envelope {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayload);
  endorsed.setEndorsementsList(
    endorsements.map(({ endorser, signature }) => {
      const endorsement = new peer.Endorsement();
      endorsement.setEndorser(endorser);
      endorsement.setSignature(signature);
      return endorsement;
    }),
  );
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(proposal.payloadWithoutTransient);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(proposal.header.signatureHeader);
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const header = new common.Header();
  header.setChannelHeader(proposal.header.channelHeader);
  header.setSignatureHeader(proposal.header.signatureHeader);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}

/** What endorsers sign: binds the simulation's results to one proposal. */
export function proposalResponsePayload(fields: {
  proposalHash: Uint8Array;
  results: Uint8Array;
  event: Uint8Array;
  response: peer.Response;
  chaincodeName: string;
  chaincodeVersion: string;
}): Uint8Array {
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(fields.chaincodeName);
  chaincodeId.setVersion(fields.chaincodeVersion);
  const action = new peer.ChaincodeAction();
  action.setResults(fields.results);
  action.setEvents(fields.event);
  action.setResponse(fields.response);
  action.setChaincodeId(chaincodeId);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(fields.proposalHash);
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

/** One transaction of a block, decoded as far as commit and events need it. */
export interface EndorserTransaction {
  channelHeader: common.ChannelHeader;
  signatureHeader: common.SignatureHeader;
  header: { channelHeader: Uint8Array; signatureHeader: Uint8Array };
  /** What the creator signed. */
  payloadBytes: Uint8Array;
  signature: Uint8Array;
  actions: number;
  proposalPayload: Uint8Array;
  responsePayload: Uint8Array;
  proposalHash: Uint8Array;
  endorsements: { endorser: Uint8Array; signature: Uint8Array }[];
  chaincodeAction: peer.ChaincodeAction;
}

/** The outer layers of an envelope, common to every transaction type. */
export interface EnvelopeParts {
  payload: common.Payload;
  payloadBytes: Uint8Array;
  signature: Uint8Array;
  header: { channelHeader: Uint8Array; signatureHeader: Uint8Array };
  channelHeader: common.ChannelHeader;
  signatureHeader: common.SignatureHeader;
}

/** Undefined when the bytes are no envelope with both headers. */
export function openEnvelope(bytes: Uint8Array): EnvelopeParts | undefined {
  try {
    const envelope = common.Envelope.deserializeBinary(bytes);
    const payloadBytes = envelope.getPayload_asU8();
    const payload = common.Payload.deserializeBinary(payloadBytes);
    const header = payload.getHeader();
    if (!header) {
      return undefined;
    }
    const parts = {
      channelHeader: header.getChannelHeader_asU8(),
      signatureHeader: header.getSignatureHeader_asU8(),
    };
    return {
      payload,
      payloadBytes,
      signature: envelope.getSignature_asU8(),
      header: parts,
      channelHeader: common.ChannelHeader.deserializeBinary(parts.channelHeader),
      signatureHeader: common.SignatureHeader.deserializeBinary(parts.signatureHeader),
    };
  } catch {
    return undefined; // not protobuf: the caller marks the transaction invalid
  }
}

/** Undefined when the payload is no endorser transaction with an endorsed action. */
export function openEndorserTransaction(parts: EnvelopeParts): EndorserTransaction | undefined {
  try {
    const actions = peer.Transaction.deserializeBinary(parts.payload.getData_asU8()).getActionsList();
    const first = actions[0];
    if (!first) {
      return undefined;
    }
    const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(first.getPayload_asU8());
    const action = actionPayload.getAction();
    if (!action) {
      return undefined;
    }
    const responsePayload = action.getProposalResponsePayload_asU8();
    const response = peer.ProposalResponsePayload.deserializeBinary(responsePayload);
    return {
      channelHeader: parts.channelHeader,
      signatureHeader: parts.signatureHeader,
      header: parts.header,
      payloadBytes: parts.payloadBytes,
      signature: parts.signature,
      actions: actions.length,
      proposalPayload: actionPayload.getChaincodeProposalPayload_asU8(),
      responsePayload,
      proposalHash: response.getProposalHash_asU8(),
      endorsements: action.getEndorsementsList().map((endorsement) => ({
        endorser: endorsement.getEndorser_asU8(),
        signature: endorsement.getSignature_asU8(),
      })),
      chaincodeAction: peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()),
    };
  } catch {
    return undefined; // not protobuf: the caller marks the transaction invalid
  }
}
