// SPDX-License-Identifier: Apache-2.0
/** What can break, and how it is mended. Each breaks under load and says when the part was back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DemoFileHospital, DemoFilePatient } from '../../gateway/dist/demo/demoFile';
import type { RunningFabricDemo } from '../../gateway/dist/demo/fabricDemo';
import { untilUpToDate } from '../load/accessList';
import type { Load } from '../load/accessLoad';
import { PROGRAM } from '../load/program';
import type { Binaries } from '../network/binaries';
import { startOne, status, stopOne } from '../network/commands';
import type { Network } from '../network/description';
import { running } from '../network/processes';
import { findFerretDb, type MongoServer, startMongo } from './mongoServer';
import { secondGateway } from './secondGateway';

const UP_TO_DATE_MS = 60_000;

/** What a fault is played on. */
export interface Ground {
  readonly network: Network;
  readonly binaries: Binaries;
  readonly demo: RunningFabricDemo;
  readonly dataDir: string;
}

export interface Played {
  /** When the part was back, by `performance.now()`. */
  readonly backAt: number;
  /** Further requests that the fault itself made. */
  readonly extra?: Load;
}

/** Who may be hit: a role's name, those who change consents, those who read lists. */
export type Who = string;

export interface Fault {
  readonly name: string;
  /** Who may answer 503 meanwhile. */
  readonly refuses: readonly Who[];
  /** Who may be unreachable meanwhile. */
  readonly cuts: readonly Who[];
  /** Tokens to ask for before anything is broken. */
  readonly stock?: number;
  /** Why it cannot be played on this machine. */
  readonly absent?: () => string | undefined;
  /** Before the load starts; returns what takes it back. */
  readonly prepare?: (ground: Ground) => Promise<() => Promise<void>>;
  /** @param place names round and fault in words that a file may have */
  readonly run: (ground: Ground, outageMs: number, place: string) => Promise<Played>;
}

/** Whose record lies at a hospital, and that hospital. @throws Error for a hospital without both */
export function atHospital(
  { demo }: Ground,
  mspId: string,
): { readonly hospital: DemoFileHospital; readonly patient: DemoFilePatient } {
  const hospital = demo.file.hospitals.find((each) => each.mspId === mspId);
  const patient = demo.file.patients.find((each) => each.hospital === mspId);
  if (hospital === undefined || patient === undefined) {
    throw new Error(`${mspId} has no patient`);
  }
  return { hospital, patient };
}

const EVERYBODY = ['hospital.north', 'hospital.south', 'consents'];

const backNow = (): Played => ({ backAt: performance.now() });

function killed(name: string, refuses: readonly Who[], prefix: string): Fault {
  return {
    name,
    refuses,
    cuts: [],
    run: async ({ network, binaries }, outageMs) => {
      const { parts } = await status(network, undefined);
      const found = parts.find(({ part }) => part === prefix || part.startsWith(`${prefix}.`));
      if (found?.pid === undefined) {
        throw new Error(`${prefix} does not run`);
      }
      await stopOne(network, found.part, 'SIGKILL');
      await wait(outageMs);
      await startOne(network, binaries, found.part);
      return backNow();
    },
  };
}

function roleKilled(name: string, mspId: string, sides: Pick<Fault, 'refuses' | 'cuts'>): Fault {
  return {
    name,
    ...sides,
    run: async ({ demo }, outageMs) => {
      const role = demo.role(mspId);
      await role.stop('SIGKILL');
      await wait(outageMs);
      await role.start();
      return backNow();
    },
  };
}

/**
 * From one moment on nothing that the role's process writes reaches a file: its stores, its log. (Linux's
 * limit on the size of files, set from outside; the process sees write errors as on a broken or full disk.)
 */
function diskFull(name: string, mspId: string, refuses: readonly Who[]): Fault {
  return {
    name,
    refuses,
    cuts: [],
    stock: 200,
    absent: () => (spawnSync('prlimit', ['--version']).status === 0 ? undefined : 'no prlimit'),
    run: async ({ demo, dataDir }, outageMs) => {
      const processes = { dataDir: path.join(dataDir, 'processes'), options: {} };
      const pid = running(processes, demo.role(mspId).name)?.pid;
      if (pid === undefined) {
        throw new Error(`${mspId}’s role does not run`);
      }
      limitFiles(pid, '0');
      await wait(outageMs);
      limitFiles(pid, 'unlimited');
      return backNow();
    },
  };
}

function limitFiles(pid: number, bytes: string): void {
  // The soft limit alone, which anybody may raise again.
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

/** The trustee's read model lies on a server of its own meanwhile. */
function mongoKilled(): Fault {
  let server: MongoServer | undefined;
  return {
    name: 'read model’s MongoDB killed',
    refuses: ['reads'],
    cuts: [],
    absent: () => {
      const found = findFerretDb();
      return found.kind === 'absent' ? found.reason : undefined;
    },
    prepare: async (ground) => {
      const source = findFerretDb();
      if (source.kind === 'absent') {
        throw new Error(source.reason);
      }
      const mongo = await startMongo(source);
      server = mongo;
      const moveBack = await moveToMongo(ground, mongo);
      return async () => {
        await moveBack();
        await mongo.close();
        const { portalUrl, patients } = ground.demo.file;
        const [patient] = patients;
        if (patient !== undefined) {
          await untilUpToDate({ portalUrl, patient, withinMs: UP_TO_DATE_MS });
        }
      };
    },
    run: async (_ground, outageMs) => {
      await server?.crash();
      await wait(outageMs);
      await server?.restart();
      return backNow();
    },
  };
}

/** The read model is built anew from the ledger on the server. @returns what moves it back */
async function moveToMongo({ demo }: Ground, mongo: MongoServer): Promise<() => Promise<void>> {
  const role = demo.role('TrusteeMSP');
  const settings = readFileSync(role.configFile, 'utf8');
  writeFileSync(role.configFile, `${settings}MONGODB_URI='${mongo.database()}'\n`, { mode: 0o600 });
  await role.stop();
  for (const command of ['indexes', 'rebuild']) {
    execFileSync(process.execPath, [`--env-file=${role.configFile}`, PROGRAM, 'readmodel', command]);
  }
  await role.start();
  return async () => {
    writeFileSync(role.configFile, settings, { mode: 0o600 });
    await role.stop();
    await role.start();
  };
}

export const FAULTS: readonly Fault[] = [
  killed('orderer killed', EVERYBODY, 'orderer'),
  killed('trustee’s peer killed', EVERYBODY, 'peer.trustee'),
  killed('holder’s peer killed', ['hospital.north'], 'peer.north'),
  killed('holder’s chaincode killed', ['hospital.north'], 'chaincode.north'),
  killed('trustee’s chaincode killed', EVERYBODY, 'chaincode.trustee'),
  roleKilled('gateway kill -9', 'NorthHospitalMSP', {
    refuses: ['hospital.north'],
    cuts: ['hospital.north'],
  }),
  // While it starts it answers 503 already, so that nobody else can take its port.
  roleKilled('trustee kill -9', 'TrusteeMSP', {
    refuses: ['consents', 'reads'],
    cuts: ['consents', 'reads'],
  }),
  diskFull('gateway’s disk full', 'NorthHospitalMSP', ['hospital.north']),
  diskFull('trustee’s disk full', 'TrusteeMSP', ['reads']),
  mongoKilled(),
  {
    name: 'second gateway on the lane',
    refuses: ['hospital.north'],
    cuts: ['hospital.north'],
    run: (ground, outageMs, place) =>
      secondGateway(ground, atHospital(ground, 'NorthHospitalMSP'), outageMs, place),
  },
];
