// SPDX-License-Identifier: Apache-2.0
import * as grpc from '@grpc/grpc-js';

/** Has a plain gRPC server listen on a free port of this machine. @returns its `host:port`. */
export function listenOnLoopback(server: grpc.Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) {
        resolve(`127.0.0.1:${String(port)}`);
      } else {
        reject(error);
      }
    });
  });
}
