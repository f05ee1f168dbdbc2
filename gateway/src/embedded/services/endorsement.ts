// SPDX-License-Identifier: Apache-2.0
import { status } from '@grpc/grpc-js';
import type { common } from '@hyperledger/fabric-protos';
import { endorsementLayouts } from '../endorsementPlan';
import { ProposalRefused, type EndorsedReply, type Peer, type PeerReply } from '../peer';
import { prepareTransaction } from '../protocol/preparedTransaction';
import type { Proposal } from '../protocol/proposal';
import type { ChannelView, JoinedChannel } from './channelView';
import { QUERY_CHAINCODE } from './systemChaincode';
import { RpcError, type ErrorDetail } from './rpcError';

/** A peer's reply, or what went wrong there, as the gateway of another peer sees it. */
type Answer = { reply: PeerReply } | { refused: ProposalRefused };

const COLLECT = 'failed to collect enough transaction endorsements, see attached details for more info';
const FIRST = 'failed to endorse transaction, see attached details for more info';

/**
 * Runs proposals on a channel's peers for one organisation's gateway and gathers their answers as Fabric's
 * gateway does.
 */
export class EndorsementService {
  readonly #channel: ChannelView;
  readonly #local: Peer;

  constructor({ view, local }: JoinedChannel) {
    this.#channel = view;
    this.#local = local;
  }

  /** The transaction for the client to sign. Throws RpcError. */
  async endorse(proposal: Proposal, organisations: readonly string[]): Promise<common.Envelope> {
    const replies =
      organisations.length > 0
        ? await this.#explicit(proposal, organisations)
        : await this.#planned(proposal);
    for (const { privateResults } of replies) {
      if (privateResults) {
        this.#channel.keepPrivateData(proposal.transactionId, privateResults);
      }
    }
    const [first] = replies;
    if (!first) {
      throw new RpcError(status.ABORTED, COLLECT);
    }
    const endorsements = replies.map(({ endorsement }) => endorsement);
    return prepareTransaction(proposal, first.responsePayload, endorsements);
  }

