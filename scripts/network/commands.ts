// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  approveAndCommit,
  chaincodeStart,
  committedSequence,
  definitionTerms,
  installPackage,
  reservePorts,
  stageChaincode,
  writePackage,
} from './chaincode';
import { chaincodePart, peerPart } from './layout';
import { issueIdentities } from './identities';
import { NetworkError } from './networkError';
import {
  joinOrderer,
  joinPeer,
  ledgerHeight,
  makeMaterial,
  ordererStart,
  peerStart,
  writeNodeConfigs,
} from './nodes';
import { printedCommand } from './printedCommand';
import { recordedParts, running, type Start, startPart, stopPart } from './processes';
import { profileOf, writeProfiles } from './profiles';
import { waitUntilEndorsable } from './readiness';
import { type Deployed, exclusively, openState, readState, type State, writeState } from './state';
import type { Network } from './description';
import type { Binaries } from './binaries';

/** Where progress goes. */
export type Say = (line: string) => void;

/** A process of a former chaincode finishes what it was asked before it ends. */
const DRAIN_MS = 2000;
/** All that `clean` removes; anything else in the folder is not ours. */
const OWN_FILES = [
  'chaincode',
  'channel',
  'crypto',
  'crypto.new',
  'identities',
  'ledger',
  'lock',
  'logs',
  'nodes',
  'profiles',
  'run',
  'state.json',
  'state.json.new',
];

/**
 * Starts whatever does not run: certificates and channel at first, then orderer, peers, the deployed
 * chaincode. Returns when transactions can be endorsed. Idempotent, and the way out of a half-started
 * network.
 */
export async function up(network: Network, binaries: Binaries, say: Say) {
  refuseExternal(network, 'up');
  await exclusively(network, async () => {
    const state = openState(network, binaries.version);
    writeState(network, state);
    await makeMaterial(network, binaries);
    await Promise.all(network.organisations.map((each) => issueIdentities(network, each)));
    writeNodeConfigs(network, binaries.version);
    const starts = [
      ordererStart(network, binaries),
      ...network.organisations.map((each) => peerStart(network, binaries, each)),
    ];
    const started = await startAll(network, [...starts, ...chaincodeStarts(network, state)], say);
    await joinChannel(network, binaries, state, say);
    const files = writeProfiles(network);
    if (state.deployed !== undefined) {
      await ready(network);
    }
    say(
      started.some(Boolean) ? `Up: Fabric ${binaries.version}, channel ${network.channel}.` : 'Already up.',
    );
    say(`Profiles: ${path.dirname(String(files[0]))}`);
    if (state.deployed === undefined) {
      say(`No chaincode yet: run ${printedCommand(network, 'deploy')}.`);
    }
  });
}

/**
 * Makes the compiled chaincode on disk the one that runs: the first time, and again whenever its code, policy
 * or collections differ from what is deployed (then as the next sequence, while the former one still
 * answers).
 * @param options `upgrade`: a new sequence even if nothing differs
 */
export function deploy(
  network: Network,
  binaries: Binaries,
  say: Say,
  options: { upgrade?: boolean } = {},
): Promise<Deployed> {
  return exclusively(network, async () => {
    const state = await openForDeploy(network, binaries);
    const build = stageChaincode(network);
    const terms = definitionTerms(network);
    const sequence = await committedSequence(network, binaries);
    const former = state.deployed;
    if (
      !options.upgrade &&
      former?.label === build.label &&
      former.terms === terms.digest &&
      former.sequence === sequence
    ) {
      await startAll(network, chaincodeStarts(network, state), say);
      await finishDeploy(network, say, `Already deployed: ${build.label}, sequence ${String(sequence)}.`);
      return former;
    }
    const deployed = await install(network, binaries, state, build, {
      sequence: sequence + 1,
      terms: terms.digest,
    });
    say(`Installed ${build.label} on ${String(network.organisations.length)} peers.`);
    await startAll(
      network,
      network.organisations.map((each) => chaincodeStart(network, each, deployed)),
      say,
    );
    await approveAndCommit(network, binaries, build, deployed, terms.args);
    writeState(network, { ...state, deployed, nextPort: nextPortAfter(network, state, deployed) });
    await finishDeploy(network, say, `Deployed: ${build.label}, sequence ${String(deployed.sequence)}.`);
    await stopFormer(network, deployed);
    return deployed;
  });
}

