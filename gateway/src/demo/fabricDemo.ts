// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { CommandFailed } from '../cli/commandIo';
import { US_IDENTIFIER_SYSTEMS } from '../compose/bootstrap';
import { closeAll } from '../compose/closeAll';
import { keepSecret } from '../keys/keyFile';
import { connectToPeer } from '../compose/openLedger';
import { parseLedgerConfig } from '../config/peerConfig';
import { createSampleHospital } from '../fhir/sources/sampleHospital';
import { takePort } from '../http/listen';
import type { FabricLedger } from '../ledger/fabricLedger';
import { openDatabase } from '../sqlite/openDatabase';
import { openPatientAccounts } from '../trustee/accounts/patientAccounts';
import { migrateTrusteeDatabase } from '../trustee/trusteeDatabase';
import { writeIdentifierSystems } from '../subjects/identifierText';
import { openAccounts } from './accounts';
import { type DemoHospital, HOSPITALS, TRUSTEE } from './cast';
import { type DemoFile, type DemoFileHospital, type DemoFilePatient, writeDemoFile } from './demoFile';
import { OPERATIONS_OFFSET } from './startDemo';
import { bringUp, type NativeNetwork, openProcessFolder, type ProcessFolder } from './nativeNetwork';
import { APP, hospitalEntry, registerClient, registerOrganisations } from './registration';

export interface FabricDemoOptions {
  /** Made when missing; the network, keys, stores and configuration files live here and are used again. */
  readonly dataDir: string;
  /** Where the file for programs outside is written. */
  readonly demoFile: string;
  /** The portal's port; the hospitals take the two after it. 0: free ones. */
  readonly port: number;
  /** First port of the Fabric network. 0: a free block, for a network that is not used again. */
  readonly networkPort: number;
  /** MongoDB connection string of the read model, its indexes built; absent: the embedded store. */
  readonly mongodbUri?: string | undefined;
  readonly logLevel: string;
  readonly say: (line: string) => void;
  /** Each step of the network and of a role's start; absent: said. */
  readonly tellStep?: ((line: string) => void) | undefined;
}

/** One role's process: `serve`, started as an organisation would start it. */
export interface RoleProcess {
  readonly name: string;
  readonly mspId: string;
  readonly url: string;
  /** Its metrics and detailed readiness. */
  readonly operationsUrl: string;
  /** Its configuration: an environment file. */
  readonly configFile: string;
  readonly logFile: string;
  /** Ends it, politely unless told otherwise, and returns when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again; returns when it is ready. */
  start(): Promise<void>;
}

