// SPDX-License-Identifier: Apache-2.0
import { createHash, verify, X509Certificate } from 'node:crypto';
import type * as grpc from '@grpc/grpc-js';
import { type Gateway, GatewayError, type Network } from '@hyperledger/fabric-gateway';
import { common, gateway as wire, msp, peer } from '@hyperledger/fabric-protos';
import { LedgerError, type LedgerFailureReason } from './ledgerError';
import { toLedgerError } from './ledgerErrors';
import type { MessageSigner } from './signer';

export interface OwnOrganisationOptions {
  readonly client: grpc.Client;
  readonly gateway: Gateway;
  readonly network: Network;
  readonly channel: string;
  readonly mspId: string;
  readonly signer: MessageSigner;
  /** Longest wait for the peer's answer, in milliseconds. */
  readonly deadlineMs: number;
}

/** What may mean that the connection, or the next one, leads elsewhere. */
const NOBODY: ReadonlySet<LedgerFailureReason | undefined> = new Set(['NO_ANSWER', 'TLS_REFUSED']);

/**
 * Sees that the peer at the other end of the connection is this organisation's. Its TLS certificate proves a
 * name only, and what its Gateway service answers may be another peer's word. So the peer itself is asked,
 * through Fabric's `Endorser` service, which no peer hands on: what it signs carries its MSP id and
 * certificate, and is bound to this question by its hash.
 */
export class OwnOrganisation {
  readonly #options: OwnOrganisationOptions;
  #proof: Promise<void> | undefined;

  constructor(options: OwnOrganisationOptions) {
    this.#options = options;
  }

  /**
   * Asks once; who asks meanwhile or afterwards gets the same answer, until {@link forget} or a failure.
   * @throws LedgerError `unavailable`: `OTHER_PEER` when it is another organisation's, else why it could not
   *   be asked.
   */
  prove(): Promise<void> {
    if (this.#proof === undefined) {
      const proof = this.#ask();
      this.#proof = proof;
      proof.catch(() => {
        if (this.#proof === proof) {
          this.#proof = undefined;
        }
      });
    }
    return this.#proof;
  }

  /**
   * `call`, once the peer is known to be this organisation's. A call that nobody answers may mean another
   * connection next.
   * @throws LedgerError as {@link prove}, before `call` is made; else what `call` throws.
   */
  async guard<T>(call: () => Promise<T>): Promise<T> {
    await this.prove();
    try {
      return await call();
    } catch (error) {
      if (error instanceof LedgerError && NOBODY.has(error.reason)) {
        this.forget();
      }
      throw error;
    }
  }

  /** The connection may have ended, and the next one may lead to another peer. */
  forget(): void {
    this.#proof = undefined;
  }

  async #ask(): Promise<void> {
    const { mspId } = this.#options;
    const found = await this.#peerOrganisation();
    if (found !== mspId) {
      throw new LedgerError(
        'unavailable',
        `the peer at this endpoint is of ${found}, and this service is of ${mspId}`,
        { reason: 'OTHER_PEER' },
      );
    }
  }

  async #peerOrganisation(): Promise<string> {
    let question: peer.SignedProposal;
    let answer: peer.ProposalResponse;
    try {
      question = await this.#question();
      answer = await this.#process(question);
    } catch (error) {
      throw toLedgerError(error, 'evaluate');
    }
    return endorserOf(question, answer);
  }

  async #question(): Promise<peer.SignedProposal> {
    const { gateway, network, channel, signer } = this.#options;
    const unsigned = network.getContract('qscc').newProposal('GetChainInfo', { arguments: [channel] });
    const signed = gateway.newSignedProposal(unsigned.getBytes(), await signer(unsigned.getDigest()));
    const proposal = wire.ProposedTransaction.deserializeBinary(signed.getBytes()).getProposal();
    if (proposal === undefined) {
      throw new Error('the client made no proposal');
    }
    return proposal;
  }

  #process(question: peer.SignedProposal): Promise<peer.ProposalResponse> {
    const { client, deadlineMs } = this.#options;
    const { path } = peer.EndorserService.processProposal;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        // Not the generated ones: a process may hold two copies of the classes, and they refuse messages of
        // the other.
        (message: peer.SignedProposal) => Buffer.from(message.serializeBinary()),
        (bytes: Buffer) => peer.ProposalResponse.deserializeBinary(new Uint8Array(bytes)),
        question,
        { deadline: Date.now() + deadlineMs },
        (error, answer) => {
          if (answer === undefined) {
            reject(asGatewayError(error));
          } else {
            resolve(answer);
          }
        },
      );
    });
  }
}

/** The MSP id of the peer that signed this answer to this question. */
function endorserOf(question: peer.SignedProposal, answer: peer.ProposalResponse): string {
  const endorsement = answer.getEndorsement();
  if (endorsement === undefined) {
    const said = answer.getResponse()?.getMessage() ?? '';
    throw new LedgerError('unavailable', `the peer does not say of which organisation it is: ${said}`);
  }
  const payload = answer.getPayload_asU8();
  const endorser = endorsement.getEndorser_asU8();
  const identity = msp.SerializedIdentity.deserializeBinary(endorser);
  if (
    !isSigned(identity, Buffer.concat([payload, endorser]), endorsement.getSignature_asU8()) ||
    Buffer.compare(
      hashOf(question),
      peer.ProposalResponsePayload.deserializeBinary(payload).getProposalHash_asU8(),
    ) !== 0
  ) {
    throw new LedgerError('unavailable', 'the peer’s word about its organisation is not signed by it', {
      reason: 'OTHER_PEER',
    });
  }
  return identity.getMspid();
}

function isSigned(identity: msp.SerializedIdentity, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    const certificate = new X509Certificate(Buffer.from(identity.getIdBytes_asU8()));
    return verify('sha256', data, certificate.publicKey, signature);
  } catch {
    // What is no certificate signs nothing.
    return false;
  }
}

/** What an endorser binds its answer to: the headers and the call. The proposal has no transient data. */
function hashOf(question: peer.SignedProposal): Buffer {
  const proposal = peer.Proposal.deserializeBinary(question.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(
    peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8()).getInput_asU8(),
  );
  return createHash('sha256')
    .update(header.getChannelHeader_asU8())
    .update(header.getSignatureHeader_asU8())
    .update(payload.serializeBinary())
    .digest();
}

function asGatewayError(error: grpc.ServiceError | null): Error {
  return error === null
    ? new Error('the peer gave no answer')
    : new GatewayError({ code: error.code, message: error.message, details: [], cause: error });
}
