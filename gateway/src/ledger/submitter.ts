// SPDX-License-Identifier: Apache-2.0
import {
  type Commit,
  type Contract,
  type Gateway,
  StatusCode,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { type common, gateway as wire, msp } from '@hyperledger/fabric-protos';
import type { Logger } from 'pino';
import { LedgerError, type LedgerErrorFields } from './ledgerError';
import { fromValidationCode, isCutOffFromOrderers, toLedgerError } from './ledgerErrors';
import type { Orderers } from './orderers';
import type { OwnOrganisation } from './ownOrganisation';
import { assertPreparedAsProposed } from './preparedTransaction';
import type { CallOptions, Committed } from './provenanceLedger';

/** Longest time, in milliseconds, that each call to the peer may take. */
export interface Deadlines {
  /** Default 5,000. */
  readonly evaluateMs: number;
  /** Default 15,000. */
  readonly endorseMs: number;
  /** Default 5,000. */
  readonly submitMs: number;
  /** Default 3,000, for each orderer that is asked directly. */
  readonly broadcastMs: number;
  /** Default 5,000. The peer answers when the block is committed; asked {@link COMMIT_ATTEMPTS} times. */
  readonly commitMs: number;
  /** Default 2,000. Asked after a failed submit, to learn whether it arrived all the same. */
  readonly probeMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = {
  evaluateMs: 5_000,
  endorseMs: 15_000,
  submitMs: 5_000,
  broadcastMs: 3_000,
  commitMs: 5_000,
  probeMs: 2_000,
};

export interface TransactionCall {
  readonly contract: Contract;
  /** `Contract:Transaction`. */
  readonly name: string;
  readonly args: readonly string[];
  readonly transient?: Readonly<Record<string, string>>;
  /** MSP ids whose peers must endorse; empty: those that the peer's discovery finds for the policy. */
  readonly endorsers: readonly string[];
  /** MSP id of the trustee where its peer is asked beside the own one, or by way of it. */
  readonly trustee?: string | undefined;
}

export interface SubmitResult extends Committed {
  readonly result: Uint8Array;
}

/**
 * How often the same signed bytes are handed in before the outcome is left unknown. They commit at most once.
 */
const SUBMIT_ATTEMPTS = 3;
/**
 * How often the peer is asked what became of a transaction; between two, the same bytes are handed in again.
 */
const COMMIT_ATTEMPTS = 4;

export interface SubmitterOptions {
  readonly gateway: Gateway;
  readonly channel: string;
  readonly deadlines: Deadlines;
  /** Used when the peer reaches no orderer; absent: the peer's word is the last. Stays the caller's. */
  readonly orderers?: Orderers | undefined;
  /** Asked before anything else is; the tests of a lone submitter go without. */
  readonly own?: Pick<OwnOrganisation, 'guard'>;
  readonly log: Logger;
}

/**
 * Endorse, check, sign, submit and wait for the commit; each step's failure told apart by what is known about
 * its effect.
 */
export class Submitter {
  readonly #gateway: Gateway;
  readonly #channel: string;
  readonly #deadlines: Deadlines;
  readonly #creator: Uint8Array;
  readonly #orderers: Orderers | undefined;
  readonly #own: Pick<OwnOrganisation, 'guard'>;
  readonly #log: Logger;
  /** Whether the last transaction had to go past the peer. */
  #isPeerCutOff = false;

  constructor({ gateway, channel, deadlines, orderers, own, log }: SubmitterOptions) {
    this.#gateway = gateway;
    this.#channel = channel;
    this.#deadlines = deadlines;
    this.#orderers = orderers;
    this.#own = own ?? { guard: (call) => call() };
    this.#log = log;
    const identity = gateway.getIdentity();
    const creator = new msp.SerializedIdentity();
    creator.setMspid(identity.mspId);
    creator.setIdBytes(identity.credentials);
    this.#creator = creator.serializeBinary();
  }

  /** @param timeoutMs longest wait for the answer. */
  async evaluate(call: TransactionCall, timeoutMs = this.#deadlines.evaluateMs): Promise<Uint8Array> {
    return this.#own.guard(async () => {
      try {
        return await newProposal(call).evaluate(this.#within(timeoutMs));
      } catch (error) {
        throw toLedgerError(error, 'evaluate', undefined, call.trustee);
      }
    });
  }

  /**
   * One transaction, once: the signed bytes may be handed in again, a new proposal is never made.
   * @throws {@link LedgerError}; `unknown` only after the transaction was handed in and no peer said what
   *   became of it.
   */
  async submit(call: TransactionCall, options: CallOptions = {}): Promise<SubmitResult> {
    const transaction = await this.#endorse(call, options.signal);
    options.onEndorsed?.();
    const { commit, settled } = await this.#handIn(transaction);
    const status = settled ?? (await this.#awaitCommit(transaction, commit));
    if (status.code !== StatusCode.VALID) {
      throw fromValidationCode(status.code, transaction.getTransactionId());
    }
    return {
      transactionId: transaction.getTransactionId(),
      block: status.block,
      result: transaction.getResult(),
    };
  }

  async #endorse(call: TransactionCall, signal: AbortSignal | undefined): Promise<Transaction> {
    const proposal = newProposal(call);
    const id = proposal.getTransactionId();
    if (signal?.aborted === true) {
      throw new LedgerError('unavailable', 'stopped before the transaction was proposed', {
        transactionId: id,
        cause: signal.reason,
      });
    }
    const transaction = await this.#own.guard(async () => {
      try {
        return await proposal.endorse(this.#within(this.#deadlines.endorseMs));
      } catch (error) {
        throw toLedgerError(error, 'endorse', id, call.trustee);
      }
    });
    try {
      assertPreparedAsProposed(proposal.getBytes(), transaction.getBytes(), call.endorsers);
    } catch (error) {
      throw new LedgerError('rejected', 'the peer prepared another transaction than the one proposed', {
        transactionId: id,
        cause: error,
      });
    }
    return transaction;
  }

  /**
   * Hands the signed transaction in; after a failed try asks whether it arrived, then hands in the same bytes
   * again.
   */
  async #handIn(transaction: Transaction): Promise<{ commit: Commit; settled?: BlockStatus }> {
    const id = transaction.getTransactionId();
    const commit = this.#commitOf(id);
    let last: unknown;
    for (let attempt = 0; attempt < SUBMIT_ATTEMPTS; attempt += 1) {
      try {
        await this.#handInOnce(transaction);
        return { commit };
      } catch (error) {
        if (error instanceof LedgerError && (error.kind === 'rejected' || error.kind === 'unavailable')) {
          // `unavailable` here: the signer failed, so there is no signature yet and nothing was ever handed
          // in.
          throw error;
        }
        last = error;
      }
      const settled = await this.#probe(commit);
      if (settled !== undefined) {
        return { commit, settled };
      }
    }
    throw new LedgerError(
      'unknown',
      `no answer to whether transaction ${id} was ordered: ${messageOf(last)}`,
      {
        transactionId: id,
        cause: last,
        ...reasonOf(last),
      },
    );
  }

  /** Through the own peer; if that reaches no orderer, to an orderer directly. */
  async #handInOnce(transaction: Transaction): Promise<void> {
    try {
      await transaction.submit(this.#within(this.#deadlines.submitMs));
      this.#notePeer(true);
    } catch (error) {
      const failure = toLedgerError(error, 'submit', transaction.getTransactionId());
      if (this.#orderers === undefined || !isCutOffFromOrderers(error)) {
        throw failure;
      }
      await this.#broadcast(this.#orderers, transaction, failure);
    }
  }

  async #broadcast(orderers: Orderers, transaction: Transaction, failure: LedgerError): Promise<void> {
    try {
      const endpoint = await orderers.broadcast(signedEnvelope(transaction), this.#deadlines.broadcastMs);
      this.#notePeer(false, endpoint);
    } catch (error) {
      throw new AggregateError([failure, error], 'neither the peer nor an orderer took the transaction', {
        cause: error,
      });
    }
  }

  /** Says once that the peer is passed by, and once that it is not any more. */
  #notePeer(reachesOrderers: boolean, endpoint?: string): void {
    if (this.#isPeerCutOff !== reachesOrderers) {
      return;
    }
    this.#isPeerCutOff = !reachesOrderers;
    this.#log.warn(
      reachesOrderers ? {} : { orderer: endpoint },
      reachesOrderers
        ? 'the peer hands transactions to the orderers again'
        : 'the peer reaches no orderer; transactions are handed to one directly until it does',
    );
  }

  async #probe(commit: Commit): Promise<BlockStatus | undefined> {
    try {
      return await this.#statusOnce(commit, this.#deadlines.probeMs);
    } catch {
      // No answer says nothing: the caller hands in the same bytes again, and reports `unknown` in the end.
      return undefined;
    }
  }

  /**
   * Waits for the block. An orderer answers before its own disk has the transaction, so it may lose it again.
   * Between two waits the same bytes are therefore handed in once more.
   */
  async #awaitCommit(transaction: Transaction, commit: Commit): Promise<BlockStatus> {
    const id = transaction.getTransactionId();
    let last: unknown;
    for (let attempt = 1; attempt <= COMMIT_ATTEMPTS; attempt += 1) {
      try {
        return await this.#statusOnce(commit, this.#deadlines.commitMs);
      } catch (error) {
        last = error;
      }
      if (attempt < COMMIT_ATTEMPTS) {
        await this.#handInAgain(transaction);
      }
    }
    const cause = toLedgerError(last, 'commitStatus', id);
    throw new LedgerError(
      'unknown',
      `no answer to whether transaction ${id} is committed: ${cause.message}`,
      {
        transactionId: id,
        cause,
        ...reasonOf(cause),
      },
    );
  }

  /** Whatever this says, what counts is the commit that is asked for next. */
  async #handInAgain(transaction: Transaction): Promise<void> {
    try {
      await this.#handInOnce(transaction);
    } catch (error) {
      this.#log.debug(
        { err: error, transactionId: transaction.getTransactionId() },
        'a transaction that is not committed yet could not be handed in again',
      );
    }
  }

  async #statusOnce(commit: Commit, deadlineMs: number): Promise<BlockStatus> {
    const status = await commit.getStatus(this.#within(deadlineMs));
    return { code: status.code, block: status.blockNumber };
  }

  /**
   * A status request for a transaction whose submit failed: the client makes one only after a submit that
   * succeeded.
   */
  #commitOf(transactionId: string): Commit {
    const request = new wire.CommitStatusRequest();
    request.setChannelId(this.#channel);
    request.setTransactionId(transactionId);
    request.setIdentity(this.#creator);
    const signed = new wire.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    return this.#gateway.newCommit(signed.serializeBinary());
  }

  #within(milliseconds: number): { deadline: number } {
    return { deadline: Date.now() + milliseconds };
  }
}

/** The reason that the last answer gave; where peer and orderer both failed, the peer's. */
function reasonOf(error: unknown): Pick<LedgerErrorFields, 'reason'> {
  const given: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return given instanceof LedgerError && given.reason !== undefined ? { reason: given.reason } : {};
}

function messageOf(error: unknown): string {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
}

interface BlockStatus {
  readonly code: number;
  readonly block: bigint;
}

/** What the peer is given to hand on: after a try to submit it, the envelope carries its signature. */
function signedEnvelope(transaction: Transaction): common.Envelope {
  const envelope = wire.PreparedTransaction.deserializeBinary(transaction.getBytes()).getEnvelope();
  if (envelope === undefined || envelope.getSignature_asU8().length === 0) {
    throw new Error('the transaction is not signed');
  }
  return envelope;
}

function newProposal(call: TransactionCall) {
  return call.contract.newProposal(call.name, {
    arguments: [...call.args],
    ...(call.transient === undefined ? {} : { transientData: { ...call.transient } }),
    ...(call.endorsers.length === 0 ? {} : { endorsingOrganizations: [...call.endorsers] }),
  });
}