export interface RunningFabricDemo {
  readonly file: DemoFile;
  readonly isNew: boolean;
  readonly network: NativeNetwork;
  readonly roles: readonly RoleProcess[];
  role(mspId: string): RoleProcess;
  /** The organisation's own connection to the ledger. */
  ledger(mspId: string): FabricLedger;
  /** Ends the roles, then the network; the data stay. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const KEY_BYTES = 32;
const PROGRAM = join(__dirname, '..', '..', 'bin', 'chartwitness.cjs');
const PROBE_MS = 2_000;
const WATCH_MS = 1_000;
const OWNER_ONLY = 0o600;

/** What has been opened, in order; closed in reverse. */
type Steps = (() => Promise<void> | void)[];

/**
 * Starts the native network and, as separate processes, the trustee and two hospitals, set up and ready for
 * requests.
 */
export async function startFabricDemo(options: FabricDemoOptions): Promise<RunningFabricDemo> {
  const opened: Steps = [];
  try {
    return await build(options, opened);
  } catch (error) {
    await closeAll(opened.reverse());
    throw error;
  }
}

async function build(options: FabricDemoOptions, opened: Steps): Promise<RunningFabricDemo> {
  const { dataDir, say } = options;
  const tellStep = options.tellStep ?? say;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const isNew = isNewFabricDemo(dataDir);
  const processes = await openProcessFolder(join(dataDir, 'processes'));
  opened.push(() => processes.release());
  const network = await bringUp({
    dataDir: join(dataDir, 'network'),
    portBase: options.networkPort,
    say: tellStep,
  });
  opened.push(() => network.down());
  keepSecret(consortiumKeyFile(dataDir), KEY_BYTES);
  const ledgers = await connectAll(network, opened);
  await registerOrganisations(ledgers(TRUSTEE.mspId));
  const patients = await fillAccounts(options);
  opened.push(() => processes.stopAll());

  const plan: Plan = { options, network, processes };
  const ports = await portsFrom(options.port);
  const trustee = trusteeRole(plan, portsOf(ports, 0));
  const hospitals: DemoFileHospital[] = [];
  const roles = [trustee];
  for (const [index, hospital] of HOSPITALS.entries()) {
    const role = hospitalRole(plan, hospital, portsOf(ports, index + 1));
    const key = await registerClient(hospital, ledgers(hospital.mspId), join(dataDir, hospital.mspId));
    hospitals.push(hospitalEntry(hospital, role.url, key));
    roles.push(role);
  }
  for (const role of roles) {
    await role.start();
    tellStep(`Started ${role.name} at ${role.url}, configured by ${role.configFile}`);
  }
  const watch = watchRoles(roles, processes, say);
  opened.push(() => {
    clearInterval(watch);
  });
  const operationsUrls = roles.map(({ operationsUrl }) => operationsUrl);
  const file = await describe(trustee.url, operationsUrls, hospitals, patients);
  writeDemoFile(options.demoFile, file);
  return {
    file,
    isNew,
    network,
    roles,
    role: (mspId) => {
      const found = roles.find((each) => each.mspId === mspId);
      if (found === undefined) {
        throw new Error(`${mspId} has no role in the demonstration`);
      }
      return found;
    },
    ledger: ledgers,
    close: () => closeAll(opened.reverse()),
  };
}

/** Says once when a role ends by itself. The timer also keeps this process alive, whose children do not. */
function watchRoles(
  roles: readonly RoleProcess[],
  processes: ProcessFolder,
  say: FabricDemoOptions['say'],
): NodeJS.Timeout {
  const ended = new Set<string>();
  return setInterval(() => {
    for (const { name, logFile } of roles) {
      if (processes.isRunning(name)) {
        ended.delete(name);
      } else if (!ended.has(name)) {
        ended.add(name);
        say(`${name} does not run any more; the end of ${logFile} says why.`);
      }
    }
  }, WATCH_MS);
}

async function connectAll(network: NativeNetwork, opened: Steps): Promise<(mspId: string) => FabricLedger> {
  const ledgers = new Map<string, FabricLedger>();
  for (const { mspId } of [TRUSTEE, ...HOSPITALS]) {
    const config = parseLedgerConfig(network.environment(mspId));
    const ledger = await connectToPeer(config, config.peer, pino({ level: 'silent' }));
    opened.push(() => {
      ledger.close();
    });
    ledgers.set(mspId, ledger);
  }
  return (mspId) => {
    const ledger = ledgers.get(mspId);
    if (ledger === undefined) {
      throw new Error(`${mspId} is not part of the demonstration`);
    }
    return ledger;
  };
}

/** The patients' accounts, written before the trustee starts. */
async function fillAccounts({ dataDir, demoFile }: FabricDemoOptions): Promise<readonly DemoFilePatient[]> {
  const places = HOSPITALS.map((hospital) => ({
    hospital,
    upstream: createSampleHospital({ patients: hospital.patients, idNamespace: hospital.mspId }),
  }));
  const database = openDatabase(accountsFile(dataDir));
  try {
    migrateTrusteeDatabase(database);
    return await openAccounts(places, openPatientAccounts(database), demoFile);
  } finally {
    database.close();
  }
}

interface Plan {
  readonly options: FabricDemoOptions;
  readonly network: NativeNetwork;
  readonly processes: ProcessFolder;
}

function trusteeRole(plan: Plan, ports: RolePorts): RoleProcess {
  const { dataDir, mongodbUri } = plan.options;
  const folder = join(dataDir, TRUSTEE.mspId);
  const appsFile = join(folder, 'apps.json');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(appsFile, `${JSON.stringify([APP], null, 2)}\n`);
  return roleProcess(
    plan,
    { name: 'trustee', role: 'trustee', mspId: TRUSTEE.mspId, ...ports },
    {
      APPS_FILE: appsFile,
      ...(mongodbUri === undefined ? {} : { MONGODB_URI: mongodbUri }),
    },
  );
}

function hospitalRole(plan: Plan, hospital: DemoHospital, ports: RolePorts): RoleProcess {
  const { name } = plan.network.organisation(hospital.mspId);
  return roleProcess(
    plan,
    { name: `hospital.${name}`, role: 'hospital', mspId: hospital.mspId, ...ports },
    {
      GATEWAY_NAME: hospital.gatewayName,
      EMERGENCY_WITHOUT_LEDGER: 'release',
      UPSTREAM_FHIR_URL: `sample:${hospital.patients.join(',')}`,
    },
  );
}

interface RoleKind {
  readonly name: string;
  readonly role: 'hospital' | 'trustee';
  readonly mspId: string;
  readonly port: number;
  readonly operationsPort: number;
}

type RolePorts = Pick<RoleKind, 'port' | 'operationsPort'>;

function roleProcess(plan: Plan, kind: RoleKind, own: Readonly<Record<string, string>>): RoleProcess {
  const { options, network, processes } = plan;
  const { name, mspId, port, operationsPort } = kind;
  const url = `http://${HOST}:${String(port)}`;
  const folder = join(options.dataDir, mspId);
  const configFile = join(folder, `${kind.role}.env`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeConfig(configFile, `chartwitness serve --role ${kind.role}`, {
    HOST,
    PORT: String(port),
    TRUSTED_PROXIES: '0',
    OPERATIONS_PORT: String(operationsPort),
    BASE_URL: url,
    DATA_DIR: folder,
    LOG_LEVEL: options.logLevel,
    CONSORTIUM_KEY_FILE: consortiumKeyFile(options.dataDir),
    SUBJECT_IDENTIFIER_SYSTEMS: writeIdentifierSystems(US_IDENTIFIER_SYSTEMS),
    ...own,
    ...network.environment(mspId),
  });
  const start = {
    part: name,
    command: process.execPath,
    args: [`--env-file=${configFile}`, PROGRAM, 'serve', '--role', kind.role],
    env: bareEnvironment(),
    cwd: folder,
    ports: [
      { port, purpose: 'HTTP' },
      { port: operationsPort, purpose: 'metrics' },
    ],
    ready: () => isReady(url),
  };
  return {
    name,
    mspId,
    url,
    operationsUrl: `http://${HOST}:${String(operationsPort)}`,
    configFile,
    logFile: processes.logFile(name),
    stop: (signal) => processes.stop(name, signal),
    start: async () => {
      await busyPortFirst(port);
      await processes.start(start);
    },
  };
}

/**
 * The role's own configuration, without this process's: variables of a shell must not change what the file
 * says.
 */
function bareEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'LANG'].map((name) => [name, process.env[name]]));
}

