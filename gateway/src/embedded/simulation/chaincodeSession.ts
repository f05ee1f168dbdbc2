// SPDX-License-Identifier: Apache-2.0
import { peer } from '@hyperledger/fabric-protos';
import type { StateReader } from '../store/stateReader';
import { respond, type Asking } from './chaincodeRequests';
import { ShimStream } from './shimStream';
import { SimulationError, type Simulator } from './simulator';

const { Type } = peer.ChaincodeMessage;
/** Keys of one such message, as a peer's `chaincode.runtimeParams.maxSizeGetMultipleKeys`. */
const MAX_MULTIPLE_KEYS = 1_000;

/** The protobuf classes that the chaincode's own copy of the shim uses: messages must be made of those. */
export type ShimProtos = Pick<typeof peer, 'ChaincodeMessage' | 'SignedProposal'>;

/** How the chaincode ended a transaction. */
export type Completion =
  { kind: 'completed'; response: peer.Response; event: Uint8Array } | { kind: 'failed'; message: string };

export interface Invocation {
  channelId: string;
  transactionId: string;
  signedProposal: Uint8Array;
  input: Uint8Array;
  simulator: Simulator;
  reader: StateReader;
  namespace: string;
  /**
   * Runs chaincode that this one calls: `peer.ChaincodeSpec` in, the called one's `protos.ChaincodeMessage`
   * out. Rejects with SimulationError.
   */
  callChaincode: (spec: Uint8Array) => Promise<Uint8Array>;
}

interface Running extends Invocation, Asking {
  finish: (completion: Completion) => void;
}

/**
 * A peer's side of the chaincode protocol: registers the chaincode, sends it transactions and answers its
 * requests from the transaction's simulator.
 */
export class ChaincodeSession {
  readonly stream: ShimStream;
  /** By channel and transaction, as a peer knows them: one transaction runs once on each channel. */
  readonly #running = new Map<string, Running>();

  readonly #protos: ShimProtos;
  readonly #registered: () => void;

  constructor(protos: ShimProtos, registered: () => void) {
    this.#protos = protos;
    this.#registered = registered;

    this.stream = new ShimStream((message) => {
      // Answers are sent later than asked, as over a network: the shim is not written for re-entrance.
      queueMicrotask(() => {
        this.#receive(message);
      });
    });
  }

  /** Whether the transaction runs on the channel; it must not be invoked there again meanwhile. */
  isRunning(channelId: string, transactionId: string): boolean {
    return this.#running.has(contextOf(channelId, transactionId));
  }

  /** Runs one transaction to its end. An abandoned one never resolves. */
  invoke(invocation: Invocation): Promise<Completion> {
    const context = contextOf(invocation.channelId, invocation.transactionId);
    return new Promise((resolve) => {
      this.#running.set(context, {
        ...invocation,
        finish: resolve,
        queries: new Map(),
        nextQuery: 0,
      });
      const message = this.#message(
        Type.TRANSACTION,
        invocation.input,
        invocation.channelId,
        invocation.transactionId,
      );
      message.setProposal(this.#protos.SignedProposal.deserializeBinary(invocation.signedProposal));
      this.stream.emit('data', message);
    });
  }

  /** Forgets a transaction that nobody waits for; further requests of it are answered with an error. */
  abandon(channelId: string, transactionId: string): void {
    this.#running.delete(contextOf(channelId, transactionId));
  }

  #message(
    type: number,
    payload: Uint8Array,
    channelId: string,
    transactionId: string,
  ): peer.ChaincodeMessage {
    const message = new this.#protos.ChaincodeMessage();
    message.setType(type as peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap]);
    message.setPayload(payload);
    message.setChannelId(channelId);
    message.setTxid(transactionId);
    return message;
  }

  #receive(message: peer.ChaincodeMessage): void {
    const type = message.getType();
    if (type === Type.REGISTER) {
      this.stream.emit('data', this.#message(Type.REGISTERED, new Uint8Array(), '', ''));
      this.stream.emit('data', this.#message(Type.READY, offers(), '', ''));
      this.#registered();
      return;
    }
    const running = this.#running.get(contextOf(message.getChannelId(), message.getTxid()));
    if (type === Type.COMPLETED || type === Type.ERROR) {
      this.#complete(message, running);
    } else {
      this.#answer(message, running);
    }
  }

  #complete(message: peer.ChaincodeMessage, running: Running | undefined): void {
    if (!running) {
      return;
    }
    this.#running.delete(contextOf(running.channelId, running.transactionId));
    const payload = message.getPayload_asU8();
    if (message.getType() === Type.ERROR) {
      running.finish({
        kind: 'failed',
        message: `transaction returned with failure: ${Buffer.from(payload).toString()}`,
      });
      return;
    }
    const event = message.getChaincodeEvent()?.serializeBinary() ?? new Uint8Array();
    running.finish({ kind: 'completed', response: peer.Response.deserializeBinary(payload), event });
  }

  #answer(message: peer.ChaincodeMessage, running: Running | undefined): void {
    try {
      if (!running) {
        throw new SimulationError('no ledger context');
      }
      const payload = message.getPayload_asU8();
      if (message.getType() === Type.INVOKE_CHAINCODE) {
        this.#answerLater(message, running.callChaincode(payload));
      } else {
        this.#succeed(message, respond(running, message.getType(), payload));
      }
    } catch (error) {
      this.#fail(message, error);
    }
  }

  /** The chaincode goes on with other transactions meanwhile, and may itself be the one that is called. */
  #answerLater(message: peer.ChaincodeMessage, payload: Promise<Uint8Array>): void {
    payload.then(
      (bytes) => {
        this.#succeed(message, bytes);
      },
      (error: unknown) => {
        this.#fail(message, error);
      },
    );
  }

  #succeed(asked: peer.ChaincodeMessage, payload: Uint8Array): void {
    this.stream.emit('data', this.#message(Type.RESPONSE, payload, asked.getChannelId(), asked.getTxid()));
  }

  #fail(asked: peer.ChaincodeMessage, error: unknown): void {
    const name = Object.entries(Type).find(([, value]) => value === asked.getType())?.[0] ?? 'UNDEFINED';
    const reason = error instanceof Error ? error.message : 'unknown error';
    const text = Buffer.from(`${name} failed: transaction ID: ${asked.getTxid()}: ${reason}`);
    this.stream.emit('data', this.#message(Type.ERROR, text, asked.getChannelId(), asked.getTxid()));
  }
}

/** What a peer of Fabric 3.1 tells chaincode that it may use: many keys in one read. */
function offers(): Uint8Array {
  const parameters = new peer.ChaincodeAdditionalParams();
  parameters.setUseGetMultipleKeys(true);
  parameters.setMaxSizeGetMultipleKeys(MAX_MULTIPLE_KEYS);
  return parameters.serializeBinary();
}

function contextOf(channelId: string, transactionId: string): string {
  return `${channelId}/${transactionId}`;
}
