// SPDX-License-Identifier: Apache-2.0
import * as grpc from '@grpc/grpc-js';
import { common, gateway, orderer } from '@hyperledger/fabric-protos';
import { listenOnLoopback } from './loopback';

const { Status } = common;
type Answer = 'take' | 'silence' | { readonly status: number; readonly info: string };

export interface FakeOrderer {
  readonly endpoint: string;
  /** What it does with the next transactions, one each; then it takes them. */
  readonly answers: Answer[];
  /** The envelopes that it was handed, serialized. */
  readonly handed: Buffer[];
  close(): void;
}

/** An orderer's `AtomicBroadcast/Broadcast` that has the peer at `target` order what it takes. */
export async function startFakeOrderer(target: string): Promise<FakeOrderer> {
  const peer = new grpc.Client(target, grpc.credentials.createInsecure());
  const answers: Answer[] = [];
  const handed: Buffer[] = [];
  const broadcast: grpc.handleBidiStreamingCall<common.Envelope, orderer.BroadcastResponse> = (call) => {
    call.on('data', (envelope: common.Envelope) => {
      handed.push(Buffer.from(envelope.serializeBinary()));
      const answer = answers.shift() ?? 'take';
      if (answer === 'silence') {
        return;
      }
      if (answer !== 'take') {
        call.write(responseOf(answer.status, answer.info));
        return;
      }
      submitTo(peer, envelope).then(
        () => call.write(responseOf(Status.SUCCESS, '')),
        (error: unknown) => call.write(responseOf(Status.SERVICE_UNAVAILABLE, String(error))),
      );
    });
    call.on('end', () => {
      call.end();
    });
  };
  const server = new grpc.Server();
  server.addService({ broadcast: orderer.AtomicBroadcastService.broadcast }, { broadcast });
  const endpoint = await listenOnLoopback(server);
  return {
    endpoint,
    answers,
    handed,
    close: () => {
      server.forceShutdown();
      peer.close();
    },
  };
}

function responseOf(status: number, info: string): orderer.BroadcastResponse {
  const response = new orderer.BroadcastResponse();
  response.setStatus(status as ReturnType<orderer.BroadcastResponse['getStatus']>);
  response.setInfo(info);
  return response;
}

function submitTo(peer: grpc.Client, envelope: common.Envelope): Promise<void> {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  const request = new gateway.SubmitRequest();
  request.setTransactionId(header.getTxId());
  request.setChannelId(header.getChannelId());
  request.setPreparedTransaction(envelope);
  return new Promise((resolve, reject) => {
    peer.makeUnaryRequest(
      '/gateway.Gateway/Submit',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.from(request.serializeBinary()),
      (error) => {
        if (error === null) {
          resolve();
        } else {
          reject(error);
        }
      },
    );
  });
}
