// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import type { peer } from '@hyperledger/fabric-protos';

/** The stream that the shim believes to be its connection to a peer. */
export class ShimStream extends EventEmitter {
  readonly #deliver: (message: peer.ChaincodeMessage) => void;

  constructor(deliver: (message: peer.ChaincodeMessage) => void) {
    super();
    this.#deliver = deliver;
  }

  write(message: peer.ChaincodeMessage): void {
    this.#deliver(message);
  }

  end(): void {
    this.removeAllListeners();
  }
}