  /** One peer from each named organisation; all must agree. */
  async #explicit(proposal: Proposal, organisations: readonly string[]): Promise<EndorsedReply[]> {
    const wanted = [...new Set(organisations)];
    const known = this.#isHere(proposal) ? this.#channel.peers : [];
    const missing = organisations.filter((mspId) => !known.some((peer) => peer.mspId === mspId));
    if (missing.length > 0) {
      throw noEndorsers(proposal, missing);
    }
    const peers = known.filter(({ mspId }) => wanted.includes(mspId));
    const { replies, details } = await this.#collect(proposal, peers);
    if (replies.length < peers.length) {
      throw new RpcError(status.ABORTED, COLLECT, details);
    }
    return replies;
  }

  /** The gateway's own peer first; what it touched decides who else must endorse. */
  async #planned(proposal: Proposal): Promise<EndorsedReply[]> {
    if (!this.#isHere(proposal)) {
      throw noEndorsers(proposal, []);
    }
    const answer = await this.#ask(this.#local, proposal, true);
    const first = endorsedOf(answer);
    if (!first) {
      throw new RpcError(status.ABORTED, FIRST, [this.#detail(this.#local, answer)]);
    }
    // Each peer is asked once: what it endorsed counts for every layout, and where it failed no layout with
    // it is tried any more.
    const endorsed = new Map([[this.#local.mspId, first]]);
    const failed: ErrorDetail[] = [];
    for (const layout of this.#layouts(proposal, first)) {
      if (failed.some(({ mspId }) => layout.includes(mspId))) {
        continue;
      }
      const missing = this.#channel.peers.filter(
        ({ mspId }) => layout.includes(mspId) && !endorsed.has(mspId),
      );
      const { replies, details } = await this.#collect(proposal, missing, first);
      for (const reply of replies) {
        endorsed.set(reply.endorsement.mspId, reply);
      }
      failed.push(...details);
      if (details.length === 0) {
        return [...endorsed.values()].filter(({ endorsement }) => layout.includes(endorsement.mspId));
      }
    }
    throw new RpcError(status.ABORTED, COLLECT, failed);
  }

  /** Whether the peers have the chaincode on the channel. */
  #isHere({ chaincodeName }: Proposal): boolean {
    return chaincodeName === this.#channel.chaincodeName;
  }

  #layouts(proposal: Proposal, first: EndorsedReply): string[][] {
    const request = {
      organisations: this.#channel.peers.map(({ mspId }) => mspId),
      chaincodePolicy: this.#channel.chaincodePolicy(),
      collections: this.#channel.collections(),
      interest: first.interest,
      preferred: this.#local.mspId,
    };
    const layouts = endorsementLayouts({ ...request, protectTransient: proposal.hasTransientData });
    if (layouts.length > 0) {
      return layouts;
    }
    if (proposal.hasTransientData && endorsementLayouts({ ...request, protectTransient: false }).length > 0) {
      const written = first.interest.collections.filter(({ reads }) => !reads).map(({ name }) => name);
      throw new RpcError(
        status.FAILED_PRECONDITION,
        `requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [${written.join(' ')}]; retry specifying trusted endorsing organizations to protect transient data`,
      );
    }
    throw new RpcError(
      status.FAILED_PRECONDITION,
      'no combination of peers can be derived which satisfy the endorsement policy: no peer combination can satisfy the endorsement policy',
    );
  }

  /**
   * Asks the peers at once; replies that differ from the expected one, or else from the first, are errors.
   */
  async #collect(
    proposal: Proposal,
    peers: readonly Peer[],
    expected?: EndorsedReply,
  ): Promise<{ replies: EndorsedReply[]; details: ErrorDetail[] }> {
    const answers = await Promise.all(peers.map((peer) => this.#ask(peer, proposal, true)));
    const replies: EndorsedReply[] = [];
    const details: ErrorDetail[] = [];
    peers.forEach((peer, i) => {
      const answer = answers[i];
      const endorsed = answer && endorsedOf(answer);
      if (!answer) {
        return;
      }
      if (!endorsed) {
        details.push(this.#detail(peer, answer));
      } else if (!isSame(expected ?? replies[0], endorsed)) {
        details.push({
          address: peer.endpoint,
          mspId: peer.mspId,
          message: 'ProposalResponsePayloads do not match',
        });
      } else {
        replies.push(endorsed);
      }
    });
    return { replies, details };
  }

  /** The response of one peer, the gateway's own first. Throws RpcError. */
  async evaluate(
    proposal: Proposal,
    targets: readonly string[],
  ): Promise<{ status: number; message: string; payload: Uint8Array }> {
    const details: ErrorDetail[] = [];
    let code = status.UNAVAILABLE;
    for (const peer of this.#evaluators(proposal, targets)) {
      const answer = await this.#ask(peer, proposal, false);
      if ('reply' in answer && answer.reply.kind === 'success') {
        return answer.reply;
      }
      const detail = this.#detail(peer, answer);
      details.push(detail);
      const final = finalCode(answer, peer === this.#local);
      if (final !== undefined) {
        throw new RpcError(final, `evaluate call to endorser returned error: ${detail.message}`, details);
      }
      code = 'reply' in answer ? status.ABORTED : status.UNAVAILABLE;
    }
    throw new RpcError(code, 'failed to evaluate transaction, see attached details for more info', details);
  }

  #evaluators(proposal: Proposal, targets: readonly string[]): Peer[] {
    const { chaincodeName, channelId, peers } = this.#channel;
    const protectedTransient = proposal.hasTransientData && targets.length === 0;
    const allowed = protectedTransient ? [this.#local.mspId] : targets;
    const known = [chaincodeName, QUERY_CHAINCODE].includes(proposal.chaincodeName) ? peers : [];
    const chosen = known.filter(({ mspId }) => allowed.length === 0 || allowed.includes(mspId));
    if (chosen.length === 0) {
      const reason = `no peers available to evaluate chaincode ${proposal.chaincodeName} in channel ${channelId}`;
      throw new RpcError(
        status.FAILED_PRECONDITION,
        protectedTransient
          ? `no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: ${reason}`
          : reason,
      );
    }
    return [
      ...chosen.filter((peer) => peer === this.#local),
      ...chosen.filter((peer) => peer !== this.#local),
    ];
  }

  async #ask(peer: Peer, proposal: Proposal, endorse: boolean): Promise<Answer> {
    try {
      return { reply: await peer.process(proposal, endorse) };
    } catch (error) {
      if (error instanceof ProposalRefused) {
        return { refused: error };
      }
      throw error;
    }
  }

  #detail(peer: Peer, answer: Answer): ErrorDetail {
    return { address: peer.endpoint, mspId: peer.mspId, message: messageOf(answer, peer === this.#local) };
  }
}

/**
 * Nobody here has the chaincode on that channel, or one of the named organisations has not.
 * @param missing organisations that the client named and that cannot endorse; empty when it named none.
 */
export function noEndorsers(proposal: Proposal, missing: readonly string[]): RpcError {
  if (missing.length > 0) {
    const reason = `failed to find any endorsing peers for org(s): ${missing.join(', ')}`;
    return new RpcError(status.UNAVAILABLE, reason);
  }
  return new RpcError(
    status.FAILED_PRECONDITION,
    proposal.hasTransientData
      ? "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data"
      : `no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode ${proposal.chaincodeName} in channel ${proposal.channelId}`,
  );
}

function endorsedOf(answer: Answer): EndorsedReply | undefined {
  return 'reply' in answer && answer.reply.kind === 'success' ? answer.reply.endorsed : undefined;
}

function isSame(expected: EndorsedReply | undefined, { responsePayload }: EndorsedReply): boolean {
  return expected === undefined || Buffer.compare(expected.responsePayload, responsePayload) === 0;
}

/** A refusal by another organisation's peer reaches the gateway as a gRPC error. */
function messageOf(answer: Answer, local: boolean): string {
  if ('refused' in answer) {
    return local ? answer.refused.message : `rpc error: code = Unknown desc = ${answer.refused.message}`;
  }
  return answer.reply.message;
}

/** The status code when no other peer need be asked. */
function finalCode(answer: Answer, local: boolean): status | undefined {
  if ('refused' in answer) {
    return local && answer.refused.answered ? status.FAILED_PRECONDITION : undefined;
  }
  return answer.reply.kind === 'chaincodeError' ? status.UNKNOWN : undefined;
}
