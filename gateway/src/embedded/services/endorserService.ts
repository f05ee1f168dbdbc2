// SPDX-License-Identifier: Apache-2.0
import {
  type sendUnaryData,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { peer as protos } from '@hyperledger/fabric-protos';
import { type Peer, type PeerReply, ProposalRefused } from '../peer';
import { MalformedProposal, parseProposal } from '../protocol/proposal';
import type { ChannelView } from './channelView';
import { asServiceError, RpcError } from './rpcError';

const { processProposal } = protos.EndorserService;

/**
 * `protos.Endorser` on the wire. A process may hold two copies of the generated classes, one of them the
 * chaincode library's; the generated definition refuses messages of the other copy.
 */
export const ENDORSER_SERVICE = {
  processProposal: {
    ...processProposal,
    requestDeserialize: (bytes: Buffer) => protos.SignedProposal.deserializeBinary(new Uint8Array(bytes)),
    responseSerialize: (response: protos.ProposalResponse) => Buffer.from(response.serializeBinary()),
  },
} as const;

/**
 * `protos.Endorser` as one organisation's peer offers it: this peer itself judges and signs, even where
 * others may too.
 */
export function endorserService(channel: ChannelView, local: Peer): UntypedServiceImplementation {
  return {
    processProposal: (
      call: ServerUnaryCall<protos.SignedProposal, protos.ProposalResponse>,
      callback: sendUnaryData<protos.ProposalResponse>,
    ) => {
      process(channel, local, call.request).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(
            asServiceError(error, (line) => {
              channel.log(line);
            }),
          );
        },
      );
    },
  };
}

async function process(
  channel: ChannelView,
  local: Peer,
  signed: protos.SignedProposal,
): Promise<protos.ProposalResponse> {
  try {
    const proposal = parseProposal(signed);
    if (proposal.channelId !== channel.channelId) {
      throw new RpcError(status.UNKNOWN, `access denied: channel [${proposal.channelId}] does not exist`);
    }
    return responseOf(await local.process(proposal, true));
  } catch (error) {
    if (error instanceof ProposalRefused || error instanceof MalformedProposal) {
      throw new RpcError(status.UNKNOWN, error.message);
    }
    throw error;
  }
}

function responseOf(reply: PeerReply): protos.ProposalResponse {
  const result = new protos.Response();
  const answer = new protos.ProposalResponse();
  answer.setResponse(result);
  result.setMessage(reply.message);
  if (reply.kind !== 'success') {
    result.setStatus(500);
    return answer;
  }
  result.setStatus(reply.status);
  result.setPayload(reply.payload);
  if (reply.endorsed !== undefined) {
    const { endorsement, responsePayload } = reply.endorsed;
    const signed = new protos.Endorsement();
    signed.setEndorser(endorsement.endorser);
    signed.setSignature(endorsement.signature);
    answer.setEndorsement(signed);
    answer.setPayload(responsePayload);
  }
  return answer;
}
