// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoFile, DemoFilePatient } from '../../../gateway/src/demo/demoFile';
import { HospitalClient, type Errand } from '../../../gateway/src/demo/hospitalClient';
import { freePorts } from '../../../scripts/network/freePorts';

const COMMAND = join(__dirname, '../../../gateway/bin/chartwitness.cjs');
const LEDGER_THAT_GOES = join(__dirname, 'ledgerThatGoes.cjs');
const MANY_ENTRIES = join(__dirname, '../../../dist/bench/manyEntries.js');
const READY = 'Ctrl-C stops it';
const START_MS = 150_000;
const FILL_MS = 500_000;

/**
 * The running product: embedded ledger, two hospitals, the trustee with its portal, in a process of its own.
 */
export interface Product {
  readonly demo: DemoFile;
  /** Stops the process, as an operator would, and keeps its data. */
  stop(): Promise<void>;
  /** Starts it again on the same ports and data. */
  start(): Promise<void>;
  /**
   * Starts it again so that its ledger can be taken away while everything else goes on; the answer takes it
   * away.
   */
  startWithLedgerThatGoes(): Promise<() => Promise<void>>;
  /** Deletes the ledger of the stopped product, as if it had been set up anew under its feet. */
  deleteLedger(): void;
  /** Everything that its processes have printed, and their log. */
  output(): string;
  /** Stops it and deletes its data. */
  dispose(): Promise<void>;
}

/** @param traffic whether the demonstration's day of accesses is played first. */
export function startProduct(traffic: boolean): Promise<Product> {
  return open((folder, port) => ({
    args: [
      COMMAND,
      'demo',
      '--data-dir',
      folder,
      '--port',
      String(port),
      // Its log beside what it says: tests look for persons in it.
      '--log',
      '-',
      ...(traffic ? [] : ['--no-traffic']),
    ],
    ready: READY,
    withinMs: START_MS,
  }));
}

/** The product with `count` recorded accesses to one patient's data, each by another person. */
export function startWithEntries(username: string, count: number): Promise<Product> {
  return open((folder, port) => ({
    args: [MANY_ENTRIES, folder, String(port), username, String(count)],
    ready: 'ready ',
    withinMs: FILL_MS,
  }));
}

interface Launch {
  readonly args: readonly string[];
  /** What the process prints when it is ready. */
  readonly ready: string;
  readonly withinMs: number;
}

async function open(launchIn: (folder: string, port: number) => Launch): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'chartwitness-portal-'));
  const launch = launchIn(folder, await freePorts(3));
  let running: ChildProcess | undefined;
  let output = '';
  const keep = (text: string): void => {
    output += text;
  };
  const start = async (): Promise<void> => {
    running = await run(launch, keep);
  };
  const stop = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child?.exitCode !== null) {
      return;
    }
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  await start();
  const file = join(folder, 'demo.json');
  if (!existsSync(file)) {
    throw new Error('the demonstration wrote no demo.json');
  }
  const demo = JSON.parse(readFileSync(file, 'utf8')) as DemoFile;
  return {
    demo,
    start,
    stop,
    startWithLedgerThatGoes: async () => {
      const args = [LEDGER_THAT_GOES, folder, new URL(demo.portalUrl).port];
      const child = await run({ args, ready: 'ready', withinMs: START_MS }, keep);
      running = child;
      return async () => {
        child.kill('SIGUSR2');
        await printed(child, 'the ledger is away');
      };
    },
    deleteLedger: () => {
      rmSync(join(folder, 'ledger'), { recursive: true });
    },
    output: () => output + readLog(folder),
    dispose: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where the demonstration logs; another process of a test prints its log. */
function readLog(folder: string): string {
  const file = join(folder, 'demo.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

async function run({ args, ready, withinMs }: Launch, keep: (text: string) => void): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the demonstration was not ready in time:\n${output}`));
    }, withinMs);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      keep(chunk.toString());
      if (!output.includes(ready)) {
        return;
      }
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the demonstration ended with ${String(code)}:\n${output}`));
    });
  });
  return child;
}

function printed(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve) => {
    const read = (chunk: Buffer): void => {
      if (!chunk.toString().includes(text)) {
        return;
      }
      child.stdout?.off('data', read);
      resolve();
    };
    child.stdout?.on('data', read);
  });
}

/** A patient of the demonstration by user name. */
export function patientOf(demo: DemoFile, username: string): DemoFilePatient {
  const patient = demo.patients.find((candidate) => candidate.username === username);
  if (patient === undefined) {
    throw new Error(`${username} is not a patient of the demonstration`);
  }
  return patient;
}

interface Access extends Errand {
  /** MSP id of the organisation that asks. */
  readonly by: string;
  /** The FHIR request below the base; `{id}` stands for the patient's. */
  readonly path: string;
}

/** Asks the hospital that holds the patient's record over its HTTP interface, and answers with the status. */
export async function access(
  demo: DemoFile,
  patient: DemoFilePatient,
  { by, path, ...errand }: Access,
): Promise<number> {
  const holder = demo.hospitals.find(({ mspId }) => mspId === patient.hospital);
  const credentials = demo.hospitals.find(({ mspId }) => mspId === by)?.clients[0];
  if (holder === undefined || credentials === undefined) {
    throw new Error(`${by} or the holder is not part of the demonstration`);
  }
  const { status } = await new HospitalClient(holder, credentials).get(
    path.replace('{id}', patient.patientId),
    errand,
  );
  return status;
}
