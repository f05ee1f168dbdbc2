// SPDX-License-Identifier: Apache-2.0
/**
 * Native networks that several suites of one run use, so that each is started once. A suite joins one, mends
 * what the one before left broken, and leaves it running; the run's end removes them
 * (`sharedNetworks.teardown.ts`). Suites keep apart by keys, lanes, or chaincode names of their own, and run
 * one after the other.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Binaries, findBinaries } from '../../scripts/network/binaries';
import { approveAndCommit, committedSequence, definitionTerms } from '../../scripts/network/chaincode';
import { type Network, readDescription } from '../../scripts/network/description';
import { freePortBase } from '../../scripts/network/freePorts';
import { deploy, up } from '../../scripts/network/commands';
import { joinOrderer, joinPeer, makeMaterial } from '../../scripts/network/nodes';
import { profileOf } from '../../scripts/network/profiles';
import { waitUntilEndorsable } from '../../scripts/network/readiness';
import { readState } from '../../scripts/network/state';

/** Names the folder with a run's shared networks; set by `sharedNetworks.setup.ts`. */
export const FOLDER_VARIABLE = 'TEST_SHARED_NETWORKS';

export interface SharedNetwork {
  readonly network: Network;
  readonly binaries: Binaries;
}

const quiet = (): void => undefined;

/**
 * The run's network `name`, up, with its chaincode deployed.
 * @param description as a description file has it, without `portBase`; the same for everyone who joins `name`
 */
export async function joinSharedNetwork(name: string, description: object): Promise<SharedNetwork> {
  const folder = path.join(sharedFolder(), name);
  const binaries = findBinaries(process.env);
  if (!existsSync(descriptionFile(folder))) {
    mkdirSync(folder, { recursive: true });
    const portBase = await freePortBase();
    writeFileSync(descriptionFile(folder), JSON.stringify({ ...description, portBase }));
  }
  const network = read(folder);
  await up(network, binaries, quiet);
  await deploy(network, binaries, quiet);
  return { network, binaries };
}

/** Every shared network that was started, to be removed. */
export function sharedNetworks(): Network[] {
  const folder = sharedFolder();
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .filter((each) => existsSync(descriptionFile(each)))
    .map(read);
}

const descriptionFile = (folder: string): string => path.join(folder, 'network.json');

function read(folder: string): Network {
  return readDescription({ file: descriptionFile(folder), dataDir: path.join(folder, 'data') });
}

export function sharedFolder(): string {
  const folder = process.env[FOLDER_VARIABLE];
  if (folder === undefined) {
    throw new Error('Only the suites of jest.fabric.config.cjs have shared networks.');
  }
  return folder;
}

/** What a further channel may have of its own: a subset of the organisations, block settings, rules. */
export type FurtherChannel = Pick<Network, 'channel'> &
  Partial<Pick<Network, 'block' | 'organisations' | 'rules' | 'chaincode'>>;

/**
 * Makes a further channel of the same organisations and the same chaincode on it.
 * @param ready resolves when its clients can have a transaction endorsed; by default any client of each
 *   organisation
 * @returns the network as seen on that channel; `up`, `down` and `clean` take the other one
 */
export async function openChannel(
  { network, binaries }: SharedNetwork,
  channel: FurtherChannel,
  ready: (opened: Network) => Promise<void> = waitUntilReady,
): Promise<Network> {
  const other = { ...network, ...channel };
  await makeMaterial(other, binaries);
  await joinOrderer(other, binaries);
  await Promise.all(other.organisations.map((each) => joinPeer(other, binaries, each)));
  await defineChaincode({ network: other, binaries }, ready);
  return other;
}

/**
 * Commits one more definition of the chaincode that the network runs, under the name that `network` gives it.
 * Its state, private data and events are separate; its processes are the same.
 */
export async function defineChaincode(
  { network, binaries }: SharedNetwork,
  ready: (opened: Network) => Promise<void> = waitUntilReady,
): Promise<void> {
  const deployed = readState(network)?.deployed;
  if (deployed === undefined) {
    throw new Error('The shared network has no chaincode yet.');
  }
  if ((await committedSequence(network, binaries)) === 0) {
    const [, version = ''] = deployed.label.split('_');
    const build = { label: deployed.label, version, directory: '' };
    const terms = definitionTerms(network).args;
    await approveAndCommit(network, binaries, build, { ...deployed, sequence: 1 }, terms);
  }
  await ready(network);
}

/** Every organisation's clients can have a transaction endorsed on the network's channel. */
export async function waitUntilReady(network: Network): Promise<void> {
  await Promise.all(
    network.organisations.map((each) => waitUntilEndorsable(network, profileOf(network, each))),
  );
}
