// SPDX-License-Identifier: Apache-2.0
/**
 * The run's shared network with this repository's own chaincode, and what tests of outages do to its parts.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_DESCRIPTION, type Network } from '../../scripts/network/description';
import { startOne, status, stopOne } from '../../scripts/network/commands';
import { running } from '../../scripts/network/processes';
import { defineChaincode, joinSharedNetwork, type SharedNetwork } from './sharedNetwork';

/**
 * A shared network, with a definition of the chaincode that no other suite uses: its own registry, consents,
 * lanes and events.
 */
export async function joinProductNetwork(): Promise<SharedNetwork> {
  const description = JSON.parse(readFileSync(DEFAULT_DESCRIPTION, 'utf8')) as {
    chaincode: { name: string; path: string };
  };
  const { chaincode } = description;
  const built = path.resolve(path.dirname(DEFAULT_DESCRIPTION), chaincode.path);
  const shared = await joinSharedNetwork('product', {
    ...description,
    chaincode: { ...chaincode, path: built },
  });
  const name = `${chaincode.name}-${randomBytes(4).toString('hex')}`;
  const own = {
    ...shared,
    network: { ...shared.network, chaincode: { ...shared.network.chaincode, name } },
  };
  await defineChaincode(own);
  return own;
}

/**
 * Breaks parts of a network and mends all that it broke. A part is a name that `status` lists, or its
 * beginning (`chaincode.north`).
 */
export class Outages {
  readonly #shared: SharedNetwork;
  readonly #paused = new Set<number>();
  readonly #stopped = new Set<string>();

  constructor(shared: SharedNetwork) {
    this.#shared = shared;
  }

  /** Ends a part at once. */
  async kill(name: string): Promise<void> {
    await this.stop(name, 'SIGKILL');
  }

  /** Asks a part to end. */
  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const part = await this.#find(name);
    this.#stopped.add(part);
    await stopOne(this.#shared.network, part, signal);
  }

  /** Starts a part again; returns when it is healthy, which is before it knows its neighbours. */
  async start(name: string): Promise<void> {
    const part = await this.#find(name);
    await startOne(this.#shared.network, this.#shared.binaries, part);
    this.#stopped.delete(part);
  }

  /** Freezes a part: its connections stay open and nothing answers. */
  async pause(name: string): Promise<void> {
    const pid = await this.#pidOf(name);
    this.#paused.add(pid);
    process.kill(-pid, 'SIGSTOP');
  }

  async resume(name: string): Promise<void> {
    const pid = await this.#pidOf(name);
    process.kill(-pid, 'SIGCONT');
    this.#paused.delete(pid);
  }

  /** After a test, however it ended. */
  async mend(): Promise<void> {
    for (const pid of this.#paused) {
      process.kill(-pid, 'SIGCONT');
    }
    this.#paused.clear();
    for (const part of [...this.#stopped]) {
      await this.start(part);
    }
  }

  async #pidOf(name: string): Promise<number> {
    const found = running(this.#shared.network, await this.#find(name));
    if (found === undefined) {
      throw new Error(`${name} does not run`);
    }
    return found.pid;
  }

  async #find(name: string): Promise<string> {
    const { parts } = await status(this.#shared.network, undefined);
    const found = parts.find(({ part }) => part === name || part.startsWith(`${name}.`));
    if (found === undefined) {
      throw new Error(`There is no part ${name}`);
    }
    return found.part;
  }
}

export function organisationOf(network: Network, mspId: string): Network['organisations'][number] {
  const found = network.organisations.find((each) => each.mspId === mspId);
  if (found === undefined) {
    throw new Error(`${mspId} is not in the network`);
  }
  return found;
}
