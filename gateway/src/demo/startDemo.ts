// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../compose/bootstrap';
import { closeAll } from '../compose/closeAll';
import { type EmbeddedNetwork, startEmbeddedNetwork } from '../compose/embeddedNetwork';
import { startHospitalService } from '../compose/hospitalService';
import { keepSecret } from '../keys/keyFile';
import { openStore } from '../compose/openStore';
import { startTrusteeService, type TrusteeService } from '../compose/trusteeService';
import { createSampleHospital, type SampleHospital } from '../fhir/sources/sampleHospital';
import { takePort, type TakenPort } from '../http/listen';
import type { FabricLedger } from '../ledger/fabricLedger';
import { openAccounts } from './accounts';
import { type DemoHospital, HOSPITALS, TRUSTEE } from './cast';
import { type DemoFile, writeDemoFile } from './demoFile';
import { APP, hospitalEntry, registerClient, registerOrganisations } from './registration';

export interface DemoOptions {
  /** Made when missing; keys, ledger and stores live here and are used again. */
  readonly dataDir: string;
  /** Where the file for programs outside is written. */
  readonly demoFile: string;
  /**
   * The portal's port; the hospitals take the two after it, and metrics of all three those after. 0: free
   * ones.
   */
  readonly port: number;
  /**
   * Address under which browsers reach the portal, where something stands before it; absent: the portal's
   * port.
   */
  readonly portalUrl?: string | undefined;
  /** MongoDB connection string of the read model; absent: the embedded store. */
  readonly mongodbUri?: string | undefined;
  readonly log: Logger;
}

