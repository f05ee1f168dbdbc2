// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import type { ConsentPolicy } from '../api/schemas';
import { CommandFailed } from '../cli/commandIo';
import { untilSignal } from '../cli/untilSignal';
import { HOLD_FILES, holdFolder } from '../compose/heldFolder';
import { CheckFailed, checkDemo } from './check';
import type { DemoFile, DemoFilePatient } from './demoFile';
import { PatientClient } from './patientClient';
import { isNewFabricDemo, startFabricDemo } from './fabricDemo';
import { emptyMongoStore, ownDatabase, prepareMongoStore } from './mongoStore';
import { openProcessFolder, removeNetwork } from './nativeNetwork';
import { type DemoOptions, isNewDemo, type RunningDemo, startDemo } from './startDemo';
import { dayOf, emergencyFor, Hospitals } from './story';

type Say = (line: string) => void;

/** Which ledger the demonstration runs on, and which store. */
export interface DemoVariant {
  /** Present: a native Fabric network from this port on, every role in a process of its own. Absent: the embedded ledger, one process. */
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
  readonly logLevel: string;
  readonly say: Say;
}

const STDERR = 2;
const POLL_MS = 50;

type Started = Pick<RunningDemo, 'file' | 'isNew' | 'close'>;
type StartOptions = Omit<DemoOptions, 'log'> & DemoVariant & Pick<RunDemoOptions, 'logLevel' | 'say'>;

function start(options: StartOptions): Promise<Started> {
  const { fabric, say } = options;
  if (fabric === undefined) {
    say(
      'Starting the embedded ledger (one process on this machine, not independent parties), two hospitals and the trustee …',
    );
    return startDemo({ ...options, log: logTo(options.logLevel) });
  }
  say(
    'Starting a Fabric network (its parts on this machine), two hospitals and the trustee, each a process of its own …',
  );
  return startFabricDemo({ ...options, dataDir: fabricFolder(options.dataDir), ...fabric });
}

/** Its own folder: keys and stores of one ledger mean nothing to the other. */
function fabricFolder(dataDir: string): string {
  return join(dataDir, 'fabric');
}

