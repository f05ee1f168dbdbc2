// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { logFile, runFile } from './layout.mjs';
import { NetworkError } from './networkError.mjs';
import { printedCommand } from './printedCommand.mjs';

/** @typedef {import('./description.mjs').Network} Network */

/**
 * @typedef {object} Running
 * @property {string} part
 * @property {number} pid also the id of its process group
 * @property {string} born tells this process from a later one with the same number
 * @property {number[]} ports
 */

/**
 * @typedef {object} Start
 * @property {string} part such as `orderer` or `peer.north`
 * @property {string} command
 * @property {string[]} args
 * @property {NodeJS.ProcessEnv} env
 * @property {string} cwd
 * @property {{port: number, purpose: string, host?: string}[]} ports
 * @property {(() => Promise<boolean>)} ready asked until true; a rejection counts as false
 */

const LOG_LIMIT_BYTES = 50 * 1024 * 1024;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const PORT_FREE_WITHIN_MS = 2000;

/** @param {Network} network @param {string} part @returns {Running | undefined} undefined when it does not run */
export function running(network, part) {
  const file = runFile(network, part);
  if (!existsSync(file)) return undefined;
  const record = JSON.parse(readFileSync(file, 'utf8'));
  return birthOf(record.pid) === record.born ? { part, ...record } : undefined;
}

/** @param {Network} network every part that was ever started and not stopped, running or not @returns {string[]} */
export function recordedParts(network) {
  const directory = path.dirname(runFile(network, 'any'));
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/**
 * Starts a part unless it runs, in a process group of its own, and waits until it is ready.
 * @param {Network} network @param {Start} start
 * @returns {Promise<boolean>} whether it had to be started
 * @throws {NetworkError} PORT_BUSY, PART_FAILED
 */
export async function startPart(network, start) {
  if (running(network, start.part) !== undefined) {
    await waitUntilReady(network, start);
    return false;
  }
  for (const port of start.ports) await requireFreePort(network, start.part, port);
  const log = openLog(logFile(network, start.part));
  const child = spawn(start.command, start.args, {
    cwd: start.cwd,
    env: start.env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  /** @type {Error | undefined} */
  let failure;
  child.on('error', (cause) => (failure = cause));
  closeSync(log);
  child.unref();
  if (child.pid === undefined) {
    await delay(0);
    throw partFailed(network, start.part, `could not be started: ${failure?.message ?? 'no process'}`);
  }
  const file = runFile(network, start.part);
  mkdirSync(path.dirname(file), { recursive: true });
  const record = { pid: child.pid, born: birthOf(child.pid), ports: start.ports.map(({ port }) => port) };
  writeFileSync(file, JSON.stringify(record));
  await waitUntilReady(network, start);
  return true;
}

/**
 * Ends a part's whole process group: politely, then for good.
 * @param {Network} network @param {string} part
 * @param {NodeJS.Signals} [signal]
 * @returns {Promise<boolean>} whether it ran
 */
export async function stopPart(network, part, signal = 'SIGTERM') {
  const process = running(network, part);
  if (process !== undefined) {
    signalGroup(process.pid, signal);
    if (!(await gone(network, part, STOP_WITHIN_MS))) {
      signalGroup(process.pid, 'SIGKILL');
      await gone(network, part, STOP_WITHIN_MS);
    }
  }
  rmSync(runFile(network, part), { force: true });
  return process !== undefined;
}

/** @param {Network} network @param {string} part @param {number} withinMs */
async function gone(network, part, withinMs) {
  const deadline = Date.now() + withinMs;
  while (running(network, part) !== undefined) {
    if (Date.now() > deadline) return false;
    await delay(50);
  }
  return true;
}

/** @param {number} group @param {NodeJS.Signals} signal */
function signalGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code !== 'ESRCH') throw cause;
  }
}

/** @param {Network} network @param {Start} start */
async function waitUntilReady(network, { part, ready }) {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (running(network, part) === undefined) throw partFailed(network, part, 'ended while it was starting');
    if (await ready().catch(() => false)) return;
    if (Date.now() > deadline) {
      throw partFailed(network, part, `was not ready after ${String(READY_WITHIN_MS / 1000)} s`);
    }
    await delay(100);
  }
}

/** @param {Network} network @param {string} part @param {string} what */
function partFailed(network, part, what) {
  const lines = lastLines(network, part, 12).map((line) => `  | ${line}`);
  return new NetworkError(
    'PART_FAILED',
    `${part} ${what}. The end of its log (${logFile(network, part)}):\n${lines.join('\n')}`,
    `Mend the cause that the log names, then run ${printedCommand(network, 'up')} again: it starts what is missing. ` +
      `If the data are damaged: ${printedCommand(network, 'clean')}, then ${printedCommand(network, 'up')}.`,
  );
}

/** @param {Network} network @param {string} part @param {number} count @returns {string[]} */
export function lastLines(network, part, count) {
  const file = logFile(network, part);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count);
}

/**
 * When a process began, as the system tells it; undefined when there is none (or it only waits to be reaped).
 * @param {number} pid @returns {string | undefined}
 */
export function birthOf(pid) {
  if (existsSync('/proc/self/stat')) {
    try {
      const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} port @param {string} [host] @returns {Promise<boolean>} */
export function portIsFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host }, () => probe.close(() => resolve(true)));
  });
}

/**
 * A process that has just ended may hold its port for a moment longer, so a busy one is looked at again.
 * @param {Network} network @param {string} part @param {Start['ports'][number]} wanted
 */
async function requireFreePort(network, part, { port, purpose, host = '127.0.0.1' }) {
  const deadline = Date.now() + PORT_FREE_WITHIN_MS;
  do {
    if (await portIsFree(port, host)) return;
    await delay(50);
  } while (Date.now() < deadline);
  throw new NetworkError(
    'PORT_BUSY',
    `Port ${String(port)} on ${host}, which ${part} needs for ${purpose}, is in use by another program.`,
    `See which with \`ss -ltnp 'sport = :${String(port)}'\` (macOS: \`lsof -i :${String(port)}\`) and end it if it is a ` +
      `left-over peer or orderer, or give this network other ports: ${printedCommand(network, 'clean')}, ` +
      `then ${printedCommand(network, 'up', { portBase: otherPortBase(network) })}.`,
  );
}

/** A first port of which none belongs to this network. @param {Network} network */
const otherPortBase = ({ portBase }) => (portBase < 60_000 ? portBase + 1000 : portBase - 1000);

/** @param {string} file */
function openLog(file) {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a');
}