export interface RunningDemo {
  readonly file: DemoFile;
  /** Whether the data folder was new. */
  readonly isNew: boolean;
  /** The organisation's own connection to the ledger. */
  ledger(mspId: string): FabricLedger;
  readonly trustee: TrusteeService;
  readonly network: EmbeddedNetwork;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CHANNEL = 'chartwitness';
const CHAINCODE = 'provenance';
const KEY_BYTES = 32;
/** Ports for metrics follow those of the services. */
export const OPERATIONS_OFFSET = HOSPITALS.length + 1;

/** What has been opened, in order; closed in reverse. */
type Steps = (() => Promise<void> | void)[];

interface Place {
  readonly hospital: DemoHospital;
  readonly upstream: SampleHospital;
  readonly port: TakenPort;
  readonly operations: TakenPort;
}

/**
 * Starts everything in one process: the embedded ledger, two hospitals and the trustee, set up and ready for
 * requests.
 */
export async function startDemo(options: DemoOptions): Promise<RunningDemo> {
  const { dataDir, log } = options;
  const opened: Steps = [];
  try {
    return await build(options, opened);
  } catch (error) {
    log.debug({ dataDir }, 'the demonstration did not start; closing what did');
    await closeAll(opened.reverse());
    throw error;
  }
}

async function build(options: DemoOptions, opened: Steps): Promise<RunningDemo> {
  const { dataDir, log } = options;
  const isNew = isNewDemo(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const portal = await openPort(options.port, 0, opened);
  const operations = await openPort(options.port, OPERATIONS_OFFSET, opened);
  const places = await takePlaces(options.port, opened);
  const consortiumKey = keepSecret(join(dataDir, 'consortium.key'), KEY_BYTES);

  const network = await startEmbeddedNetwork({
    dataDir: join(dataDir, 'ledger'),
    channel: CHANNEL,
    chaincode: CHAINCODE,
    members: [
      { mspId: TRUSTEE.mspId, role: 'trustee' },
      ...HOSPITALS.map(({ mspId }) => ({ mspId, role: 'holder' as const })),
    ],
    log,
  });
  opened.push(() => network.close());
  const ledgers = new Map<string, FabricLedger>();
  for (const { mspId } of [TRUSTEE, ...HOSPITALS]) {
    const ledger = await network.connect(mspId);
    ledgers.set(mspId, ledger);
    opened.push(() => {
      ledger.close();
    });
  }
  const ledgerOf = (mspId: string): FabricLedger => {
    const ledger = ledgers.get(mspId);
    if (ledger === undefined) {
      throw new Error(`${mspId} is not part of the demonstration`);
    }
    return ledger;
  };
  await registerOrganisations(ledgerOf(TRUSTEE.mspId));

  const baseUrl = options.portalUrl ?? urlOf(portal);
  const trustee = await startTrusteeService({
    baseUrl,
    dataDir: join(dataDir, 'trustee'),
    consortiumKey,
    identifierSystems: US_IDENTIFIER_SYSTEMS,
    apps: [APP],
    ledger: ledgerOf(TRUSTEE.mspId),
    ledgerKeeping: 'single',
    network: { channel: CHANNEL, chaincode: CHAINCODE },
    store: await openStore({
      mongodbUri: options.mongodbUri,
      file: join(dataDir, 'trustee', 'accesses.db'),
      indexes: 'build',
    }),
    server: portal,
    operations,
    log: log.child({ service: 'trustee' }),
  });
  opened.push(() => trustee.close());
  const hospitals = [];
  for (const place of places) {
    hospitals.push(await startPlace(place, ledgerOf(place.hospital.mspId), consortiumKey, options, opened));
  }
  const file: DemoFile = {
    portalUrl: baseUrl,
    issuer: trustee.issuer,
    apiBaseUrl: baseUrl,
    apps: APP.redirectUris.map((redirectUri) => ({
      clientId: APP.clientId,
      redirectUri,
      resource: trustee.resource,
    })),
    operationsUrls: [operations, ...places.map((place) => place.operations)].map(urlOf),
    hospitals,
    patients: await openAccounts(places, trustee.accounts, options.demoFile),
  };
  writeDemoFile(options.demoFile, file);
  return { file, isNew, trustee, network, ledger: ledgerOf, close: () => closeAll(opened.reverse()) };
}

/** Whether no demonstration has been set up in this folder. */
export function isNewDemo(dataDir: string): boolean {
  return !existsSync(join(dataDir, 'trustee', 'accounts.db'));
}

async function openPort(base: number, offset: number, opened: Steps): Promise<TakenPort> {
  const port = await takePort(HOST, base === 0 ? 0 : base + offset, '--port');
  opened.push(() => port.close());
  return port;
}

async function takePlaces(base: number, opened: Steps): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (const [index, hospital] of HOSPITALS.entries()) {
    places.push({
      hospital,
      upstream: createSampleHospital({ patients: hospital.patients, idNamespace: hospital.mspId }),
      port: await openPort(base, index + 1, opened),
      operations: await openPort(base, OPERATIONS_OFFSET + index + 1, opened),
    });
  }
  return places;
}

async function startPlace(
  place: Place,
  ledger: FabricLedger,
  consortiumKey: Uint8Array,
  options: DemoOptions,
  opened: Steps,
): Promise<DemoFile['hospitals'][number]> {
  const { hospital, upstream, port, operations } = place;
  const folder = join(options.dataDir, hospital.mspId);
  const privateJwk = await registerClient(hospital, ledger, folder);
  const baseUrl = urlOf(port);
  const service = await startHospitalService({
    settings: { baseUrl, identifierSystems: US_IDENTIFIER_SYSTEMS, disclosure: 'hidden' },
    gatewayName: hospital.gatewayName,
    emergencyWithoutLedger: 'release',
    dataDir: folder,
    consortiumKey,
    upstream,
    ledger,
    network: { channel: CHANNEL, chaincode: CHAINCODE },
    server: port,
    operations,
    log: options.log.child({ service: hospital.mspId }),
  });
  opened.push(() => service.close());
  return hospitalEntry(hospital, baseUrl, privateJwk);
}

function urlOf({ host, port }: TakenPort): string {
  return `http://${host}:${String(port)}`;
}
