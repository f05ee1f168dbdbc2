// SPDX-License-Identifier: Apache-2.0
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
import { logFile, type Place, runFile } from './layout';
import { NetworkError } from './networkError';
import { printedCommand } from './printedCommand';

export interface Running {
  part: string;
  /** Also the id of its process group. */
  pid: number;
  /** Tells this process from a later one with the same number. */
  born: string;
  ports: number[];
}

export interface Start {
  /** Such as `orderer` or `peer.north`. */
  part: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  ports: readonly { readonly port: number; readonly purpose: string; readonly host?: string }[];
  /** Asked until true; a rejection counts as false. */
  ready: () => Promise<boolean>;
}

const LOG_LIMIT_BYTES = 50 * 1024 * 1024;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const PORT_FREE_WITHIN_MS = 2000;

/** @returns undefined when it does not run */
export function running(place: Place, part: string): Running | undefined {
  const file = runFile(place, part);
  if (!existsSync(file)) {
    return undefined;
  }
  const record = JSON.parse(readFileSync(file, 'utf8')) as Omit<Running, 'part'>;
  return birthOf(record.pid) === record.born ? { part, ...record } : undefined;
}

/** Every part that was ever started and not stopped, running or not. */
export function recordedParts(place: Place): string[] {
  const directory = path.dirname(runFile(place, 'any'));
  if (!existsSync(directory)) {
    return [];
  }
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/**
 * Starts a part unless it runs, in a process group of its own, and waits until it is ready.
 * @returns whether it had to be started
 * @throws NetworkError PORT_BUSY, PART_FAILED
 */
export async function startPart(place: Place, start: Start): Promise<boolean> {
  if (running(place, start.part) !== undefined) {
    await waitUntilReady(place, start);
    return false;
  }
  for (const port of start.ports) {
    await requireFreePort(place, start.part, port);
  }
  const log = openLog(logFile(place, start.part));
  const child = spawn(start.command, start.args, {
    cwd: start.cwd,
    env: start.env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  let failure: Error | undefined;
  child.on('error', (cause) => (failure = cause));
  closeSync(log);
  child.unref();
  if (child.pid === undefined) {
    await delay(0);
    throw partFailed(place, start.part, `could not be started: ${failure?.message ?? 'no process'}`);
  }
  const file = runFile(place, start.part);
  mkdirSync(path.dirname(file), { recursive: true });
  const record = { pid: child.pid, born: birthOf(child.pid), ports: start.ports.map(({ port }) => port) };
  writeFileSync(file, JSON.stringify(record));
  await waitUntilReady(place, start);
  return true;
}

/**
 * Ends a part's whole process group: politely, then for good.
 * @returns whether it ran
 */
export async function stopPart(
  place: Place,
  part: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<boolean> {
  const process = running(place, part);
  if (process !== undefined) {
    signalGroup(process.pid, signal);
    if (!(await gone(place, part, STOP_WITHIN_MS))) {
      signalGroup(process.pid, 'SIGKILL');
      await gone(place, part, STOP_WITHIN_MS);
    }
  }
  rmSync(runFile(place, part), { force: true });
  return process !== undefined;
}

async function gone(place: Place, part: string, withinMs: number) {
  const deadline = Date.now() + withinMs;
  while (running(place, part) !== undefined) {
    if (Date.now() > deadline) {
      return false;
    }
    await delay(50);
  }
  return true;
}

function signalGroup(group: number, signal: NodeJS.Signals) {
  try {
    process.kill(-group, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw cause;
    }
  }
}

async function waitUntilReady(place: Place, { part, ready }: Start) {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (running(place, part) === undefined) {
      throw partFailed(place, part, 'ended while it was starting');
    }
    if (await ready().catch(() => false)) {
      return;
    }
    if (Date.now() > deadline) {
      throw partFailed(place, part, `was not ready after ${String(READY_WITHIN_MS / 1000)} s`);
    }
    await delay(100);
  }
}

function partFailed(place: Place, part: string, what: string) {
  const lines = lastLines(place, part, 12).map((line) => `  | ${line}`);
  return new NetworkError(
    'PART_FAILED',
    `${part} ${what}. The end of its log (${logFile(place, part)}):\n${lines.join('\n')}`,
    `Mend the cause that the log names, then run ${printedCommand(place, 'up')} again: it starts what is missing. ` +
      `If the data are damaged: ${printedCommand(place, 'clean')}, then ${printedCommand(place, 'up')}.`,
  );
}

export function lastLines(place: Place, part: string, count: number): string[] {
  const file = logFile(place, part);
  if (!existsSync(file)) {
    return [];
  }
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count);
}

/**
 * When a process began, as the system tells it; undefined when there is none (or it only waits to be reaped).
 */
export function birthOf(pid: number): string | undefined {
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

export function portIsFree(port: number, host: string = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen({ port, host }, () =>
      probe.close(() => {
        resolve(true);
      }),
    );
  });
}

/** A process that has just ended may hold its port for a moment longer, so a busy one is looked at again. */
async function requireFreePort(
  place: Place,
  part: string,
  { port, purpose, host = '127.0.0.1' }: Start['ports'][number],
) {
  const deadline = Date.now() + PORT_FREE_WITHIN_MS;
  do {
    if (await portIsFree(port, host)) {
      return;
    }
    await delay(50);
  } while (Date.now() < deadline);
  throw new NetworkError(
    'PORT_BUSY',
    `Port ${String(port)} on ${host}, which ${part} needs for ${purpose}, is in use by another program.`,
    `See which with \`ss -ltnp 'sport = :${String(port)}'\` (macOS: \`lsof -i :${String(port)}\`) and end it if it is a ` +
      `left-over peer or orderer${otherPorts(place)}.`,
  );
}

/**
 * How the network gets ports of which none is among those that it has now; a folder of single processes has
 * no such block.
 */
function otherPorts(place: Place): string {
  const { portBase } = place;
  if (portBase === undefined) {
    return '';
  }
  const other = portBase < 60_000 ? portBase + 1000 : portBase - 1000;
  return (
    `, or give this network other ports: ${printedCommand(place, 'clean')}, ` +
    `then ${printedCommand(place, 'up', { portBase: other })}`
  );
}

function openLog(file: string) {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) {
    renameSync(file, `${file}.1`);
  }
  return openSync(file, 'a');
}
