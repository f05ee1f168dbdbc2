// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed } from '../cli/commandIo';
import { HOLD_FILES } from '../compose/heldFolder';
import { openProcessFolder, removeNetwork } from './nativeNetwork';

/** All that a demonstration on the embedded ledger writes into its folder. */
const EMBEDDED_FILES = ['consortium.key', 'ledger', 'trustee', 'NorthHospitalMSP', 'SouthClinicMSP'];

/**
 * The same on Fabric, in a folder of its own. Not in the other list: `.data/network` is the developer's own
 * network.
 */
const FABRIC_FILES = [
  'consortium.key',
  'network',
  'processes',
  'TrusteeMSP',
  'NorthHospitalMSP',
  'SouthClinicMSP',
];

/** What this repository's other commands, and a start that failed early, leave in the same folder. */
const BESIDE: readonly string[] = [...HOLD_FILES, 'demo.log', 'build.log', 'dev', 'network', 'fabric'];

export interface EarlierRun {
  /** The folder of one ledger's demonstration. */
  readonly folder: string;
  readonly demoFile: string;
  /** Present on Fabric: first port of its network. */
  readonly networkPort?: number | undefined;
}

function ownFiles({ networkPort }: EarlierRun): readonly string[] {
  return networkPort === undefined ? EMBEDDED_FILES : FABRIC_FILES;
}

/**
 * A folder with files in it that no demonstration wrote is left alone.
 * @throws CommandFailed for such a folder.
 */
export function checkIsOurs(run: EarlierRun): void {
  const { folder } = run;
  const isEmpty = !existsSync(folder) || readdirSync(folder).every((name) => BESIDE.includes(name));
  if (!isEmpty && !hasOwnFiles(run)) {
    throw new CommandFailed(
      `${folder} was not made by this command; choose another --data-dir, or delete it yourself`,
    );
  }
}

function hasOwnFiles(run: EarlierRun): boolean {
  return ownFiles(run).some((name) => existsSync(join(run.folder, name)));
}

/** Deletes the data of an earlier demonstration, and nothing else. @returns whether there were any. */
export async function deleteEarlierRun(run: EarlierRun): Promise<boolean> {
  const { folder, demoFile, networkPort } = run;
  if (!hasOwnFiles(run)) {
    return false;
  }
  if (networkPort !== undefined) {
    // Its processes may have outlived a crash.
    const processes = await openProcessFolder(join(folder, 'processes'));
    await removeNetwork(join(folder, 'network'), networkPort);
    await processes.release();
  }
  for (const name of ownFiles(run)) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  rmSync(demoFile, { force: true });
  return true;
}
