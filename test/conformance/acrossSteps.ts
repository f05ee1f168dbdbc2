// SPDX-License-Identifier: Apache-2.0
/** Steps for the chaincode of `data/chaincode/across.js`, and clients that ask for them. */
import { untilItWorks } from '../support/untilItWorks';
import type { ClientOptions, TestClient, TestNetwork } from './network';

/** One step of the chaincode: what to do and with what. */
export interface Step {
  do: string;
  [detail: string]: unknown;
}

export const get = (key: string): Step => ({ do: 'get', key });
export const put = (key: string, value: string): Step => ({ do: 'put', key, value });
export const see: Step = { do: 'see' };

/** A call to the chaincode on another channel, which there does the steps. */
export const call = (channel: string, steps: Step[], more: object = {}): Step => ({
  do: 'call',
  channel,
  steps,
  ...more,
});
/** A call with these very arguments. */
export const callOf = (channel: string, chaincode: string, ...args: string[]): Step => ({
  do: 'call',
  channel,
  chaincode,
  call: args,
});

export const run = (
  client: TestClient,
  steps: Step[],
  options: Record<string, unknown> = {},
): Promise<string> => client.evaluate('Across:run', [JSON.stringify(steps)], options);

export const runAndCommit = (
  client: TestClient,
  steps: Step[],
  options: Record<string, unknown> = {},
): Promise<Uint8Array> => client.submit('Across:run', [JSON.stringify(steps)], options);

/**
 * Waits until the client's own peer answers so: it has the block, or the private value, a moment after the
 * peer that said so.
 */
export async function untilSeen(
  client: TestClient,
  call: [string, ...string[]],
  wanted: string,
): Promise<void> {
  const [fn, ...args] = call;
  await untilItWorks(async () => {
    const seen = await client.evaluate(fn, args);
    if (seen !== wanted) {
      throw new Error(`${fn} ${args.join(' ')} gives '${seen}', not '${wanted}'`);
    }
  });
}

/** What the questions need of a ledger, embedded or real. */
export type LedgerOfChannels = Pick<TestNetwork, 'as' | 'certificateOf'>;

/** A question with a name, or a step that prepares the next ones. */
export interface Question {
  name?: string;
  run: (askers: Askers) => Promise<unknown>;
}

export const ask = (name: string, put: Question['run']): Question => ({ name, run: put });
export const prepare = (work: Question['run']): Question => ({ run: work });

/** One client for each kind of asker and channel, made when it is first needed. */
export class Askers {
  readonly #made = new Map<string, TestClient>();
  readonly network: LedgerOfChannels;

  constructor(network: LedgerOfChannels) {
    this.network = network;
  }

  as(organisation: number, options: ClientOptions = {}): TestClient {
    const name = JSON.stringify([organisation, options]);
    const client = this.#made.get(name) ?? this.network.as(organisation, options);
    this.#made.set(name, client);
    return client;
  }

  /** A user of Org1MSP, on the first channel or another. */
  holder(channel?: string): TestClient {
    return this.as(1, channel === undefined ? {} : { channel });
  }

  close(): void {
    for (const client of this.#made.values()) {
      client.close();
    }
  }
}
