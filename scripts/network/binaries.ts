// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { NetworkError } from './networkError';

export type Program = 'peer' | 'orderer' | 'configtxgen' | 'cryptogen' | 'osnadmin';
export type Binaries = { version: string; programs: Record<Program, string> };

export const PROGRAMS: Program[] = ['peer', 'orderer', 'configtxgen', 'cryptogen', 'osnadmin'];
export const TESTED_VERSIONS = ['2.5.16', '3.1.5'];

/**
 * How each program is asked for its version; osnadmin has no such option and is taken from beside the others.
 */
const VERSION_ARGUMENT = {
  peer: 'version',
  orderer: 'version',
  cryptogen: 'version',
  configtxgen: '-version',
};

const HOW_TO_GET_THEM = `Get the official release (https://github.com/hyperledger/fabric/releases, file hyperledger-fabric-<platform>-<version>.tar.gz),
  or with Fabric's own script: curl -sSLO https://raw.githubusercontent.com/hyperledger/fabric/main/scripts/install-fabric.sh
                               sh install-fabric.sh --fabric-version 3.1.5 binary
  Then put its bin folder on PATH, or set FABRIC_BIN=/path/to/bin before the same command
  Everything else (npm run demo, npm test, the embedded ledger) works without these programs. Nothing is downloaded for you.`;

/**
 * Finds Fabric's programs in `FABRIC_BIN` if that is set, else on `PATH`.
 * @throws NetworkError BINARIES_ABSENT, BINARIES_MIXED or VERSION_UNSUPPORTED
 */
export function findBinaries(env: NodeJS.ProcessEnv): Binaries {
  const folders = env['FABRIC_BIN'] ? [env['FABRIC_BIN']] : (env['PATH'] ?? '').split(path.delimiter);
  const found = PROGRAMS.map((program) => [program, locate(program, folders)] as const);
  const absent = found.filter(([, file]) => file === undefined).map(([program]) => program);
  if (absent.length > 0) {
    throw binariesAbsent(absent, env['FABRIC_BIN']);
  }
  const programs = Object.fromEntries(found) as Record<Program, string>;
  return { programs, version: oneVersion(programs) };
}

/** @returns undefined where none are installed */
export function binariesIfPresent(env: NodeJS.ProcessEnv): Binaries | undefined {
  try {
    return findBinaries(env);
  } catch (cause) {
    if (cause instanceof NetworkError && cause.code === 'BINARIES_ABSENT') {
      return undefined;
    }
    throw cause;
  }
}

function locate(program: string, folders: string[]) {
  return folders.map((folder) => path.resolve(folder, program)).find(isExecutable);
}

function isExecutable(file: string) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function binariesAbsent(absent: string[], folder: string | undefined) {
  const where = folder === undefined ? 'on PATH (FABRIC_BIN is not set)' : `in FABRIC_BIN=${folder}`;
  return new NetworkError(
    'BINARIES_ABSENT',
    `Hyperledger Fabric's programs are needed and not found ${where}: ${absent.join(', ')}. ` +
      `Tested versions: ${TESTED_VERSIONS.join(' and ')}.`,
    HOW_TO_GET_THEM,
  );
}

function oneVersion(programs: Record<Program, string>) {
  const versions = Object.entries(VERSION_ARGUMENT).map(([program, argument]) => {
    const file = programs[program as Program];
    return { file, version: versionOf(file, argument) };
  });
  const distinct = new Set(versions.map(({ version }) => version));
  if (distinct.size > 1) {
    throw new NetworkError(
      'BINARIES_MIXED',
      `Fabric's programs are of different versions:\n${versions.map((v) => `  ${v.version}  ${v.file}`).join('\n')}`,
      'Point FABRIC_BIN to the bin folder of one release.',
    );
  }
  const version = String(versions[0]?.version);
  if (!/^(2\.5\.|3\.\d+\.)/.test(version)) {
    throw new NetworkError(
      'VERSION_UNSUPPORTED',
      `Fabric ${version} is not supported (${programs.peer}). Tested versions: ${TESTED_VERSIONS.join(' and ')}.`,
      HOW_TO_GET_THEM,
    );
  }
  return version;
}

function versionOf(file: string, argument: string) {
  const output = execFileSync(file, [argument], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return /Version: v?(\S+)/.exec(output)?.[1] ?? 'unknown';
}
