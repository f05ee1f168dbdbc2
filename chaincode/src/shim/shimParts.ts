// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';

/** One connection's end of the chaincode protocol, as fabric-shim 2.5.8 has it. */
export interface MessageHandler {
  readonly _stream: { on(event: 'data', listener: (message: ShimMessage) => void): void };
  chat: (this: MessageHandler, register: unknown) => void;
  /**
   * Sends a message and resolves with the payload of its answer, after those that this transaction sent
   * before.
   */
  _askPeerAndListen(message: ShimMessage, method: 'GetState'): Promise<Uint8Array>;
}

/** `protos.ChaincodeMessage` in the shim's own copy of the protobuf classes. */
export interface ShimMessage {
  getType(): number;
  getPayload_asU8(): Uint8Array;
  setType(type: number): void;
  setPayload(payload: Uint8Array): void;
  setTxid(transactionId: string): void;
  setChannelId(channelId: string): void;
}

/** A level's method of the shim's loggers. */
type LogMethod = (...values: readonly unknown[]) => void;

interface ShimParts {
  readonly handlers: { readonly ChaincodeMessageHandler: { readonly prototype: MessageHandler } };
  readonly Message: { new (): ShimMessage; readonly Type: Readonly<Record<'READY', number>> };
  readonly loggers: readonly { readonly getLogger: (name: string) => Record<string, LogMethod> }[];
}

/**
 * The inner parts of fabric-shim that this folder uses; they are no public interface, so the shim's version
 * is pinned.
 */
export function loadShimParts(): ShimParts {
  const load = createRequire(require.resolve('fabric-shim/package.json'));
  const { peer } = load('@hyperledger/fabric-protos') as {
    peer: { ChaincodeMessage: ShimParts['Message'] };
  };
  return {
    handlers: load('./lib/handler') as ShimParts['handlers'],
    Message: peer.ChaincodeMessage,
    loggers: ['./lib/logger', 'fabric-contract-api/lib/logger'].map(
      (file) => load(file) as ShimParts['loggers'][number],
    ),
  };
}