async function openForDeploy(network: Network, binaries: Binaries) {
  const state = openState(network, binaries.version);
  if (network.external === undefined) {
    requireUp(network);
  }
  writeState(network, state);
  await Promise.all(network.organisations.map((each) => issueIdentities(network, each)));
  writeNodeConfigs(network, binaries.version);
  return state;
}

async function install(
  network: Network,
  binaries: Binaries,
  state: State,
  build: { label: string },
  definition: { sequence: number; terms: string },
): Promise<Deployed> {
  const same = state.deployed?.label === build.label ? state.deployed : undefined;
  const { ports } = same ?? (await reservePorts(network, state));
  const packageIds: Record<string, string> = {};
  await Promise.all(
    network.organisations.map(async (organisation) => {
      const { file, packageId } = writePackage(
        network,
        organisation,
        build.label,
        Number(ports[organisation.name]),
      );
      packageIds[organisation.name] = packageId;
      await installPackage(network, binaries, organisation, file);
    }),
  );
  return { label: build.label, ports, packageIds, ...definition };
}

function nextPortAfter(network: Network, state: State, deployed: Deployed) {
  const taken = Object.values(deployed.ports).map((port) => port - network.portBase - 100 + 1);
  return Math.max(state.nextPort, ...taken);
}

async function finishDeploy(network: Network, say: Say, message: string) {
  writeProfiles(network);
  await ready(network);
  say(message);
}

/** Ends processes of former packages, once the definition no longer names them. */
async function stopFormer(network: Network, deployed: Deployed) {
  const current = new Set(
    network.organisations.map((each) => chaincodePart(each, Number(deployed.ports[each.name]))),
  );
  const former = recordedParts(network).filter((part) => part.startsWith('chaincode.') && !current.has(part));
  if (former.length === 0) {
    return;
  }
  await delay(DRAIN_MS);
  await Promise.all(former.map((part) => stopPart(network, part)));
}

/**
 * Ends every process of this network and leaves its data. Chaincode last: a peer that still works may need
 * it.
 */
export async function down(network: Network, say: Say) {
  if (!existsSync(network.dataDir)) {
    say('Nothing is running.');
    return;
  }
  await exclusively(network, async () => {
    const parts = recordedParts(network);
    const chaincode = parts.filter((part) => part.startsWith('chaincode.'));
    const nodes = parts.filter((part) => !part.startsWith('chaincode.'));
    const stopped = [
      ...(await Promise.all(nodes.map((part) => stopPart(network, part)))),
      ...(await Promise.all(chaincode.map((part) => stopPart(network, part)))),
    ];
    const count = stopped.filter(Boolean).length;
    say(
      count === 0
        ? 'Nothing was running.'
        : `Stopped ${String(count)} processes. The data stay in ${network.dataDir}.`,
    );
  });
}

/** Ends everything and removes the network's data: ledgers, certificates, profiles. */
export async function clean(network: Network, say: Say) {
  await down(network, () => undefined);
  for (const name of OWN_FILES) {
    rmSync(path.join(network.dataDir, name), { recursive: true, force: true });
  }
  const left = existsSync(network.dataDir) ? readdirSync(network.dataDir) : [];
  if (existsSync(network.dataDir) && left.length === 0) {
    rmdirSync(network.dataDir);
  }
  say(
    left.length === 0
      ? `Removed ${network.dataDir}.`
      : `Removed the network; ${network.dataDir} keeps what is not ours: ${left.join(', ')}.`,
  );
}

export interface Status {
  state: 'up' | 'half-started' | 'down';
  fabricVersion: string | undefined;
  deployed: Deployed | undefined;
  parts: { part: string; pid: number | undefined; ports: number[]; height?: number | undefined }[];
}

/** @param binaries with them, the peers are asked for their ledger's height */
export async function status(network: Network, binaries: Binaries | undefined): Promise<Status> {
  const state = readState(network);
  const parts = await Promise.all(
    expectedParts(network, state).map(async (part) => {
      const found = running(network, part);
      const organisation = network.organisations.find((each) => peerPart(each) === part);
      const asked = binaries !== undefined && found !== undefined && organisation !== undefined;
      const height = asked ? await ledgerHeight(network, binaries, organisation) : undefined;
      return { part, pid: found?.pid, ports: found?.ports ?? [], ...(asked ? { height } : {}) };
    }),
  );
  const alive = parts.filter(({ pid }) => pid !== undefined).length;
  const overall = alive === 0 ? 'down' : alive === parts.length ? 'up' : 'half-started';
  return { state: overall, fabricVersion: state?.fabricVersion, deployed: state?.deployed, parts };
}

