// SPDX-License-Identifier: Apache-2.0
import {
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { gateway, peer as peerProtos, type orderer } from '@hyperledger/fabric-protos';
import { MalformedProposal, parseProposal, type Proposal } from '../protocol/proposal';
import { EventReader } from './chaincodeEvents';
import type { JoinedChannel, PeerNode } from './channelView';
import { EndorsementService, noEndorsers } from './endorsement';
import { asServiceError, RpcError } from './rpcError';
import { write } from './streamWriter';
import { Cancellation } from './cancellation';

/** `gateway.Gateway` as one organisation's peer offers it. */
export function gatewayService(node: PeerNode): UntypedServiceImplementation {
  const service = new GatewayService(node);
  return {
    evaluate: unary(node, (request: gateway.EvaluateRequest) => service.evaluate(request)),
    endorse: unary(node, (request: gateway.EndorseRequest) => service.endorse(request)),
    submit: unary(node, (request: gateway.SubmitRequest) => service.submit(request)),
    commitStatus: unary(node, (request: gateway.SignedCommitStatusRequest, cancellation) =>
      service.commitStatus(request, cancellation),
    ),
    chaincodeEvents: (
      call: ServerWritableStream<gateway.SignedChaincodeEventsRequest, gateway.ChaincodeEventsResponse>,
    ) => {
      service.chaincodeEvents(call).catch((error: unknown) => {
        call.emit(
          'error',
          asServiceError(error, (line) => {
            node.log(line);
          }),
        );
      });
    },
  };
}

function unary<Request, Response>(
  node: PeerNode,
  handle: (request: Request, cancellation: Cancellation) => Response | Promise<Response>,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  return (call, callback) => {
    const cancellation = new Cancellation();
    call.on('cancelled', () => {
      cancellation.cancel();
    });
    const answer = new Promise<Response>((resolve) => {
      resolve(handle(call.request, cancellation));
    });
    answer.then(
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
  };
}

/** A channel as the gateway serves it. */
interface Served extends JoinedChannel {
  endorsement: EndorsementService;
  events: EventReader;
}

class GatewayService {
  readonly #node: PeerNode;
  readonly #channels: ReadonlyMap<string, Served>;

  constructor(node: PeerNode) {
    this.#node = node;
    this.#channels = new Map(
      [...node.channels].map(([name, joined]) => [
        name,
        { ...joined, endorsement: new EndorsementService(joined), events: new EventReader() },
      ]),
    );
  }

  async evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
    const proposal = proposalToEvaluate(request.getProposedTransaction());
    const channel = this.#channels.get(proposal.channelId);
    if (!channel) {
      throw new RpcError(status.UNAVAILABLE, unknownChannel(proposal.channelId));
    }
    const answer = await channel.endorsement.evaluate(proposal, request.getTargetOrganizationsList());
    const result = new peerProtos.Response();
    result.setStatus(answer.status);
    result.setMessage(answer.message);
    result.setPayload(answer.payload);
    const response = new gateway.EvaluateResponse();
    response.setResult(result);
    return response;
  }

  async endorse(request: gateway.EndorseRequest): Promise<gateway.EndorseResponse> {
    const proposal = proposalToEndorse(request.getProposedTransaction());
    const organisations = request.getEndorsingOrganizationsList();
    const channel = this.#channels.get(proposal.channelId);
    if (!channel) {
      throw noEndorsers(proposal, organisations);
    }
    const response = new gateway.EndorseResponse();
    response.setPreparedTransaction(await channel.endorsement.endorse(proposal, organisations));
    return response;
  }

  submit(request: gateway.SubmitRequest): gateway.SubmitResponse {
    const envelope = request.getPreparedTransaction();
    if (!envelope) {
      throw new RpcError(status.INVALID_ARGUMENT, 'a prepared transaction is required');
    }
    if (envelope.getSignature_asU8().length === 0) {
      throw new RpcError(status.INVALID_ARGUMENT, 'prepared transaction must be signed');
    }
    const channel = this.#channels.get(request.getChannelId());
    if (!channel) {
      throw new RpcError(status.FAILED_PRECONDITION, unknownChannel(request.getChannelId()));
    }
    // As at a peer, the transaction itself says for which channel it is ordered.
    const refusal = this.#node.order(envelope.serializeBinary());
    if (!refusal) {
      return new gateway.SubmitResponse();
    }
    if (refusal.status === 'SERVICE_UNAVAILABLE') {
      const { endpoint, mspId } = channel.local;
      const detail = { address: endpoint, mspId, message: refusal.info };
      throw new RpcError(status.UNAVAILABLE, 'no orderers could successfully process transaction', [detail]);
    }
    throw new RpcError(
      status.ABORTED,
      `received unsuccessful response from orderer: status=${refusal.status}, info=${refusal.info}`,
    );
  }

  async commitStatus(
    signed: gateway.SignedCommitStatusRequest,
    cancellation: Cancellation,
  ): Promise<gateway.CommitStatusResponse> {
    const data = signed.getRequest_asU8();
    if (data.length === 0) {
      throw new RpcError(status.INVALID_ARGUMENT, 'a commit status request is required');
    }
    const request = decode(() => gateway.CommitStatusRequest.deserializeBinary(data), 'status request');
    const id = request.getTransactionId();
    if (request.getIdentity_asU8().length === 0) {
      throw new RpcError(status.INVALID_ARGUMENT, 'no identity provided');
    }
    if (request.getChannelId() === '') {
      throw new RpcError(status.INVALID_ARGUMENT, 'no channel ID provided');
    }
    if (id === '') {
      throw new RpcError(status.INVALID_ARGUMENT, 'transaction ID should not be empty');
    }
    const { view } = this.#admit(request.getChannelId(), {
      data,
      identity: request.getIdentity_asU8(),
      signature: signed.getSignature_asU8(),
    });
    const record = await view.feed.transaction(id, cancellation);
    if (!record) {
      throw new RpcError(status.UNAVAILABLE, 'the ledger is closing');
    }
    const response = new gateway.CommitStatusResponse();
    response.setResult(record.code as peerProtos.TxValidationCodeMap[keyof peerProtos.TxValidationCodeMap]);
    response.setBlockNumber(record.block);
    return response;
  }

  /** The channel, for somebody who may read it. Throws RpcError. */
  #admit(
    channelId: string,
    signed: { data: Uint8Array; identity: Uint8Array; signature: Uint8Array },
  ): Served {
    if (channelId === '') {
      const reason =
        'Invalid channel ID name during check policy on signed data. Name must be different from nil.';
      throw new RpcError(status.PERMISSION_DENIED, reason);
    }
    const channel = this.#channels.get(channelId);
    if (!channel) {
      const reason = `Failed to get policy manager for channel [${channelId}]`;
      throw new RpcError(status.PERMISSION_DENIED, reason);
    }
    const { access, membership } = channel.view;
    const refusal = access.refusalOfSigned(membership, signed, 'Readers');
    if (refusal !== undefined) {
      throw new RpcError(status.PERMISSION_DENIED, refusal);
    }
    return channel;
  }

  async chaincodeEvents(
    call: ServerWritableStream<gateway.SignedChaincodeEventsRequest, gateway.ChaincodeEventsResponse>,
  ): Promise<void> {
    const data = call.request.getRequest_asU8();
    if (data.length === 0) {
      throw new RpcError(status.INVALID_ARGUMENT, 'a chaincode events request is required');
    }
    const request = decode(
      () => gateway.ChaincodeEventsRequest.deserializeBinary(data),
      'chaincode events request',
    );
    const signature = call.request.getSignature_asU8();
    const signed = { data, identity: request.getIdentity_asU8(), signature };
    const { view, events } = this.#admit(request.getChannelId(), signed);
    const cancellation = new Cancellation();
    call.on('cancelled', () => {
      cancellation.cancel();
    });
    const after = request.getAfterTransactionId();
    const start =
      view.reader.transaction(after)?.block ?? startBlock(request.getStartPosition(), view.feed.height);
    // As a peer does, the stream goes by the events that it sees: after a transaction that had none it waits
    // for ever.
    let hasPassed = after === '';
    for (let number = start; ; number += 1) {
      const bytes = await view.feed.block(number, cancellation);
      if (!bytes) {
        break;
      }
      const wanted = events.eventsOf(number, bytes).filter((event) => {
        if (hasPassed) {
          return event.getChaincodeId() === request.getChaincodeId();
        }
        hasPassed = event.getTxId() === after;
        return false;
      });
      if (wanted.length === 0) {
        continue;
      }
      const response = new gateway.ChaincodeEventsResponse();
      response.setEventsList(wanted);
      response.setBlockNumber(number);
      await write(call, response, cancellation);
    }
    if (!cancellation.cancelled) {
      throw new RpcError(status.UNAVAILABLE, 'the ledger is closing');
    }
  }
}

