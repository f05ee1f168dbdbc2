// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as NetworkScripts from '../../../scripts/network';
import type { Organisation, Place, Start } from '../../../scripts/network';
import { CommandFailed } from '../cli/commandIo';

type Scripts = typeof NetworkScripts;
/** An organisation of the network. */
export type NetworkOrganisation = Pick<Organisation, 'name' | 'mspId'>;
/** A process that runs beside this one, with a log and a recorded process id, until it is stopped. */
export type PartStart = Start;
type Say = (line: string) => void;

/** The scripts that run a Fabric network without containers, compiled. They lie outside this package. */
const COMPILED = join(__dirname, '..', '..', '..', 'dist', 'network', 'index.js');

async function loadScripts(): Promise<Scripts> {
  if (!existsSync(COMPILED)) {
    throw new CommandFailed(
      `The scripts that run a Fabric network are not there (${COMPILED}). They are part of the repository: run npm run build:node in it.`,
    );
  }
  return (await import(COMPILED)) as Scripts;
}

/** Runs a step of the scripts; a refusal names their own remedy. */
async function explained<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.name === 'NetworkError' && 'remedy' in error) {
      throw new CommandFailed(`${error.message}\n${String(error.remedy)}`, { cause: error });
    }
    throw error;
  }
}

export interface NativeNetworkOptions {
  readonly dataDir: string;
  /** First of its ports; 0: wherever a block of ports is free, for a network that is not used again. */
  readonly portBase: number;
  readonly say: Say;
}

/** A Fabric network on this machine with this repository's chaincode deployed. */
export interface NativeNetwork {
  readonly fabricVersion: string;
  readonly dataDir: string;
  readonly portBase: number;
  /** @throws Error for an organisation that is not in it. */
  organisation(mspId: string): NetworkOrganisation;
  /** The FABRIC_ variables of an organisation's gateway. */
  environment(mspId: string): Readonly<Record<string, string>>;
  /** Ends every process of the network; its data stay. */
  down(): Promise<void>;
}

/**
 * Starts what does not run and deploys the built chaincode.
 * @throws CommandFailed with the scripts' own message and remedy.
 */
export async function bringUp(options: NativeNetworkOptions): Promise<NativeNetwork> {
  const scripts = await loadScripts();
  const { say } = options;
  return explained(async () => {
    const binaries = scripts.findBinaries(process.env);
    const portBase = options.portBase === 0 ? await scripts.freePortBase() : options.portBase;
    const network = scripts.readDescription({ dataDir: options.dataDir, portBase });
    const organisation = (mspId: string): Organisation => {
      const found = network.organisations.find((each) => each.mspId === mspId);
      if (found === undefined) {
        throw new Error(`${mspId} is not in the network`);
      }
      return found;
    };
    try {
      await scripts.up(network, binaries, say);
      await scripts.deploy(network, binaries, say);
    } catch (error) {
      await scripts.down(network, () => undefined);
      throw error;
    }
    return {
      fabricVersion: binaries.version,
      dataDir: network.dataDir,
      portBase,
      organisation,
      environment: (mspId: string) => scripts.environmentOf(scripts.profileOf(network, organisation(mspId))),
      down: () => explained(() => scripts.down(network, say)),
    };
  });
}

/** Ends a network's processes and removes its data. */
export async function removeNetwork(dataDir: string, portBase: number): Promise<void> {
  const scripts = await loadScripts();
  await explained(() => scripts.clean(scripts.readDescription({ dataDir, portBase }), () => undefined));
}

/** Processes in one folder that outlive a crash of this one and are found again by the next. */
export interface ProcessFolder {
  start(start: PartStart): Promise<void>;
  stop(part: string, signal?: NodeJS.Signals): Promise<void>;
  isRunning(part: string): boolean;
  /** Ends all of them, side by side. */
  stopAll(): Promise<void>;
  logFile(part: string): string;
  /** Lets another process have the folder. */
  release(): Promise<void>;
}

/**
 * Takes the folder for this process alone, and ends what a crashed one left running in it.
 * @throws CommandFailed when another process has it.
 */
export async function openProcessFolder(dataDir: string): Promise<ProcessFolder> {
  const scripts = await loadScripts();
  const place: Place = { dataDir, options: {} };
  const unlock = await lock(scripts, place);
  const stopAll = async (): Promise<void> => {
    await Promise.all(scripts.recordedParts(place).map((part) => scripts.stopPart(place, part)));
  };
  await stopAll();
  return {
    start: async (start) => {
      await explained(() => scripts.startPart(place, start));
    },
    stop: async (part, signal) => {
      await scripts.stopPart(place, part, signal);
    },
    isRunning: (part) => scripts.running(place, part) !== undefined,
    stopAll,
    logFile: (part) => join(dataDir, 'logs', `${part}.log`),
    release: unlock,
  };
}

/** Holds the folder's lock until the returned function is called. */
function lock(scripts: Scripts, place: Place): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const held = explained(() =>
      scripts.exclusively(
        place,
        () =>
          new Promise<void>((release) => {
            resolve(() => {
              release();
              return held;
            });
          }),
      ),
    );
    held.catch(reject);
  });
}