export function expectedParts(network: Network, state: State | undefined): string[] {
  const nodes = network.external === undefined ? ['orderer', ...network.organisations.map(peerPart)] : [];
  const { deployed } = state ?? {};
  if (deployed === undefined) {
    return nodes;
  }
  return [
    ...nodes,
    ...network.organisations.map((each) => chaincodePart(each, Number(deployed.ports[each.name]))),
  ];
}

/**
 * Starts one part that was stopped, as a test of outages does.
 * @param part a name that `status` lists
 */
export async function startOne(network: Network, binaries: Binaries, part: string) {
  const state = openState(network, binaries.version);
  const starts = [
    ordererStart(network, binaries),
    ...network.organisations.map((each) => peerStart(network, binaries, each)),
    ...chaincodeStarts(network, state),
  ];
  const start = starts.find((each) => each.part === part);
  if (start === undefined) {
    throw new NetworkError(
      'USAGE',
      `There is no part ${part}.`,
      `Parts: ${starts.map((each) => each.part).join(', ')}.`,
    );
  }
  await startPart(network, start);
}

/** Ends one part; SIGKILL for a crash. */
export async function stopOne(network: Network, part: string, signal: NodeJS.Signals = 'SIGTERM') {
  await stopPart(network, part, signal);
}

function chaincodeStarts(network: Network, state: State): Start[] {
  const { deployed } = state;
  return deployed === undefined
    ? []
    : network.organisations.map((each) => chaincodeStart(network, each, deployed));
}

/**
 * Starts parts side by side, and lets all of them settle before it reports the first that failed.
 * @returns which had to be started
 */
async function startAll(network: Network, starts: Start[], say: Say): Promise<boolean[]> {
  const outcomes = await Promise.allSettled(
    starts.map(async (start) => {
      const started = await startPart(network, start);
      if (started) {
        say(`Started ${start.part} (${start.ports.map(({ port }) => port).join(', ')}).`);
      }
      return started;
    }),
  );
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
    return outcome.value;
  });
}

async function joinChannel(network: Network, binaries: Binaries, state: State, say: Say) {
  const joined = new Set(state.joined);
  const join = async (part: string, work: () => Promise<void>) => {
    if (joined.has(part)) {
      return;
    }
    await work();
    joined.add(part);
    say(`${part} joined ${network.channel}.`);
  };
  await join('orderer', () => joinOrderer(network, binaries));
  await Promise.all(
    network.organisations.map((each) => join(peerPart(each), () => joinPeer(network, binaries, each))),
  );
  state.joined = [...joined];
  writeState(network, state);
}

/** Every organisation's gateway can have a transaction endorsed. */
async function ready(network: Network) {
  await Promise.all(
    network.organisations.map((each) => waitUntilEndorsable(network, profileOf(network, each))),
  );
}

/** @throws NetworkError NOT_UP, HALF_STARTED */
function requireUp(network: Network) {
  const nodes = expectedParts(network, undefined);
  const missing = nodes.filter((part) => running(network, part) === undefined);
  if (missing.length === 0) {
    return;
  }
  if (missing.length === nodes.length) {
    throw new NetworkError(
      'NOT_UP',
      'The network does not run.',
      `Run ${printedCommand(network, 'up')} first.`,
    );
  }
  throw new NetworkError(
    'HALF_STARTED',
    `The network runs only in part; missing: ${missing.join(', ')}.`,
    `Run ${printedCommand(network, 'up')}, which starts what is missing, or ${printedCommand(network, 'down')} to stop the rest.`,
  );
}

function refuseExternal(network: Network, command: string) {
  if (network.external === undefined) {
    return;
  }
  throw new NetworkError(
    'EXTERNAL_NETWORK',
    `\`${command}\` does not apply: this description is of a network that other tools run.`,
    `Start it with its own tools, then run ${printedCommand(network, 'deploy')}.`,
  );
}
