// SPDX-License-Identifier: Apache-2.0
import type { Network } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import type { Submitter } from './submitter';

export interface HeightsOptions {
  readonly network: Pick<Network, 'getContract'>;
  readonly channel: string;
  /** Of this organisation. */
  readonly mspId: string;
  readonly trustee: () => Promise<string>;
  readonly submitter: Pick<Submitter, 'evaluate'>;
}

/**
 * How far the ledger reaches: as the own organisation's peer has it, and as it is known to be. A peer that
 * has fewer blocks than are known to exist is behind, and what it says about a consent may be out of date.
 * Heights are numbers of blocks.
 */
export class Heights {
  readonly #options: HeightsOptions;
  #seen = 0n;

  constructor(options: HeightsOptions) {
    this.#options = options;
  }

  /** A block with this number exists: a transaction or an event of it was seen. */
  note(block: bigint): void {
    this.#noteHeight(block + 1n);
  }

  /** @throws LedgerError */
  async own(): Promise<bigint> {
    const height = await this.#ask(this.#options.mspId);
    this.#noteHeight(height);
    return height;
  }

  /**
   * The highest that was seen, and what the trustee's peer says through the own one, if it answers within
   * `timeoutMs`. Never rejects: what nobody tells is not known.
   */
  async known(timeoutMs: number): Promise<bigint> {
    let cancel = (): void => undefined;
    const silence = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      cancel = () => {
        clearTimeout(timer);
      };
    });
    await Promise.race([this.#askTrustee(timeoutMs), silence]);
    cancel();
    return this.#seen;
  }

  async #askTrustee(timeoutMs: number): Promise<void> {
    try {
      const trustee = await this.#options.trustee();
      if (trustee !== this.#options.mspId) {
        this.#noteHeight(await this.#ask(trustee, timeoutMs));
      }
    } catch {
      // It is away, or the own peer does not find it: an answer that is missing says nothing.
    }
  }

  async #ask(mspId: string, timeoutMs?: number): Promise<bigint> {
    const { network, channel, submitter } = this.#options;
    const call = {
      contract: network.getContract('qscc'),
      name: 'GetChainInfo',
      args: [channel],
      endorsers: [mspId],
    };
    const info = common.BlockchainInfo.deserializeBinary(await submitter.evaluate(call, timeoutMs));
    return BigInt(info.getHeight());
  }

  #noteHeight(height: bigint): void {
    if (height > this.#seen) {
      this.#seen = height;
    }
  }
}
