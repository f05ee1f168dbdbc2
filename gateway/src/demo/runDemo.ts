// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { untilSignal } from '../cli/untilSignal';
import { holdFolder } from '../compose/heldFolder';
import { CheckFailed, checkDemo } from './check';
import { playDay } from './day';
import { type LibraryWords, openDemoLog, TO_STDERR } from './demoLog';
import { dayInWords, summary } from './demoWords';
import { checkIsOurs, deleteEarlierRun, type EarlierRun } from './earlierRun';
import { isNewFabricDemo, startFabricDemo } from './fabricDemo';
import { emptyMongoStore, ownDatabase, prepareMongoStore } from './mongoStore';
import { type DemoOptions, isNewDemo, type RunningDemo, startDemo } from './startDemo';

type Say = (line: string) => void;

/** Which ledger the demonstration runs on, and which store. */
export interface DemoVariant {
  /**
   * Present: a native Fabric network from this port on, every role in a process of its own. Absent: the
   * embedded ledger, one process.
   */
  readonly fabric?: { readonly networkPort: number } | undefined;
  /** MongoDB connection string of the read model; absent: the embedded store. */
  readonly mongodbUri?: string | undefined;
}

export interface RunDemoOptions extends DemoVariant {
  readonly dataDir: string;
  readonly demoFile: string;
  readonly fresh: boolean;
  /** Whether a new demonstration plays its day of traffic. */
  readonly traffic: boolean;
  readonly port: number;
  /**
   * Address under which browsers reach the portal, where something stands before it; embedded ledger only.
   */
  readonly portalUrl?: string | undefined;
  readonly logLevel: string;
  /** File of the log, or {@link TO_STDERR}. */
  readonly logPlace: string;
  readonly libraryWords: LibraryWords;
  readonly say: Say;
}

const POLL_MS = 50;

type Started = Pick<RunningDemo, 'file' | 'isNew' | 'close'>;
type StartOptions = DemoOptions & DemoVariant & Pick<RunDemoOptions, 'logLevel' | 'say'>;

function start(options: StartOptions): Promise<Started> {
  const { fabric, say } = options;
  if (fabric === undefined) {
    say(
      'Starting the embedded ledger (one process on this machine, not independent parties), two hospitals and the trustee …',
    );
    return startDemo(options);
  }
  say(
    'Starting a Fabric network (its parts on this machine), two hospitals and the trustee, each a process of its own …',
  );
  const { log } = options;
  return startFabricDemo({
    ...options,
    ...fabric,
    dataDir: fabricFolder(options.dataDir),
    tellStep: (line) => {
      log.info(line);
    },
  });
}

/** Its own folder: keys and stores of one ledger mean nothing to the other. */
function fabricFolder(dataDir: string): string {
  return join(dataDir, 'fabric');
}

/**
 * Starts the demonstration, plays the day when it is new, says what to open, and runs until SIGINT or
 * SIGTERM.
 */
export async function runDemo(options: RunDemoOptions): Promise<void> {
  if (options.fresh) {
    checkIsOurs(earlierRun(options));
  }
  // Before anything is deleted or written: a running demonstration keeps its data.
  const held = holdFolder(options.dataDir);
  try {
    await runHeld(options);
  } finally {
    held.release();
  }
}

async function runHeld(options: RunDemoOptions): Promise<void> {
  const { say } = options;
  const run = earlierRun(options);
  if (options.fresh && (await deleteEarlierRun(run))) {
    say(`Deleted the data of earlier runs in ${run.folder}`);
  }
  if (options.mongodbUri !== undefined) {
    await prepareMongoStore(options.mongodbUri, ledgerAge(options));
  }
  const started = Date.now();
  const early = rememberSignal(options);
  const demo = await start({ ...options, log: openLog(options) });
  if (options.traffic && demo.isNew && !early.isSignalled()) {
    say('Patients set their rules, and hospitals ask for records, over HTTP …');
    say(dayInWords(await playDay(demo.file)));
  }
  early.forget();
  if (early.isSignalled()) {
    await demo.close();
    return;
  }
  say(
    summary({
      ...demo,
      hasDay: options.traffic || !demo.isNew,
      elapsedMs: Date.now() - started,
      demoFile: options.demoFile,
      log: options.logPlace === TO_STDERR ? 'standard error' : options.logPlace,
    }),
  );
  await untilSignal(() => demo.close(), say);
}

