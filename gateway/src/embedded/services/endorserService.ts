// SPDX-License-Identifier: Apache-2.0
import {
  type sendUnaryData,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { peer as protos } from '@hyperledger/fabric-protos';
import { type PeerReply, ProposalRefused } from '../peer';
import { MalformedProposal, parseProposal } from '../protocol/proposal';
import type { PeerNode } from './channelView';
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
export function endorserService(node: PeerNode): UntypedServiceImplementation {
  return {
    processProposal: (
      call: ServerUnaryCall<protos.SignedProposal, protos.ProposalResponse>,
      callback: sendUnaryData<protos.ProposalResponse>,
    ) => {
      process(node, call.request).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(
            asServiceError(error, (line) => {
              node.log(line);
            }),
          );
        },
      );
    },
  };
}

async function process(node: PeerNode, signed: protos.SignedProposal): Promise<protos.ProposalResponse> {
  try {
    const proposal = parseProposal(signed);
    const joined = node.channels.get(proposal.channelId);
    return joined === undefined
      ? refusal(`channel '${proposal.channelId}' not found`)
      : responseOf(await joined.local.process(proposal, true));
  } catch (error) {
    if (error instanceof ProposalRefused || error instanceof MalformedProposal) {
      throw new RpcError(status.UNKNOWN, error.message);
    }
    throw error;
  }
}

/** A peer's answer in place of an endorsement. */
function refusal(message: string): protos.ProposalResponse {
  const result = new protos.Response();
  result.setStatus(500);
  result.setMessage(message);
  const answer = new protos.ProposalResponse();
  answer.setResponse(result);
  return answer;
}

function responseOf(reply: PeerReply): protos.ProposalResponse {
  if (reply.kind !== 'success') {
    return refusal(reply.message);
  }
  const result = new protos.Response();
  const answer = new protos.ProposalResponse();
  answer.setResponse(result);
  result.setMessage(reply.message);
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