/** Starts the demonstration, plays the day when it is new, says what to open, and runs until SIGINT or SIGTERM. */
export async function runDemo(options: RunDemoOptions): Promise<void> {
  if (options.fresh) {
    checkIsOurs(options);
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
  if (options.fresh) {
    await deleteEarlierRun(options);
  }
  if (options.mongodbUri !== undefined) {
    await prepareMongoStore(options.mongodbUri, ledgerAge(options));
  }
  const started = Date.now();
  const early = rememberSignal(options);
  const demo = await start(options);
  if (options.traffic && demo.isNew && !early.isSignalled()) {
    await playDay(demo.file, say);
  }
  early.forget();
  if (early.isSignalled()) {
    await demo.close();
    return;
  }
  say(summary(demo, options, Date.now() - started));
  await untilSignal(() => demo.close(), say);
}

function ledgerAge({ fabric, dataDir, fresh }: RunDemoOptions): 'new' | 'fresh' | 'kept' {
  if (fresh) {
    return 'fresh';
  }
  const isNew = fabric === undefined ? isNewDemo(dataDir) : isNewFabricDemo(fabricFolder(dataDir));
  return isNew ? 'new' : 'kept';
}

/**
 * With processes of their own, an end in the middle of the start would leave them running: the first signal is remembered until there is
 * something to close, the second ends at once.
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
  readonly say: Say;
}

/** @returns 0 when every step of the story held, else 1. */
export async function runCheck(options: RunCheckOptions): Promise<number> {
  const { say } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'chartwitness-check-'));
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
    });
    try {
      const steps = await checkDemo(demo.file, { say, pause: () => wait(POLL_MS) });
      say(`The main job holds: ${String(steps)} steps verified over HTTP.`);
      return 0;
    } catch (error) {
      if (error instanceof CheckFailed) {
        say(`FAILED  ${error.message}`);
        return 1;
      }
      throw error;
    } finally {
      await demo.close();
      if (mongodbUri !== undefined) {
        await emptyMongoStore(mongodbUri);
      }
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function logTo(level: string): Logger {
  return pino({ level, base: null }, pino.destination(STDERR));
}

function ledgerFolder({ fabric, dataDir }: RunDemoOptions): string {
  return fabric === undefined ? dataDir : fabricFolder(dataDir);
}

/**
 * A folder with files in it that no demonstration wrote is left alone.
 * @throws CommandFailed for such a folder.
 */
function checkIsOurs(options: RunDemoOptions): void {
  const dataDir = ledgerFolder(options);
  const isEmpty = !existsSync(dataDir) || readdirSync(dataDir).every((name) => isHoldFile(name));
  if (!isEmpty && !OWN_FILES.some((name) => existsSync(join(dataDir, name)))) {
    throw new CommandFailed(
      `${dataDir} was not made by this command; choose another --data-dir, or delete it yourself`,
    );
  }
}

function isHoldFile(name: string): boolean {
  return (HOLD_FILES as readonly string[]).includes(name);
}

/** Deletes the data of an earlier demonstration, and nothing else. */
async function deleteEarlierRun(options: RunDemoOptions): Promise<void> {
  const { fabric, demoFile, say } = options;
  const dataDir = ledgerFolder(options);
  if (!OWN_FILES.some((name) => existsSync(join(dataDir, name)))) {
    return;
  }
  if (fabric !== undefined) {
    // Its processes may have outlived a crash.
    const processes = await openProcessFolder(join(dataDir, 'processes'));
    await removeNetwork(join(dataDir, 'network'), fabric.networkPort);
    await processes.release();
  }
  for (const name of OWN_FILES) {
    rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  rmSync(demoFile, { force: true });
  say(`Deleted the data of earlier runs in ${dataDir}`);
}

/** All that a demonstration writes into its folder, on either ledger. */
const OWN_FILES = [
  'consortium.key',
  'ledger',
  'network',
  'processes',
  'trustee',
  'TrusteeMSP',
  'NorthHospitalMSP',
  'SouthClinicMSP',
];

const MY_HOSPITAL: ConsentPolicy['rules'] = [
  { id: 'my-hospital-treats-me', effect: 'permit', org: '@holder', purposes: ['TREAT'] },
  {
    id: 'my-hospital-bills',
    effect: 'permit',
    org: '@holder',
    purposes: ['HPAYMT'],
    types: ['Claim', 'ExplanationOfBenefit'],
  },
];

/** What each person decided, by sign-in name; who is not here has no consent on file. */
const CONSENTS: Readonly<Record<string, ConsentPolicy>> = {
  alberto: {
    rules: [{ id: 'psychiatry-is-closed', effect: 'deny', labels: ['PSY'] }, ...MY_HOSPITAL],
    default: 'deny',
  },
  chet: { rules: MY_HOSPITAL, default: 'deny' },
  liz: {
    rules: [
      { id: 'sexual-health-stays-closed', effect: 'deny', labels: ['SEX'], holdsInEmergency: true },
      ...MY_HOSPITAL,
      { id: 'south-clinic-may-treat-me', effect: 'permit', org: 'SouthClinicMSP', purposes: ['TREAT'] },
    ],
    default: 'deny',
  },
  ned: {
    rules: [{ id: 'open-to-all-who-treat-me', effect: 'permit', purposes: ['TREAT'] }],
    default: 'deny',
  },
  buster: { rules: [], default: 'deny' },
};

async function playDay(file: DemoFile, say: Say): Promise<void> {
  const hospitals = new Hospitals(file);
  say('The patients sign in at the portal and set their consents:');
  for (const [username, policy] of Object.entries(CONSENTS)) {
    await setConsent(file, username, policy);
    say(`  ${username}: ${policy.rules.map((rule) => rule.id).join(', ') || 'closed to everyone'}`);
  }
  say('A day at the hospitals, over their HTTP interfaces:');
  for (const patient of file.patients) {
    for (const scene of [...dayOf(patient, hospitals), ...emergencyOf(patient, hospitals)]) {
      const answer = await hospitals.play(scene);
      say(`  ${scene.asker} at ${scene.holder}, ${patient.name}: ${scene.title} → ${outcomeOf(answer)}`);
    }
  }
}

function emergencyOf(patient: DemoFilePatient, hospitals: Hospitals): ReturnType<typeof dayOf> {
  return ['chet', 'liz'].includes(patient.username) ? [emergencyFor(patient, hospitals)] : [];
}

async function setConsent(file: DemoFile, username: string, policy: ConsentPolicy): Promise<void> {
  const person = file.patients.find((patient) => patient.username === username);
  if (person === undefined) {
    throw new Error(`the demonstration has no patient ${username}`);
  }
  const patient = await PatientClient.signIn(file.portalUrl, username, person.password);
  const before = await patient.get('consent');
  const answer = await patient.put('consent', policy, before.etag ?? '');
  if (answer.status !== 200) {
    throw new Error(`setting the consent of ${username} answered ${String(answer.status)}`);
  }
}

function outcomeOf({ status, body }: { status: number; body: unknown }): string {
  const { total, resourceType } = body as { total?: number; resourceType?: string };
  return `${String(status)} ${resourceType ?? ''}${total === undefined ? '' : `, ${String(total)} resource(s)`}`;
}

function summary({ file, isNew }: Started, options: RunDemoOptions, elapsedMs: number): string {
  const [first] = file.hospitals;
  const people = new Map(file.patients.map((patient) => [patient.username, patient]));
  return [
    '',
    `Ready after ${(elapsedMs / 1000).toFixed(1)} s${isNew ? '' : ', with the data of earlier runs (--fresh starts over)'}.`,
    '',
    `Portal       ${file.portalUrl}`,
    ...file.hospitals.map((hospital) => `${hospital.name.padEnd(12)} ${hospital.fhirBaseUrl}`),
    `API          ${file.apiBaseUrl}/openapi.json, ${first?.fhirBaseUrl ?? ''}/metadata`,
    `Metrics      ${file.operationsUrls.map((url) => `${url}/metrics`).join(', ')}`,
    `For programs ${options.demoFile}`,
    '',
    'Sign in as',
    ...[...people.values()].map(
      ({ username, password, name }) => `  ${username.padEnd(10)} ${password}   ${name}`,
    ),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}
