// SPDX-License-Identifier: Apache-2.0
// @ts-check
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
import { fixedPart } from './description.mjs';
import { NetworkError } from './networkError.mjs';
import { printedCommand } from './printedCommand.mjs';
import { birthOf } from './processes.mjs';

/** @typedef {import('./description.mjs').Network} Network */

/**
 * @typedef {object} Deployed one build of the chaincode, as it is installed
 * @property {string} label name, version and digest of the code
 * @property {Record<string, number>} ports of each organisation's process, by organisation name
 * @property {Record<string, string>} packageIds by organisation name
 * @property {number} sequence of the definition that names it
 * @property {string} terms digest of policy and collections
 */

/**
 * @typedef {object} State what a network remembers between commands
 * @property {1} format
 * @property {string} fixed digest of the description, see `fixedPart`
 * @property {string} fabricVersion that wrote the ledgers last
 * @property {string[]} joined parts that have joined the channel
 * @property {Deployed | undefined} deployed
 * @property {number} nextPort for the next build's processes: a port belongs to one package id for ever
 */

/** @param {Network} network */
const stateFile = (network) => path.join(network.dataDir, 'state.json');

/** @param {Network} network @returns {State | undefined} */
export function readState(network) {
  if (!existsSync(stateFile(network))) return undefined;
  return JSON.parse(readFileSync(stateFile(network), 'utf8'));
}

/** @param {Network} network @param {State} state */
export function writeState(network, state) {
  mkdirSync(network.dataDir, { recursive: true });
  const unfinished = `${stateFile(network)}.new`;
  writeFileSync(unfinished, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(unfinished, stateFile(network));
}

/**
 * The state that belongs to this description and these binaries; a new one where there is none yet.
 * @param {Network} network @param {string} fabricVersion
 * @returns {State}
 * @throws {NetworkError} LEFTOVER_DATA
 */
export function openState(network, fabricVersion) {
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

/** @param {Network} network */
function requireEmpty(network) {
  const names = existsSync(network.dataDir)
    ? readdirSync(network.dataDir).filter((name) => !name.startsWith('lock'))
    : [];
  if (names.length === 0) return;
  throw new NetworkError(
    'LEFTOVER_DATA',
    `${network.dataDir} holds something that is not a network's: ${names.join(', ')}.`,
    'Move it away, or name another folder with --data.',
  );
}

/** @param {Network} network @param {string} what @param {string} first */
function leftover(network, what, first) {
  return new NetworkError(
    'LEFTOVER_DATA',
    `The data in ${network.dataDir} ${what}.`,
    `${first}; or remove them with ${printedCommand(network, 'clean')} (the ledger in them is lost) and run ${printedCommand(network, 'up')} again.`,
  );
}

/** @param {string} a @param {string} b dotted versions */
function isOlder(a, b) {
  const numbers = (/** @type {string} */ version) =>
    version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  const at = [0, 1, 2].find((i) => left[i] !== right[i]);
  return at !== undefined && (left[at] ?? 0) < (right[at] ?? 0);
}

/**
 * Runs `work` while no other command changes the same network. A lock left by a command that died is taken over.
 * @template T @param {Network} network @param {() => Promise<T>} work @returns {Promise<T>}
 * @throws {NetworkError} LOCKED
 */
export async function exclusively(network, work) {
  const file = path.join(network.dataDir, 'lock');
  mkdirSync(network.dataDir, { recursive: true });
  if (existsSync(file) && !holderLives(file)) rmSync(file, { force: true });
  const own = `${file}.${String(process.pid)}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }));
  try {
    linkSync(own, file);
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code !== 'EEXIST') throw cause;
    throw new NetworkError(
      'LOCKED',
      `Another network command (process ${holderOf(file)}) is working on ${network.dataDir}.`,
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

/** @param {string} file */
function holderLives(file) {
  try {
    const { pid, born } = JSON.parse(readFileSync(file, 'utf8'));
    return birthOf(pid) === born;
  } catch {
    return false;
  }
}

/** @param {string} file */
function holderOf(file) {
  try {
    return String(JSON.parse(readFileSync(file, 'utf8')).pid);
  } catch {
    return 'unknown';
  }
}
