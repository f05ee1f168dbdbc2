// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { adminDir, nodeDir, ordererAdminDir, ordererTlsCaFile, peerPart, tlsCaFile } from './layout';
import { NetworkError } from './networkError';
import { printedCommand } from './printedCommand';
import type { Network, Organisation } from './description';
import type { Binaries, Program } from './binaries';

const execute = promisify(execFile);
const COMMAND_WITHIN_MS = 120_000;

/** What a program said on both its outputs. */
export type Outcome = { ok: boolean; output: string };

/**
 * Runs one of Fabric's programs with an environment of which nothing is inherited but PATH and HOME, so that
 * an operator's own CORE_… variables cannot reach it.
 */
export async function tryProgram(
  binaries: Binaries,
  program: Program,
  args: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const options = {
    env: { ...bareEnvironment(), ...env },
    timeout: COMMAND_WITHIN_MS,
    maxBuffer: 64 * 1024 * 1024,
  };
  try {
    const { stdout, stderr } = await execute(binaries.programs[program], args, options);
    return { ok: true, output: stdout + stderr };
  } catch (cause) {
    const { stdout = '', stderr = '', message } = cause as Error & { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr || message };
  }
}

export async function runProgram(
  network: Network,
  binaries: Binaries,
  program: Program,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { ok, output } = await tryProgram(binaries, program, args, env);
  if (!ok) {
    throw commandFailed(network, program, args, output);
  }
  return output;
}

export function commandFailed(network: Network, program: string, args: string[], output: string) {
  const said = causeIn(output)
    .map((line) => `  | ${line}`)
    .join('\n');
  return new NetworkError(
    'COMMAND_FAILED',
    `\`${program} ${args.slice(0, 3).join(' ')}\` failed:\n${said}`,
    `If the text names no cause you can mend, look at ${printedCommand(network, 'logs')}; \`up\` and \`deploy\` may be repeated safely.`,
  );
}

/** What is shown of a failed program: lines, and characters of one. */
const SHOWN_LINES = 6;
const SHOWN_CHARACTERS = 600;
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const AN_ERROR = /^Error\b|\berror:|\b(ERRO|FATA|PANI|CRIT)\b|^panic:/;

/**
 * The first error that one of Fabric's programs names, and what follows it. Its usage, which it prints after
 * many an error and which is long enough to hide it, is left out.
 */
export function causeIn(output: string): string[] {
  const all = output.replace(COLOURS, '').trim().split('\n');
  const told = withoutUsage(all);
  const lines = told.length === 0 ? all : told;
  const first = lines.findIndex((line) => AN_ERROR.test(line));
  const shown = first < 0 ? lines.slice(-SHOWN_LINES) : lines.slice(first, first + SHOWN_LINES);
  return shown
    .filter((line) => line.trim() !== '')
    .map((line) => (line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)} …` : line));
}

function withoutUsage(lines: string[]): string[] {
  let isUsage = false;
  return lines.filter((line) => {
    if (/^Usage:/.test(line)) {
      isUsage = true;
    } else if (!/^$|^\s|^[A-Z][A-Za-z ]*:$/.test(line)) {
      isUsage = false;
    }
    return !isUsage;
  });
}

/** The environment that every process of the network starts from. */
export function bareEnvironment() {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, FABRIC_LOGGING_FORMAT: LOG_FORMAT };
}

/** Without colours: logs are read in files. */
const LOG_FORMAT = '%{time:2006-01-02T15:04:05.000Z07:00} %{level:.4s} [%{module}] %{message}';

/** What makes the `peer` command speak as an organisation's administrator to that organisation's peer. */
export function asAdministrator(network: Network, organisation: Organisation): Record<string, string> {
  const admin = adminDir(network, organisation);
  return {
    FABRIC_CFG_PATH: nodeDir(network, peerPart(organisation)),
    FABRIC_LOGGING_SPEC: 'error',
    CORE_PEER_LOCALMSPID: organisation.mspId,
    CORE_PEER_MSPCONFIGPATH: path.join(admin, 'msp'),
    CORE_PEER_ADDRESS: organisation.peerEndpoint,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: tlsCaFile(network, organisation),
    CORE_PEER_TLS_CLIENTAUTHREQUIRED: String(network.external?.mutualTls ?? true),
    CORE_PEER_TLS_CLIENTCERT_FILE: path.join(admin, 'tls', 'client.crt'),
    CORE_PEER_TLS_CLIENTKEY_FILE: path.join(admin, 'tls', 'client.key'),
  };
}

/**
 * How the `peer` command reaches the orderer.
 * @param organisation on whose behalf
 */
export function ordererArguments(network: Network, organisation: Organisation) {
  const admin = adminDir(network, organisation);
  const mutual = [
    '--clientauth',
    '--certfile',
    path.join(admin, 'tls', 'client.crt'),
    '--keyfile',
    path.join(admin, 'tls', 'client.key'),
  ];
  return [
    '-o',
    network.orderer.endpoint,
    '--tls',
    '--cafile',
    ordererTlsCaFile(network),
    ...((network.external?.mutualTls ?? true) ? mutual : []),
  ];
}

/** How osnadmin reaches the orderer's admin API. */
export function ordererAdminArguments(network: Network) {
  const tls = path.join(ordererAdminDir(network), 'tls');
  return [
    '-o',
    `localhost:${String(network.orderer.adminPort)}`,
    '--ca-file',
    ordererTlsCaFile(network),
    '--client-cert',
    path.join(tls, 'client.crt'),
    '--client-key',
    path.join(tls, 'client.key'),
  ];
}
