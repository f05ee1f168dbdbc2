// SPDX-License-Identifier: Apache-2.0
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import type { PeerNode } from './channelView';
import { DELIVER_SERVICE, deliverService } from './deliverService';
import { ENDORSER_SERVICE, endorserService } from './endorserService';
import { gatewayService } from './gatewayService';

const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
const GRACE_MS = 2_000;

/** The gRPC server of one peer, with the services that Fabric's clients use. */
export function newPeerServer(node: PeerNode): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
  server.addService(gateway.GatewayService, gatewayService(node));
  server.addService(ENDORSER_SERVICE, endorserService(node));
  server.addService(DELIVER_SERVICE, deliverService(node));
  return server;
}

/**
 * @returns the port that was taken; 0 asks for a free one.
 * @throws Error (rejected) when it cannot be had.
 */
export function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        reject(new Error(`Port ${port} on ${host} cannot be used: ${error.message}`));
      } else {
        resolve(bound);
      }
    });
  });
}

/** Lets calls in hand end; what has not ended after two seconds is cut. */
export function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
    }, GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
