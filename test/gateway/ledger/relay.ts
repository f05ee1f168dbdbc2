// SPDX-License-Identifier: Apache-2.0
import * as grpc from '@grpc/grpc-js';
import { listenOnLoopback } from './loopback';

const PATHS = {
  Endorse: '/gateway.Gateway/Endorse',
  Submit: '/gateway.Gateway/Submit',
  CommitStatus: '/gateway.Gateway/CommitStatus',
  Evaluate: '/gateway.Gateway/Evaluate',
  ProcessProposal: '/protos.Endorser/ProcessProposal',
} as const;
type Method = keyof typeof PATHS;
/** Answers one call; `forward` asks the real peer. */
type Meddle = (request: Buffer, forward: (request: Buffer) => Promise<Buffer>) => Promise<Buffer>;

export interface Relay {
  readonly endpoint: string;
  /** What happens to the next calls of a method, one each; then calls pass. */
  readonly meddle: Record<Method, Meddle[]>;
  /** But for `ProcessProposal`, by which a client asks whose peer it is. */
  readonly calls: Method[];
  close(): void;
}

/**
 * A gRPC relay in front of a peer that loses or changes messages as told: a faulty network, or a peer that
 * lies.
 */
export async function startRelay(target: string): Promise<Relay> {
  const meddle: Record<Method, Meddle[]> = {
    Endorse: [],
    Submit: [],
    CommitStatus: [],
    Evaluate: [],
    ProcessProposal: [],
  };
  const calls: Method[] = [];
  const client = new grpc.Client(target, grpc.credentials.createInsecure());
  const bytes = (value: Buffer): Buffer => value;
  const definition = Object.fromEntries(
    (Object.keys(meddle) as Method[]).map((name) => [
      name,
      {
        path: PATHS[name],
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    ]),
  );
  const handlers = Object.fromEntries(
    (Object.keys(meddle) as Method[]).map((name) => {
      const forward = (request: Buffer): Promise<Buffer> =>
        new Promise((resolve, reject) => {
          client.makeUnaryRequest<Buffer, Buffer>(PATHS[name], bytes, bytes, request, (error, reply) => {
            if (error === null && reply !== undefined) {
              resolve(reply);
            } else {
              reject(error ?? new Error('no reply'));
            }
          });
        });
      const handle: grpc.handleUnaryCall<Buffer, Buffer> = (call, callback) => {
        if (name !== 'ProcessProposal') {
          calls.push(name);
        }
        const act = meddle[name].shift();
        (act === undefined ? forward(call.request) : act(call.request, forward)).then(
          (reply) => {
            callback(null, reply);
          },
          (error: unknown) => {
            callback(error as grpc.ServiceError);
          },
        );
      };
      return [name, handle];
    }),
  );
  const server = new grpc.Server();
  server.addService(definition, handlers);
  const endpoint = await listenOnLoopback(server);
  return {
    endpoint,
    meddle,
    calls,
    close: () => {
      server.forceShutdown();
      client.close();
    },
  };
}

export function statusError(code: grpc.status, details: string): Partial<grpc.ServiceError> & Error {
  return Object.assign(new Error(details), { code, details });
}
