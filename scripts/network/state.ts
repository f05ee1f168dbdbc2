// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fixedPart, type Network } from './description';
import type { Place } from './layout';
import { NetworkError } from './networkError';
import { printedCommand } from './printedCommand';
import { birthOf } from './processes';

/** One build of the chaincode, as it is installed. */
export interface Deployed {
  /** name, version and digest of the code. */
  label: string;
  /** Of each organisation's process, by organisation name. */
  ports: Record<string, number>;
  /** By organisation name. */
  packageIds: Record<string, string>;
  /** Of the definition that names it. */
  sequence: number;
  /** Digest of policy and collections. */
  terms: string;
}

/** What a network remembers between commands. */
export interface State {
  format: 1;
  /** Digest of the description, see `fixedPart`. */
  fixed: string;
  /** That wrote the ledgers last. */
  fabricVersion: string;
  /** Parts that have joined the channel. */
  joined: string[];
  deployed: Deployed | undefined;
  /** For the next build's processes: a port belongs to one package id for ever. */
  nextPort: number;
}

const stateFile = (network: Network) => path.join(network.dataDir, 'state.json');

export function readState(network: Network): State | undefined {
  if (!existsSync(stateFile(network))) {
    return undefined;
  }
  return JSON.parse(readFileSync(stateFile(network), 'utf8')) as State;
}

export function writeState(network: Network, state: State) {
  mkdirSync(network.dataDir, { recursive: true });
  const unfinished = `${stateFile(network)}.new`;
  writeFileSync(unfinished, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(unfinished, stateFile(network));
}

/**
 * The state that belongs to this description and these binaries; a new one where there is none yet.
 * @throws NetworkError LEFTOVER_DATA
 */
export function openState(network: Network, fabricVersion: string): State {
  const state = readState(network);
  if (state === undefined) {
    requireEmpty(network);
    return {
      format: 1,
      fixed: fixedPart(network),
      fabricVersion,
      joined: [],
      deployed: undefined,
      nextPort: 0,
    };
  }
  if (state.fixed !== fixedPart(network)) {
    throw leftover(
      network,
      'were made for another network: its organisations, ports, channel or block settings differ from what is asked for now',
      'Use the same description and options as before',
    );
  }
  if (isOlder(fabricVersion, state.fabricVersion)) {
    throw leftover(
      network,
      `were written by Fabric ${state.fabricVersion}, and the programs found are ${fabricVersion}: an older Fabric cannot read them safely`,
      `Point FABRIC_BIN to Fabric ${state.fabricVersion} or later`,
    );
  }
  return { ...state, fabricVersion };
}

function requireEmpty(network: Network) {
  const names = existsSync(network.dataDir)
    ? readdirSync(network.dataDir).filter((name) => !name.startsWith('lock'))
    : [];
  if (names.length === 0) {
    return;
  }
  throw new NetworkError(
    'LEFTOVER_DATA',
    `${network.dataDir} holds something that is not a network's: ${names.join(', ')}.`,
    'Move it away, or name another folder with --data.',
  );
}

function leftover(network: Network, what: string, first: string) {
  return new NetworkError(
    'LEFTOVER_DATA',
    `The data in ${network.dataDir} ${what}.`,
    `${first}; or remove them with ${printedCommand(network, 'clean')} (the ledger in them is lost) and run ${printedCommand(network, 'up')} again.`,
  );
}

/** Compares dotted versions. */
function isOlder(a: string, b: string) {
  const numbers = (version: string) => version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  const at = [0, 1, 2].find((i) => left[i] !== right[i]);
  return at !== undefined && (left[at] ?? 0) < (right[at] ?? 0);
}

/**
 * Runs `work` while no other command changes the same network. A lock left by a command that died is taken
 * over.
 * @throws NetworkError LOCKED
 */
export async function exclusively<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const file = path.join(place.dataDir, 'lock');
  mkdirSync(place.dataDir, { recursive: true });
  if (existsSync(file) && !holderLives(file)) {
    rmSync(file, { force: true });
  }
  const own = `${file}.${String(process.pid)}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }));
  try {
    linkSync(own, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw cause;
    }
    throw new NetworkError(
      'LOCKED',
      `Another network command (process ${holderOf(file)}) is working on ${place.dataDir}.`,
      'Wait until it has ended, then run this again.',
    );
  } finally {
    rmSync(own, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function holderLives(file: string) {
  try {
    const { pid, born } = readHolder(file);
    return birthOf(pid) === born;
  } catch {
    return false;
  }
}

function holderOf(file: string) {
  try {
    return String(readHolder(file).pid);
  } catch {
    return 'unknown';
  }
}

/** Who holds the lock. @throws Error when the file is gone or cut short. */
function readHolder(file: string): { readonly pid: number; readonly born: string | undefined } {
  return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; born: string };
}
