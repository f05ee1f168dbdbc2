// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { signLowS } from './identity/lowS';
import { hasRole, hasSigned, type Membership, type Principal } from './identity/membership';
import { isWithinTimeWindow, transactionIdOf, type Proposal } from './protocol/proposal';
import { type Endorsement, proposalResponsePayload } from './protocol/preparedTransaction';
import { ChaincodeUnavailable, type ChaincodeHost } from './simulation/chaincodeHost';
import type { Interest } from './simulation/simulator';
import type { SimulationOutcome } from './simulation/workerMessages';
import type { ChannelAccess } from './services/accessControl';
import {
  QUERY_CHAINCODE,
  queryLedger,
  SystemChaincodeError,
  type ReadableLedger,
} from './services/systemChaincode';
import type { StateReader } from './store/stateReader';

/**
 * The proposal itself is refused. `answered`: the peer replied beside the error, so trying another peer is
 * pointless when it is the gateway's own.
 */
export class ProposalRefused extends Error {
  readonly answered: boolean;

  constructor(message: string, answered: boolean) {
    super(message);
    this.answered = answered;
  }
}

/** What a peer replies to a proposal that it accepted for execution. */
export type PeerReply =
  | {
      kind: 'success';
      status: number;
      message: string;
      payload: Uint8Array;
      endorsed: EndorsedReply | undefined;
    }
  /** The chaincode answered with an error status. */
  | { kind: 'chaincodeError'; message: string }
  /** The peer could not execute; another one may. */
  | { kind: 'peerError'; message: string };

export interface EndorsedReply {
  responsePayload: Uint8Array;
  endorsement: Endorsement;
  privateResults: Uint8Array | undefined;
  interest: Interest;
}

export interface PeerOptions {
  mspId: string;
  identity: Uint8Array;
  privateKey: KeyObject;
  channel: string;
  /** The one that is defined on the channel. */
  chaincodeName: string;
  membership: Membership;
  access: ChannelAccess;
  reader: StateReader;
  host: ChaincodeHost;
  /** This organisation's ledger of any channel that its peer has joined. */
  ledgerOf: (channel: string) => ReadableLedger | undefined;
  clock: () => number;
}

/** One organisation's endorsing peer on one channel. */
export class Peer {
  /** Where the organisation's gateway listens; set when it does. */
  endpoint = '';