/**
 * Readable by its owner only: it may hold a connection string with a password. Quoted so that shells and Node
 * read the same.
 */
function writeConfig(file: string, command: string, values: Readonly<Record<string, string>>): void {
  const lines = Object.entries(values).map(([name, value]) => {
    if (/['\r\n]/.test(value)) {
      throw new CommandFailed(
        `${name} has a quote or a line break in it, which an environment file cannot hold: ${value}`,
      );
    }
    return `${name}='${value}'\n`;
  });
  writeFileSync(file, `# ${command}\n${lines.join('')}`, { mode: OWNER_ONLY });
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_MS) });
  await response.arrayBuffer();
  return response.ok;
}

/** @throws PortBusyError that names the option; the scripts' own message speaks of the network. */
async function busyPortFirst(port: number): Promise<void> {
  await (await takePort(HOST, port, '--port')).close(0);
}

/**
 * The portal's and the hospitals' ports: from `base` on, or free ones, which another program may still take
 * before they are used.
 */
async function portsFrom(base: number): Promise<readonly number[]> {
  const offsets = Array.from({ length: 2 * OPERATIONS_OFFSET }, (_, offset) => offset);
  if (base !== 0) {
    return offsets.map((offset) => base + offset);
  }
  const taken = await Promise.all(offsets.map(() => takePort(HOST, 0, '--port')));
  await Promise.all(taken.map((port) => port.close(0)));
  return taken.map(({ port }) => port);
}

/** Of the trustee (0) or a hospital (from 1). */
function portsOf(ports: readonly number[], index: number): RolePorts {
  return { port: ports[index] ?? 0, operationsPort: ports[OPERATIONS_OFFSET + index] ?? 0 };
}

/** Issuer and audience as the running trustee states them (RFC 9728). */
async function describe(
  portalUrl: string,
  operationsUrls: readonly string[],
  hospitals: readonly DemoFileHospital[],
  patients: readonly DemoFilePatient[],
): Promise<DemoFile> {
  const response = await fetch(`${portalUrl}/.well-known/oauth-protected-resource/api/v1`);
  const metadata = resourceMetadata.parse(await response.json());
  return {
    portalUrl,
    issuer: metadata.authorization_servers[0],
    apiBaseUrl: portalUrl,
    apps: APP.redirectUris.map((redirectUri) => ({
      clientId: APP.clientId,
      redirectUri,
      resource: metadata.resource,
    })),
    operationsUrls,
    hospitals,
    patients,
  };
}

const resourceMetadata = z.object({
  resource: z.string(),
  authorization_servers: z.tuple([z.string()], z.string()),
});

function consortiumKeyFile(dataDir: string): string {
  return join(dataDir, 'consortium.key');
}

/** Whether no demonstration has been set up in this folder. */
export function isNewFabricDemo(dataDir: string): boolean {
  return !existsSync(accountsFile(dataDir));
}

function accountsFile(dataDir: string): string {
  return join(dataDir, TRUSTEE.mspId, 'accounts.db');
}
