// SPDX-License-Identifier: Apache-2.0
import {
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { gateway, peer as peerProtos, type orderer } from '@hyperledger/fabric-protos';
import type { Peer } from '../peer';
import { MalformedProposal, parseProposal, type Proposal } from '../protocol/proposal';
import { checkSignedData } from './accessControl';
import { EventReader } from './chaincodeEvents';
import type { ChannelView } from './channelView';
import { EndorsementService } from './endorsement';
import { asServiceError, RpcError } from './rpcError';
import { write } from './streamWriter';
import { Cancellation } from './cancellation';

/** `gateway.Gateway` as one organisation's peer offers it. */
export function gatewayService(channel: ChannelView, local: Peer): UntypedServiceImplementation {
  const service = new GatewayService(channel, local);
  return {
    evaluate: unary(channel, (request: gateway.EvaluateRequest) => service.evaluate(request)),
    endorse: unary(channel, (request: gateway.EndorseRequest) => service.endorse(request)),
    submit: unary(channel, (request: gateway.SubmitRequest) => service.submit(request)),
    commitStatus: unary(channel, (request: gateway.SignedCommitStatusRequest, cancellation) =>
      service.commitStatus(request, cancellation),
    ),
    chaincodeEvents: (
      call: ServerWritableStream<gateway.SignedChaincodeEventsRequest, gateway.ChaincodeEventsResponse>,
    ) => {
      service.chaincodeEvents(call).catch((error: unknown) => {
        call.emit(
          'error',
          asServiceError(error, (line) => {
            channel.log(line);
          }),
        );
      });
    },
  };
}

function unary<Request, Response>(
  channel: ChannelView,
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
            channel.log(line);
          }),
        );
      },
    );
  };
}

class GatewayService {
  readonly #endorsement: EndorsementService;
  readonly #events = new EventReader();

  readonly #channel: ChannelView;
  readonly #local: Peer;

  constructor(channel: ChannelView, local: Peer) {
    this.#channel = channel;
    this.#local = local;

    this.#endorsement = new EndorsementService(channel, local);
  }

  async evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
    const proposal = proposalToEvaluate(request.getProposedTransaction());
    if (proposal.channelId !== this.#channel.channelId) {
      throw new RpcError(status.UNAVAILABLE, unknownChannel(proposal.channelId));
    }
    const answer = await this.#endorsement.evaluate(proposal, request.getTargetOrganizationsList());
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
    const response = new gateway.EndorseResponse();
    response.setPreparedTransaction(
      await this.#endorsement.endorse(proposal, request.getEndorsingOrganizationsList()),
    );
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
    if (request.getChannelId() !== this.#channel.channelId) {
      throw new RpcError(status.FAILED_PRECONDITION, unknownChannel(request.getChannelId()));
    }
    const refusal = this.#channel.order(envelope.serializeBinary());
    if (!refusal) {
      return new gateway.SubmitResponse();
    }
    if (refusal.status === 'SERVICE_UNAVAILABLE') {
      const detail = { address: this.#local.endpoint, mspId: this.#local.mspId, message: refusal.info };
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
    this.#admit(request.getChannelId(), {
      data,
      identity: request.getIdentity_asU8(),
      signature: signed.getSignature_asU8(),
    });
    const record = await this.#channel.feed.transaction(id, cancellation);
    if (!record) {
      throw new RpcError(status.UNAVAILABLE, 'the ledger is closing');
    }
    const response = new gateway.CommitStatusResponse();
    response.setResult(record.code as peerProtos.TxValidationCodeMap[keyof peerProtos.TxValidationCodeMap]);
    response.setBlockNumber(record.block);
    return response;
  }

  #admit(channelId: string, signed: { data: Uint8Array; identity: Uint8Array; signature: Uint8Array }): void {
    const { membership } = this.#channel;
    if (channelId === '') {
      const reason =
        'Invalid channel ID name during check policy on signed data. Name must be different from nil.';
      throw new RpcError(status.PERMISSION_DENIED, reason);
    }
    if (channelId !== this.#channel.channelId) {
      const reason = `Failed to get policy manager for channel [${channelId}]`;
      throw new RpcError(status.PERMISSION_DENIED, reason);
    }
    const refusal = checkSignedData(membership, signed, 'Readers', channelId);
    if (refusal !== undefined) {
      throw new RpcError(status.PERMISSION_DENIED, refusal);
    }
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
    this.#admit(request.getChannelId(), { data, identity: request.getIdentity_asU8(), signature });
    const cancellation = new Cancellation();
    call.on('cancelled', () => {
      cancellation.cancel();
    });
    const after = request.getAfterTransactionId();
    const start =
      this.#channel.reader.transaction(after)?.block ?? this.#startBlock(request.getStartPosition());
    // As a peer does, the stream goes by the events that it sees: after a transaction that had none it waits
    // for ever.
    let hasPassed = after === '';
    for (let number = start; ; number += 1) {
      const bytes = await this.#channel.feed.block(number, cancellation);
      if (!bytes) {
        break;
      }
      const wanted = this.#events.eventsOf(number, bytes).filter((event) => {
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

  #startBlock(position: orderer.SeekPosition | undefined): number {
    if (position?.hasSpecified()) {
      return position.getSpecified()?.getNumber() ?? 0;
    }
    const refused = position?.hasOldest() ? 'Oldest' : position?.hasNewest() ? 'Newest' : undefined;
    if (refused !== undefined) {
      const reason = `invalid start position type: *orderer.SeekPosition_${refused}`;
      throw new RpcError(status.INVALID_ARGUMENT, reason);
    }
    return this.#channel.feed.height;
  }
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
