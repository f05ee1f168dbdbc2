// SPDX-License-Identifier: Apache-2.0
import type { Principal } from '../identity/membership';
import type { ChannelRules } from '../options';
import type { CollectionConfig } from '../policy/collections';
import type { Interest } from './simulator';

/** A channel that the peer has joined. */
export interface WorkerChannel {
  channel: string;
  chaincodeName: string;
  /** Organisations on it. */
  organisations: string[];
  collections: CollectionConfig[];
  rules: ChannelRules | undefined;
  storeFile: string;
  /** Height of the chain, written by the committer after every block. */
  height: SharedArrayBuffer;
}

/** What a peer's worker thread is started with. Only plain data and bytes cross between threads. */
export interface WorkerSettings {
  module: string;
  chaincodeVersion: string;
  /** Package id under which the chaincode registers. */
  chaincodeId: string;
  mspId: string;
  channels: WorkerChannel[];
  /** `msp.SerializedIdentity` of the peer and its key, with which it endorses. */
  endorser: Uint8Array;
  endorserKeyPem: string;
}

export interface SimulateTask {
  id: number;
  /** `peer.SignedProposal`. */
  signedProposal: Uint8Array;
  /** `peer.ChaincodeInput`. */
  input: Uint8Array;
  channelId: string;
  transactionId: string;
  proposalHash: Uint8Array;
  creator: Principal;
  /** False for an evaluation: nothing is signed and nothing but the response returned. */
  endorse: boolean;
}

export type ToWorker = { type: 'simulate'; task: SimulateTask } | { type: 'abandon'; id: number };

/** What a successful simulation for an endorsement yields. */
export interface EndorsedResults {
  /** `peer.ProposalResponsePayload`. */
  responsePayload: Uint8Array;
  signature: Uint8Array;
  /** `rwset.TxPvtReadWriteSet`. */
  privateResults: Uint8Array | undefined;
  interest: Interest;
}

/**
 * `completed`: the chaincode answered, perhaps with an error status. `failed`: the peer could not execute it.
 */
export type SimulationOutcome =
  | {
      kind: 'completed';
      status: number;
      message: string;
      payload: Uint8Array;
      endorsed: EndorsedResults | undefined;
    }
  | { kind: 'failed'; message: string };

export type FromWorker = { type: 'ready' } | { type: 'result'; id: number; outcome: SimulationOutcome };
