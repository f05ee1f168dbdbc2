// SPDX-License-Identifier: Apache-2.0
import { common, peer } from '@hyperledger/fabric-protos';
import { sha256 } from './sha256';

/** A proposal whose bytes do not parse; `message` is what a peer answers. */
export class MalformedProposal extends Error {}

/** A signed proposal taken apart once for every peer that judges it. */
export interface Proposal {
  /** `peer.SignedProposal`, as the chaincode gets it. */
  signedProposal: Uint8Array;
  proposalBytes: Uint8Array;
  signature: Uint8Array;
  header: { channelHeader: Uint8Array; signatureHeader: Uint8Array };
  type: number;
  epoch: number;
  channelId: string;
  transactionId: string;
  timestampMs: number;
  nonce: Uint8Array;
  creator: Uint8Array;
  chaincodeName: string;
  /** `peer.ChaincodeInput`. */
  input: Uint8Array;
  args: Uint8Array[];
  /** `peer.ChaincodeProposalPayload` without the transient map: the part that reaches the ledger. */
  payloadWithoutTransient: Uint8Array;
  hasTransientData: boolean;
  /** Hash that binds an endorsement to the headers and the payload. */
  hash: Buffer;
}

/** Throws MalformedProposal. */
export function parseProposal(signed: peer.SignedProposal): Proposal {
  try {
    return parse(signed);
  } catch (error) {
    if (error instanceof MalformedProposal) {
      throw error;
    }
    throw new MalformedProposal(
      `error unmarshalling Proposal: ${error instanceof Error ? error.message : 'bad bytes'}`,
    );
  }
}

function parse(signed: peer.SignedProposal): Proposal {
  const proposalBytes = signed.getProposalBytes_asU8();
  const proposal = peer.Proposal.deserializeBinary(proposalBytes);
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signatureHeader = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  const extension = peer.ChaincodeHeaderExtension.deserializeBinary(channelHeader.getExtension_asU8());
  const chaincodeName = extension.getChaincodeId()?.getName() ?? '';
  if (chaincodeName === '') {
    throw new MalformedProposal('ChaincodeHeaderExtension.ChaincodeId.Name is empty');
  }
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const withoutTransient = new peer.ChaincodeProposalPayload();
  withoutTransient.setInput(payload.getInput_asU8());
  const payloadWithoutTransient = withoutTransient.serializeBinary();
  const invocation = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
  const input = invocation.getChaincodeSpec()?.getInput();
  if (!input) {
    throw new MalformedProposal('chaincode input did not contain any input');
  }
  const parts = {
    channelHeader: header.getChannelHeader_asU8(),
    signatureHeader: header.getSignatureHeader_asU8(),
  };
  return {
    signedProposal: signed.serializeBinary(),
    proposalBytes,
    signature: signed.getSignature_asU8(),
    header: parts,
    type: channelHeader.getType(),
    epoch: channelHeader.getEpoch(),
    channelId: channelHeader.getChannelId(),
    transactionId: channelHeader.getTxId(),
    timestampMs: timestampOf(channelHeader),
    nonce: signatureHeader.getNonce_asU8(),
    creator: signatureHeader.getCreator_asU8(),
    chaincodeName,
    input: input.serializeBinary(),
    args: input.getArgsList_asU8(),
    payloadWithoutTransient,
    hasTransientData: payload.getTransientmapMap().getLength() > 0,
    hash: sha256(parts.channelHeader, parts.signatureHeader, payloadWithoutTransient),
  };
}

/** Milliseconds since the epoch; 0 without a timestamp. */
export function timestampOf(header: common.ChannelHeader): number {
  const timestamp = header.getTimestamp();
  return timestamp ? timestamp.getSeconds() * 1000 + Math.floor(timestamp.getNanos() / 1e6) : 0;
}

const TIME_WINDOW_MS = 15 * 60_000;

/** Whether a request's time is near the peer's, as `peer.authentication.timewindow` asks. */
export function isWithinTimeWindow(timestampMs: number, now: number): boolean {
  return Math.abs(timestampMs - now) <= TIME_WINDOW_MS;
}

/** Transaction id that nonce and creator determine. */
export function transactionIdOf(nonce: Uint8Array, creator: Uint8Array): string {
  return sha256(nonce, creator).toString('hex');
}