  readonly #options: PeerOptions;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  get mspId(): string {
    return this.#options.mspId;
  }

  /** Checks the proposal and runs it. Throws ProposalRefused. */
  async process(proposal: Proposal, endorse: boolean): Promise<PeerReply> {
    const creator = this.#check(proposal);
    if (proposal.chaincodeName === QUERY_CHAINCODE) {
      return this.#queryLedger(proposal, creator, endorse);
    }
    const { channel, chaincodeName } = this.#options;
    if (proposal.chaincodeName !== chaincodeName) {
      const name = proposal.chaincodeName;
      const message = `make sure the chaincode ${name} has been successfully defined on channel ${channel} and try again: chaincode ${name} not found`;
      return { kind: 'peerError', message };
    }
    try {
      const outcome = await this.#options.host.simulate({
        signedProposal: proposal.signedProposal,
        input: proposal.input,
        channelId: proposal.channelId,
        transactionId: proposal.transactionId,
        proposalHash: proposal.hash,
        creator,
        endorse,
      });
      return this.#reply(proposal, outcome);
    } catch (error) {
      if (!(error instanceof ChaincodeUnavailable)) {
        throw error;
      }
      return this.#failure(proposal, error.message);
    }
  }

  /** What every peer checks before it executes anything, in a peer's order. Throws ProposalRefused. */
  #check(proposal: Proposal): Principal {
    const { channel, membership, access, reader, clock } = this.#options;
    const now = clock();
    if (membership.hasExpired(proposal.creator, now)) {
      throw new ProposalRefused('proposal client identity expired', false);
    }
    if (!isWithinTimeWindow(proposal.timestampMs, now)) {
      const times = `${wholeSeconds(proposal.timestampMs)}, peer time ${wholeSeconds(now)}`;
      throw new ProposalRefused(
        `request unauthorized due to incorrect timestamp ${times}, peer.authentication.timewindow 15m0s`,
        false,
      );
    }
    const invalid = malformation(proposal);
    if (invalid !== undefined) {
      throw new ProposalRefused(`error validating proposal: ${invalid}`, true);
    }
    const denied = `error validating proposal: access denied: channel [${channel}] creator org`;
    const creator = membership.identify(proposal.creator);
    if (!creator) {
      throw new ProposalRefused(`${denied} unknown, creator is malformed`, true);
    }
    if (!hasRole(creator) || !hasSigned(creator, proposal.proposalBytes, proposal.signature)) {
      throw new ProposalRefused(`${denied} [${creator.mspId}]`, true);
    }
    if (reader.transaction(proposal.transactionId)) {
      const hex = Buffer.from(proposal.creator).toString('hex');
      throw new ProposalRefused(
        `duplicate transaction found [${proposal.transactionId}]. Creator [${hex}]`,
        true,
      );
    }
    // A system chaincode asks for a policy of its own.
    const refusal =
      proposal.chaincodeName === QUERY_CHAINCODE ? undefined : access.refusal(creator, 'Writers');
    if (refusal !== undefined) {
      throw new ProposalRefused(refusal, true);
    }
    return { mspId: creator.mspId, role: creator.role };
  }

  #queryLedger(proposal: Proposal, creator: Principal, endorse: boolean): PeerReply {
    try {
      const payload = queryLedger(proposal.args, creator, this.#options.ledgerOf);
      const endorsed = endorse ? this.#endorseQuery(proposal, payload) : undefined;
      return { kind: 'success', status: 200, message: '', payload, endorsed };
    } catch (error) {
      if (!(error instanceof SystemChaincodeError)) {
        throw error;
      }
      return { kind: 'chaincodeError', message: `chaincode response 500, ${error.message}` };
    }
  }

  /**
   * A system chaincode reads the ledger without a simulator: nothing was read or written that a block would
   * have to hold.
   */
  #endorseQuery(proposal: Proposal, payload: Uint8Array): EndorsedReply {
    const response = new peer.Response();
    response.setStatus(200);
    response.setPayload(payload);
    const responsePayload = proposalResponsePayload({
      proposalHash: proposal.hash,
      results: new Uint8Array(),
      event: new Uint8Array(),
      response,
      chaincodeName: proposal.chaincodeName,
      chaincodeVersion: 'syscc',
    });
    const { identity, privateKey } = this.#options;
    const signature = signLowS(privateKey, Buffer.concat([responsePayload, identity]));
    return {
      responsePayload,
      endorsement: { mspId: this.mspId, endorser: identity, signature },
      privateResults: undefined,
      interest: { publicWrites: false, collections: [] },
    };
  }

  #reply(proposal: Proposal, outcome: SimulationOutcome): PeerReply {
    if (outcome.kind === 'failed') {
      return this.#failure(proposal, outcome.message);
    }
    const { status, message, payload, endorsed } = outcome;
    if (status < 200 || status >= 400) {
      return { kind: 'chaincodeError', message: `chaincode response ${status}, ${message}` };
    }
    if (!endorsed) {
      return { kind: 'success', status, message, payload, endorsed: undefined };
    }
    const { signature, ...results } = endorsed;
    const endorsement = { mspId: this.mspId, endorser: this.#options.identity, signature };
    return { kind: 'success', status, message, payload, endorsed: { ...results, endorsement } };
  }

  #failure(proposal: Proposal, reason: string): PeerReply {
    return {
      kind: 'peerError',
      message: `error in simulation: failed to execute transaction ${proposal.transactionId}: ${reason}`,
    };
  }
}

const LAST_DATE_MS = 8.64e15;

/**
 * As a peer writes times in its messages; a time that JavaScript has no date for, which a client may well
 * send, as its last one.
 */
function wholeSeconds(ms: number): string {
  return new Date(Math.max(-LAST_DATE_MS, Math.min(ms, LAST_DATE_MS))).toISOString().replace(/\.\d+Z$/, 'Z');
}

const { HeaderType } = common;
/** A peer executes proposals of both types, although only the first one makes a valid transaction. */
const PROPOSAL_TYPES: readonly number[] = [HeaderType.ENDORSER_TRANSACTION, HeaderType.CONFIG];

function malformation(proposal: Proposal): string | undefined {
  if (!PROPOSAL_TYPES.includes(proposal.type)) {
    const name = Object.entries(HeaderType).find(([, value]) => value === proposal.type)?.[0];
    return `invalid header type ${name ?? proposal.type}`;
  }
  if (proposal.epoch !== 0) {
    return 'epoch is non-zero';
  }
  if (proposal.nonce.length === 0) {
    return 'nonce is empty';
  }
  if (proposal.creator.length === 0) {
    return 'creator is empty';
  }
  const expected = transactionIdOf(proposal.nonce, proposal.creator);
  if (proposal.transactionId !== expected) {
    return `incorrectly computed txid '${proposal.transactionId}' -- expected '${expected}'`;
  }
  if (proposal.signature.length === 0) {
    return 'empty signature bytes';
  }
  return undefined;
}
