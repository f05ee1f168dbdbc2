// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkSettings } from '@chartwitness/chaincode/domain';
import type { Contract, Network } from '@hyperledger/fabric-gateway';
import { tryAgain } from '../retry/tryAgain';
import type { Heights } from './heights';
import { LedgerError } from './ledgerError';
import type { CallOptions, Committed } from './provenanceLedger';
import type { Submitter, SubmitResult, TransactionCall } from './submitter';
import * as wire from './wire';

/**
 * Small writes (registry, consent) are tried again here and nowhere else; batches are the recorder's to
 * retry.
 */
const WRITE_TRIES = { tries: 6, firstMs: 50, longestMs: 800 } as const;

export type ContractName = 'Registry' | 'Consent' | 'Access';

/** Who endorses a write. */
export type EndorsedBy = Pick<TransactionCall, 'endorsers' | 'trustee'>;

export interface LedgerCallsOptions {
  readonly network: Network;
  readonly chaincode: string;
  readonly mspId: string;
  readonly submitter: Submitter;
  readonly heights: Pick<Heights, 'note'>;
  /** Absent: read from the network's settings before the first write that needs it. */
  readonly trusteeMspId: string | undefined;
}

/** Calls of one chaincode as one organisation: who endorses, what is tried again, and what an answer says. */
export class LedgerCalls {
  readonly mspId: string;
  readonly #options: LedgerCallsOptions;
  #trustee: string | undefined;

  constructor(options: LedgerCallsOptions) {
    this.mspId = options.mspId;
    this.#options = options;
    this.#trustee = options.trusteeMspId;
  }

  contract(name: ContractName): Contract {
    return this.#options.network.getContract(this.#options.chaincode, name);
  }

  /**
   * Reads on the own organisation's peer: it has what this process just committed, and its own private data.
   */
  evaluate(contract: ContractName, name: string, args: readonly string[]): Promise<Uint8Array> {
    return this.#options.submitter.evaluate({
      contract: this.contract(contract),
      name,
      args,
      endorsers: [this.mspId],
    });
  }

  /** The same for what may not be there. */
  async find<T>(
    contract: ContractName,
    name: string,
    args: readonly string[],
    parse: (bytes: Uint8Array) => T,
  ): Promise<T | undefined> {
    return found(() => this.evaluate(contract, name, args), parse);
  }

  /** The trustee's peer's word, asked by way of the own one. */
  async askTrustee(contract: ContractName, name: string, args: readonly string[]): Promise<Uint8Array> {
    const trustee = await this.trusteeMspId();
    return this.#options.submitter.evaluate({
      contract: this.contract(contract),
      name,
      args,
      endorsers: [trustee],
      trustee: this.#otherThanOwn(trustee),
    });
  }

  async submit(call: TransactionCall, options?: CallOptions): Promise<SubmitResult> {
    const submitted = await this.#options.submitter.submit(call, options);
    this.#options.heights.note(submitted.block);
    return submitted;
  }

  /**
   * A write that reads what an earlier one wrote meets peers that have not committed that one yet (their
   * answers then differ), so it is proposed again a few times. Nothing was written by the attempts before.
   */
  write(
    contract: ContractName,
    name: string,
    args: readonly string[],
    by: EndorsedBy,
    transient?: Readonly<Record<string, string>>,
  ): Promise<SubmitResult> {
    const call = { contract: this.contract(contract), name, args, ...by };
    return tryAgain(() => this.submit(transient === undefined ? call : { ...call, transient }), {
      ...WRITE_TRIES,
      isWorthIt: (error) => error instanceof LedgerError && error.kind === 'retryable',
      pause,
      jitter: Math.random,
    });
  }

  async findSettings(): Promise<NetworkSettings | undefined> {
    try {
      return await this.find('Registry', 'GetSettings', [], wire.parseSettings);
    } catch (error) {
      if (error instanceof LedgerError && error.domainCode === 'NOT_INITIALISED') {
        return undefined;
      }
      throw error;
    }
  }

  /** Who endorses a record. */
  async ownAndTrustee(): Promise<EndorsedBy> {
    const trustee = this.#otherThanOwn(await this.trusteeMspId());
    return { endorsers: trustee === undefined ? [this.mspId] : [this.mspId, trustee], trustee };
  }

  #otherThanOwn(trustee: string): string | undefined {
    return trustee === this.mspId ? undefined : trustee;
  }

  async trusteeMspId(): Promise<string> {
    if (this.#trustee === undefined) {
      const settings = await this.findSettings();
      if (settings === undefined) {
        throw new LedgerError(
          'rejected',
          'the network has no settings yet: the trustee has to initialise it',
          { domainCode: 'NOT_INITIALISED' },
        );
      }
      this.#trustee = settings.trustee;
    }
    return this.#trustee;
  }
}

/** An answer about what may not be there: `undefined` when it is not. */
export async function found<T>(
  ask: () => Promise<Uint8Array>,
  parse: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  try {
    return parse(await ask());
  } catch (error) {
    if (error instanceof LedgerError && error.domainCode === 'NOT_FOUND') {
      return undefined;
    }
    throw error;
  }
}

/**
 * A transaction is on the ledger, whatever its answer looks like: who cannot read the answer reads the ledger
 * instead.
 */
export function afterCommit<T>({ transactionId }: SubmitResult, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new LedgerError('unknown', 'the transaction is committed, but its answer cannot be read', {
      transactionId,
      cause: error,
    });
  }
}

export function committedOf({ transactionId, block }: SubmitResult): Committed {
  return { transactionId, block };
}
