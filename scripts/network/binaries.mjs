// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { NetworkError } from './networkError.mjs';

/** @typedef {'peer' | 'orderer' | 'configtxgen' | 'cryptogen' | 'osnadmin'} Program */
/** @typedef {{version: string, programs: Record<Program, string>}} Binaries */

/** @type {Program[]} */
export const PROGRAMS = ['peer', 'orderer', 'configtxgen', 'cryptogen', 'osnadmin'];
export const TESTED_VERSIONS = ['2.5.16', '3.1.5'];

/** How each program is asked for its version; osnadmin has no such option and is taken from beside the others. */
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
 * @param {NodeJS.ProcessEnv} env
 * @returns {Binaries}
 * @throws {NetworkError} BINARIES_ABSENT, BINARIES_MIXED or VERSION_UNSUPPORTED
 */
export function findBinaries(env) {
  const folders = env['FABRIC_BIN'] ? [env['FABRIC_BIN']] : (env['PATH'] ?? '').split(path.delimiter);
  const found = PROGRAMS.map((program) => /** @type {const} */ ([program, locate(program, folders)]));
  const absent = found.filter(([, file]) => file === undefined).map(([program]) => program);
  if (absent.length > 0) throw binariesAbsent(absent, env['FABRIC_BIN']);
  const programs = /** @type {Record<Program, string>} */ (Object.fromEntries(found));
  return { programs, version: oneVersion(programs) };
}

/** @param {NodeJS.ProcessEnv} env @returns {Binaries | undefined} undefined where none are installed */
export function binariesIfPresent(env) {
  try {
    return findBinaries(env);
  } catch (cause) {
    if (cause instanceof NetworkError && cause.code === 'BINARIES_ABSENT') return undefined;
    throw cause;
  }
}

/** @param {string} program @param {string[]} folders */
function locate(program, folders) {
  return folders.map((folder) => path.resolve(folder, program)).find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string[]} absent @param {string | undefined} folder */
function binariesAbsent(absent, folder) {
  const where = folder === undefined ? 'on PATH (FABRIC_BIN is not set)' : `in FABRIC_BIN=${folder}`;
  return new NetworkError(
    'BINARIES_ABSENT',
    `Hyperledger Fabric's programs are needed and not found ${where}: ${absent.join(', ')}. ` +
      `Tested versions: ${TESTED_VERSIONS.join(' and ')}.`,
    HOW_TO_GET_THEM,
  );
}

/** @param {Record<Program, string>} programs */
function oneVersion(programs) {
  const versions = Object.entries(VERSION_ARGUMENT).map(([program, argument]) => {
    const file = programs[/** @type {Program} */ (program)];
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

/** @param {string} file @param {string} argument */
function versionOf(file, argument) {
  const output = execFileSync(file, [argument], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return /Version: v?(\S+)/.exec(output)?.[1] ?? 'unknown';
}
