// SPDX-License-Identifier: Apache-2.0
/** Requests that the client library does not make, signed by a test's client. */
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { signLowS } from '../../gateway/src/embedded/identity/lowS';
import { BOTH, type TestClient } from './network';

/** One call without the client library. */
export function callDirectly(
  client: TestClient,
  path: string,
  request: { serializeBinary(): Uint8Array },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    client.grpc.makeUnaryRequest(
      path,
      (message: typeof request) => Buffer.from(message.serializeBinary()),
      (bytes: Buffer) => new Uint8Array(bytes),
      request,
      { deadline: Date.now() + 10_000 },
      (error, response) => {
        if (error) {
          reject(error);
        } else {
          resolve(response ?? new Uint8Array());
        }
      },
    );
  });
}

/** The proposal of the client for another channel; its transaction id stays the same. */
export function onChannel(client: TestClient, proposalBytes: Uint8Array, channel: string): Uint8Array {
  const proposed = gateway.ProposedTransaction.deserializeBinary(proposalBytes);
  const signed = proposed.getProposal() ?? new peer.SignedProposal();
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  header.setChannelHeader(renamed(header.getChannelHeader_asU8(), channel));
  proposal.setHeader(header.serializeBinary());
  signed.setProposalBytes(proposal.serializeBinary());
  signed.setSignature(signLowS(client.key, signed.getProposalBytes_asU8()));
  proposed.setProposal(signed);
  return proposed.serializeBinary();
}

function renamed(channelHeader: Uint8Array, channel: string): Uint8Array {
  const header = common.ChannelHeader.deserializeBinary(channelHeader);
  header.setChannelId(channel);
  return header.serializeBinary();
}

/**
 * Submits a transaction of the client's channel.
 * @param requested channel that the request names.
 * @param named channel that the transaction itself names.
 * @returns the transaction's id.
 */
export async function submitAs(client: TestClient, requested: string, named: string): Promise<string> {
  const proposal = client.contract.newProposal('nothing', { endorsingOrganizations: BOTH });
  const transaction = await proposal.endorse();
  const prepared = gateway.PreparedTransaction.deserializeBinary(transaction.getBytes());
  const payload = common.Payload.deserializeBinary(
    prepared.getEnvelope()?.getPayload_asU8() ?? new Uint8Array(),
  );
  const header = payload.getHeader() ?? new common.Header();
  header.setChannelHeader(renamed(header.getChannelHeader_asU8(), named));
  payload.setHeader(header);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(signLowS(client.key, envelope.getPayload_asU8()));
  const request = new gateway.SubmitRequest();
  request.setChannelId(requested);
  request.setTransactionId(proposal.getTransactionId());
  request.setPreparedTransaction(envelope);
  await callDirectly(client, '/gateway.Gateway/Submit', request);
  return proposal.getTransactionId();
}

/** The code of a transaction on a channel, as the client's identity asks for it. */
export async function commitStatusOn(client: TestClient, channel: string, id: string): Promise<string> {
  const request = new gateway.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(id);
  const proposed = gateway.ProposedTransaction.deserializeBinary(
    client.contract.newProposal('nothing').getBytes(),
  );
  const proposal = peer.Proposal.deserializeBinary(
    proposed.getProposal()?.getProposalBytes_asU8() ?? new Uint8Array(),
  );
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const own = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  request.setIdentity(own.getCreator_asU8());
  const signed = new gateway.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  signed.setSignature(signLowS(client.key, request.serializeBinary()));
  const bytes = await callDirectly(client, '/gateway.Gateway/CommitStatus', signed);
  return String(gateway.CommitStatusResponse.deserializeBinary(bytes).getResult());
}

/** A proposal of the client to its peer itself, past the gateway. */
export async function proposeDirectly(client: TestClient, fn: string, args: string[]): Promise<string> {
  const proposal = client.contract.newProposal(fn, { arguments: args });
  const proposed = gateway.ProposedTransaction.deserializeBinary(proposal.getBytes());
  const signed = proposed.getProposal() ?? new peer.SignedProposal();
  signed.setSignature(signLowS(client.key, signed.getProposalBytes_asU8()));
  const bytes = await callDirectly(client, '/protos.Endorser/ProcessProposal', signed);
  const answer = peer.ProposalResponse.deserializeBinary(bytes).getResponse();
  return `${String(answer?.getStatus())} ${answer?.getMessage() ?? ''} ${Buffer.from(answer?.getPayload_asU8() ?? []).toString()}`;
}
