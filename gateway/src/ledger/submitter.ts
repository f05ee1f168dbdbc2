// SPDX-License-Identifier: Apache-2.0
import {
  type Commit,
  type Contract,
  type Gateway,
  StatusCode,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { gateway as wire, msp } from '@hyperledger/fabric-protos';
import { LedgerError } from './ledgerError';
import { fromValidationCode, toLedgerError } from './ledgerErrors';
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
  /** Default 20,000. The peer answers when the block is committed. */
  readonly commitMs: number;
  /** Default 2,000. Asked after a failed submit, to learn whether it arrived all the same. */
  readonly probeMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = {
  evaluateMs: 5_000,
  endorseMs: 15_000,
  submitMs: 5_000,
  commitMs: 20_000,
  probeMs: 2_000,
};

export interface TransactionCall {
  readonly contract: Contract;
  /** `Contract:Transaction`. */
  readonly name: string;
  readonly args: readonly string[];
  readonly transient?: Readonly<Record<string, string>>;
  /** MSP ids whose peers must endorse; empty: whoever the peer's discovery finds for the policy. */
  readonly endorsers: readonly string[];
}

export interface SubmitResult extends Committed {
  readonly result: Uint8Array;
}

/** How often the same signed bytes are handed in before the outcome is left unknown. They commit at most once. */
const SUBMIT_ATTEMPTS = 3;
const STATUS_ATTEMPTS = 2;

/** Endorse, check, sign, submit and wait for the commit; each step's failure told apart by what is known about its effect. */
export class Submitter {
  readonly #gateway: Gateway;
  readonly #channel: string;
  readonly #deadlines: Deadlines;
  readonly #creator: Uint8Array;

  constructor(gateway: Gateway, channel: string, deadlines: Deadlines) {
    this.#gateway = gateway;
    this.#channel = channel;
    this.#deadlines = deadlines;
    const identity = gateway.getIdentity();
    const creator = new msp.SerializedIdentity();
    creator.setMspid(identity.mspId);
    creator.setIdBytes(identity.credentials);
    this.#creator = creator.serializeBinary();
  }

  async evaluate(call: TransactionCall): Promise<Uint8Array> {
    try {
      return await newProposal(call).evaluate(this.#within(this.#deadlines.evaluateMs));
    } catch (error) {
      throw toLedgerError(error, 'evaluate');
    }
  }

  /**
   * One transaction, once: the signed bytes may be handed in again, a new proposal is never made.
   * @throws {@link LedgerError}; `unknown` only after the transaction was handed in and no peer said what became of it.
   */
  async submit(call: TransactionCall, options: CallOptions = {}): Promise<SubmitResult> {
    const transaction = await this.#endorse(call, options.signal);
    const commit = await this.#handIn(transaction);
    const status = commit.settled ?? (await this.#commitStatus(commit.commit, this.#deadlines.commitMs));
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
    let transaction: Transaction;
    try {
      transaction = await proposal.endorse(this.#within(this.#deadlines.endorseMs));
    } catch (error) {
      throw toLedgerError(error, 'endorse', id);
    }
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

  /** Hands the signed transaction in; after a failed try asks whether it arrived, then hands in the same bytes again. */
  async #handIn(transaction: Transaction): Promise<{ commit: Commit; settled?: BlockStatus }> {
    const id = transaction.getTransactionId();
    let last: LedgerError | undefined;
    for (let attempt = 0; attempt < SUBMIT_ATTEMPTS; attempt += 1) {
      try {
        return { commit: await transaction.submit(this.#within(this.#deadlines.submitMs)) };
      } catch (error) {
        last = toLedgerError(error, 'submit', id);
        if (last.kind === 'rejected') {
          throw last;
        }
      }
      const commit = this.#commitOf(id);
      const settled = await this.#probe(commit);
      if (settled !== undefined) {
        return { commit, settled };
      }
    }
    throw new LedgerError('unknown', `no answer to whether transaction ${id} was ordered`, {
      transactionId: id,
      cause: last,
    });
  }

  async #probe(commit: Commit): Promise<BlockStatus | undefined> {
    try {
      return await this.#statusOnce(commit, this.#deadlines.probeMs);
    } catch {
      // No answer says nothing: the caller hands in the same bytes again, and reports `unknown` in the end.
      return undefined;
    }
  }

  async #commitStatus(commit: Commit, deadlineMs: number): Promise<BlockStatus> {
    let last: unknown;
    for (let attempt = 0; attempt < STATUS_ATTEMPTS; attempt += 1) {
      try {
        return await this.#statusOnce(commit, deadlineMs);
      } catch (error) {
        last = error;
      }
    }
    throw new LedgerError(
      'unknown',
      `no answer to whether transaction ${commit.getTransactionId()} is committed`,
      {
        transactionId: commit.getTransactionId(),
        cause: toLedgerError(last, 'commitStatus', commit.getTransactionId()),
      },
    );
  }

  async #statusOnce(commit: Commit, deadlineMs: number): Promise<BlockStatus> {
    const status = await commit.getStatus(this.#within(deadlineMs));
    return { code: status.code, block: status.blockNumber };
  }

  /** A status request for a transaction whose submit failed: the client makes one only after a submit that succeeded. */
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

interface BlockStatus {
  readonly code: number;
  readonly block: bigint;
}

function newProposal(call: TransactionCall) {
  return call.contract.newProposal(call.name, {
    arguments: [...call.args],
    ...(call.transient === undefined ? {} : { transientData: { ...call.transient } }),
    ...(call.endorsers.length === 0 ? {} : { endorsingOrganizations: [...call.endorsers] }),
  });
}