function openLog({
  logPlace,
  logLevel,
  libraryWords,
}: Pick<RunDemoOptions, 'logPlace' | 'logLevel' | 'libraryWords'>): Logger {
  const log = openDemoLog(logPlace, logLevel);
  libraryWords.sendTo(log);
  return log;
}

function ledgerAge({ fabric, dataDir, fresh }: RunDemoOptions): 'new' | 'fresh' | 'kept' {
  if (fresh) {
    return 'fresh';
  }
  const isNew = fabric === undefined ? isNewDemo(dataDir) : isNewFabricDemo(fabricFolder(dataDir));
  return isNew ? 'new' : 'kept';
}

/**
 * With processes of their own, an end in the middle of the start would leave them running: the first signal
 * is remembered until there is something to close, the second ends at once.
 */
function rememberSignal({ fabric, say }: RunDemoOptions): { isSignalled(): boolean; forget(): void } {
  let signalled = false;
  const forget = (): void => {
    process.removeListener('SIGINT', remember);
    process.removeListener('SIGTERM', remember);
  };
  const remember = (): void => {
    signalled = true;
    say('Stopping as soon as everything has started; once more ends at once and leaves the network running.');
    forget();
  };
  if (fabric !== undefined) {
    process.on('SIGINT', remember);
    process.on('SIGTERM', remember);
  }
  return { isSignalled: () => signalled, forget };
}

export interface RunCheckOptions extends DemoVariant {
  readonly logLevel: string;
  /** File of the log, or {@link TO_STDERR}; absent: shown on standard error when a step fails. */
  readonly logPlace?: string | undefined;
  readonly libraryWords: LibraryWords;
  readonly say: Say;
}

/** @returns 0 when every step of the story held, else 1. */
export async function runCheck(options: RunCheckOptions): Promise<number> {
  const { say } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-check-'));
  const logPlace = options.logPlace ?? join(dataDir, 'demo.log');
  const log = openLog({ ...options, logPlace });
  const mongodbUri = options.mongodbUri === undefined ? undefined : ownDatabase(options.mongodbUri);
  try {
    if (mongodbUri !== undefined) {
      await prepareMongoStore(mongodbUri, 'new');
    }
    const demo = await start({
      ...options,
      mongodbUri,
      dataDir,
      demoFile: join(dataDir, 'demo.json'),
      port: 0,
      log,
    });
    try {
      const steps = await checkDemo(demo.file, { say, pause: () => wait(POLL_MS) });
      say(`The main job holds: ${String(steps)} steps verified over HTTP.`);
      return 0;
    } catch (error) {
      if (error instanceof CheckFailed) {
        say(`FAILED  ${error.message}`);
        showLog(options, logPlace);
        return 1;
      }
      throw error;
    } finally {
      await demo.close();
      if (mongodbUri !== undefined) {
        await emptyMongoStore(mongodbUri);
      }
    }
  } catch (error) {
    showLog(options, logPlace);
    throw error;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A log that goes with the temporary folder is shown first. */
function showLog(options: RunCheckOptions, logPlace: string): void {
  if (options.logPlace === undefined) {
    process.stderr.write(readFileSync(logPlace));
  }
}

function earlierRun({ fabric, dataDir, demoFile }: RunDemoOptions): EarlierRun {
  const folder = fabric === undefined ? dataDir : fabricFolder(dataDir);
  return { folder, demoFile, networkPort: fabric?.networkPort };
}
