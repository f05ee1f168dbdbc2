// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { peer } from '@hyperledger/fabric-protos';
import type { Principal } from '../identity/membership';
import { Collections } from '../policy/collections';
import { ChannelAccess } from '../services/accessControl';
import { Snapshots } from '../store/snapshots';
import type { ChaincodeSession, Completion } from './chaincodeSession';
import { SimulationError, Simulator } from './simulator';
import type { WorkerChannel } from './workerMessages';

/** What every simulation of one transaction shares, whichever channel it is on. */
export interface Transaction {
  transactionId: string;
  /** `peer.SignedProposal`: chaincode that is called sees it as well, with its transient data. */
  signedProposal: Uint8Array;
  creator: Principal;
  /** Chaincode that the proposal names. */
  chaincodeName: string;
  /** Simulations that have not ended. */
  open: Set<Simulation>;
  /** Whether nobody waits for it any more: nothing is begun for it then. */
  ended: boolean;
}

/** One run of chaincode on one channel. */
export interface Simulation {
  /** Forgets it, finished or not. */
  release(): void;
}

interface Joined extends WorkerChannel {
  snapshots: Snapshots;
  all: Collections;
  access: ChannelAccess;
}

/** System chaincode that a peer refuses to run for other chaincode → how it says so. */
const REJECTED = new Map([
  ['qscc', 'Rejecting invoke of QSCC from another chaincode because of potential for deadlocks'],
  ['cscc', 'Rejecting invoke of CSCC from another chaincode'],
]);

/** Runs transactions on the channels that one peer has joined, and the calls between them. */
export class PeerSimulations {
  readonly #channels: ReadonlyMap<string, Joined>;
  readonly #mspId: string;
  readonly #session: ChaincodeSession;

  constructor(mspId: string, channels: readonly WorkerChannel[], session: ChaincodeSession) {
    this.#mspId = mspId;
    this.#session = session;
    this.#channels = new Map(channels.map((channel) => [channel.channel, join(channel)]));
  }

  /** Name of the chaincode on a channel. @throws Error for a channel that the peer has not joined. */
  chaincodeOf(channelId: string): string {
    return this.#joined(channelId).chaincodeName;
  }

  #joined(channelId: string): Joined {
    const channel = this.#channels.get(channelId);
    if (!channel) {
      throw new Error(`The peer of ${this.#mspId} has not joined channel ${channelId}.`);
    }
    return channel;
  }

  /** Runs the chaincode of a channel against the channel's newest state. */
  run(
    channelId: string,
    transaction: Transaction,
    input: Uint8Array,
  ): Promise<{ completion: Completion; simulator: Simulator }> {
    return this.#run(this.#joined(channelId), transaction, input);
  }

  /** Ends all that a transaction has open; what its chaincode still asks for is refused. */
  abandon(transaction: Transaction): void {
    transaction.ended = true;
    for (const simulation of transaction.open) {
      simulation.release();
    }
  }

  async #run(
    channel: Joined,
    transaction: Transaction,
    input: Uint8Array,
  ): Promise<{ completion: Completion; simulator: Simulator }> {
    const { transactionId, signedProposal, creator, open, ended } = transaction;
    const { channel: channelId, chaincodeName: namespace } = channel;
    if (ended) {
      throw new SimulationError('no ledger context');
    }
    if (this.#session.isRunning(channelId, transactionId)) {
      throw new SimulationError(`error sending: txid: ${transactionId}(${channelId}) exists`);
    }
    const snapshot = channel.snapshots.take();
    const simulation: Simulation = {
      release: () => {
        open.delete(simulation);
        this.#session.abandon(channelId, transactionId);
        snapshot.release();
      },
    };
    open.add(simulation);
    try {
      const { reader } = snapshot;
      const simulator = new Simulator({
        reader,
        channel: channelId,
        namespace,
        mspId: this.#mspId,
        transactionId,
        creator,
        collections: channel.all,
      });
      const completion = await this.#session.invoke({
        channelId,
        transactionId,
        signedProposal,
        input,
        simulator,
        reader,
        namespace,
        callChaincode: (spec) => this.#call(channelId, transaction, spec),
      });
      return { completion, simulator };
    } finally {
      simulation.release();
    }
  }

  /**
   * Runs chaincode that chaincode calls, in a simulation of its own that nobody keeps: what it reads and
   * writes on its channel does not become part of the transaction.
   */
  async #call(callerChannel: string, transaction: Transaction, bytes: Uint8Array): Promise<Uint8Array> {
    const spec = peer.ChaincodeSpec.deserializeBinary(bytes);
    const { chaincodeName, channelId = callerChannel } = parseName(spec.getChaincodeId()?.getName() ?? '');
    const channel = this.#channels.get(channelId);
    if (!channel) {
      throw new SimulationError(`Failed to get policy manager for channel [${channelId}]`);
    }
    const refusal = channel.access.refusalOfCall(transaction.creator);
    if (refusal !== undefined) {
      throw new SimulationError(refusal);
    }
    const rejected = REJECTED.get(chaincodeName);
    if (rejected !== undefined) {
      const response = new peer.Response();
      response.setStatus(500);
      response.setMessage(`${rejected}, original invocation for '${transaction.chaincodeName}'`);
      return completed(response);
    }
    if (chaincodeName !== channel.chaincodeName) {
      throw new SimulationError(
        `execute failed: invalid invocation: [channel ${channelId}] failed to get chaincode container info for ${chaincodeName}: chaincode ${chaincodeName} not found`,
      );
    }
    // Chaincode that does nothing but call must not keep the thread from its other transactions.
    await nextTurn();
    return this.#answerOf(channel, transaction, spec.getInput()?.serializeBinary() ?? new Uint8Array());
  }

  async #answerOf(channel: Joined, transaction: Transaction, input: Uint8Array): Promise<Uint8Array> {
    let completion: Completion;
    try {
      ({ completion } = await this.#run(channel, transaction, input));
    } catch (error) {
      throw error instanceof SimulationError
        ? new SimulationError(`execute failed: ${error.message}`)
        : error;
    }
    if (completion.kind === 'failed') {
      throw new SimulationError(`execute failed: ${completion.message}`);
    }
    return completed(completion.response);
  }
}

function join(channel: WorkerChannel): Joined {
  const { channel: name, storeFile, organisations, collections, rules } = channel;
  const height = new BigInt64Array(channel.height);
  return {
    ...channel,
    snapshots: new Snapshots(storeFile, () => Number(Atomics.load(height, 0))),
    all: new Collections(collections, organisations),
    access: new ChannelAccess(name, organisations, rules),
  };
}

/** `name[:version][/channel]`, as a peer takes it apart; the version says nothing. */
function parseName(text: string): { chaincodeName: string; channelId?: string } {
  const slash = text.indexOf('/');
  const [name = ''] = (slash < 0 ? text : text.slice(0, slash)).split(':');
  return slash < 0 || slash === text.length - 1
    ? { chaincodeName: name }
    : { chaincodeName: name, channelId: text.slice(slash + 1) };
}

function completed(response: peer.Response): Uint8Array {
  const message = new peer.ChaincodeMessage();
  message.setType(peer.ChaincodeMessage.Type.COMPLETED);
  message.setPayload(response.serializeBinary());
  return message.serializeBinary();
}