function startBlock(position: orderer.SeekPosition | undefined, height: number): number {
  if (position?.hasSpecified()) {
    return position.getSpecified()?.getNumber() ?? 0;
  }
  const refused = position?.hasOldest() ? 'Oldest' : position?.hasNewest() ? 'Newest' : undefined;
  if (refused !== undefined) {
    const reason = `invalid start position type: *orderer.SeekPosition_${refused}`;
    throw new RpcError(status.INVALID_ARGUMENT, reason);
  }
  return height;
}

function decode<T>(parse: () => T, what: string): T {
  try {
    return parse();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RpcError(status.INVALID_ARGUMENT, `invalid ${what}: ${reason}`);
  }
}

function proposalToEvaluate(signed: peerProtos.SignedProposal | undefined): Proposal {
  const proposal = parseOrRefuse(
    signed,
    'failed to unpack transaction proposal: ',
    'a signed proposal is required',
  );
  if (proposal.channelId === '') {
    const reason = 'failed to unpack transaction proposal: no channel id provided';
    throw new RpcError(status.INVALID_ARGUMENT, reason);
  }
  return proposal;
}

function proposalToEndorse(signed: peerProtos.SignedProposal | undefined): Proposal {
  return parseOrRefuse(signed, '', 'the proposed transaction must contain a signed proposal');
}

/** The proposal; without one the reason that a peer gives, after what it puts before all reasons. */
function parseOrRefuse(
  signed: peerProtos.SignedProposal | undefined,
  prefix: string,
  missing: string,
): Proposal {
  try {
    if (!signed || signed.getProposalBytes_asU8().length === 0) {
      throw new MalformedProposal(missing);
    }
    return parseProposal(signed);
  } catch (error) {
    if (!(error instanceof MalformedProposal)) {
      throw error;
    }
    throw new RpcError(status.INVALID_ARGUMENT, prefix + error.message);
  }
}

function unknownChannel(channelId: string): string {
  return `failed to get config for channel [${channelId}]: could not get last config for channel ${channelId}`;
}
