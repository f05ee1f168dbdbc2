// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import { bootstrapNetwork } from '../compose/bootstrap';
import { closeAll } from '../compose/closeAll';
import { type EmbeddedNetwork, startEmbeddedNetwork } from '../compose/embeddedNetwork';
import { startHospitalService } from '../compose/hospitalService';
import { keepSecret, keepSigningKey } from '../compose/keyFiles';
import { startTrusteeService, type TrusteeService } from '../compose/trusteeService';
import type { FhirResource } from '../fhir/resource';
import { createSampleHospital, type SampleHospital } from '../fhir/sampleHospital';
import { takePort, type TakenPort } from '../http/listen';
import type { FabricLedger } from '../ledger/fabricLedger';
import { openSqlAccessStore } from '../readmodel/sqlAccessStore';
import { type DemoHospital, HOSPITALS, NATIONAL_SYSTEM, TRUSTEE } from './cast';
import { type DemoFile, type DemoFilePatient, writeDemoFile } from './demoFile';

export interface DemoOptions {
  /** Made when missing; keys, ledger and stores live here and are used again. */
  readonly dataDir: string;
  /** Where the file for programs outside is written. */
  readonly demoFile: string;
  /** The portal's port; the hospitals take the two after it. 0: free ones. */
  readonly port: number;
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
const CLIENT_SCOPE = 'system/*.rs';
const KEY_BYTES = 32;
const PASSWORD_BYTES = 9;
const APP = {
  clientId: 'demo-app',
  name: 'Demonstration app',
  redirectUris: ['http://127.0.0.1/callback'],
  scope: 'openid offline_access patient/AuditEvent.rs patient/Consent.cruds',
};

/** What has been opened, in order; closed in reverse. */
type Steps = (() => Promise<void> | void)[];

interface Place {
  readonly hospital: DemoHospital;
  readonly upstream: SampleHospital;
  readonly port: TakenPort;
}

/** Starts everything in one process: the embedded ledger, two hospitals and the trustee, set up and ready for requests. */
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
  const isNew = !existsSync(options.demoFile);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const portal = await openPort(options.port, 0, opened);
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
  await setUpRegistry(ledgerOf);

  const baseUrl = urlOf(portal);
  const trustee = await startTrusteeService({
    baseUrl,
    dataDir: join(dataDir, 'trustee'),
    consortiumKey,
    apps: [APP],
    ledger: ledgerOf(TRUSTEE.mspId),
    store: openSqlAccessStore(join(dataDir, 'trustee', 'accesses.db')),
    server: portal,
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
    hospitals,
    patients: await openAccounts(places, trustee, options.demoFile),
  };
  writeDemoFile(options.demoFile, file);
  return { file, isNew, trustee, network, ledger: ledgerOf, close: () => closeAll(opened.reverse()) };
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
    });
  }
  return places;
}

async function setUpRegistry(ledgerOf: (mspId: string) => FabricLedger): Promise<void> {
  await bootstrapNetwork(ledgerOf(TRUSTEE.mspId), [
    { mspId: TRUSTEE.mspId, role: 'trustee', name: TRUSTEE.name, identifiers: [TRUSTEE.organisationId] },
    ...HOSPITALS.map(({ mspId, name, organisationId }) => ({
      mspId,
      role: 'holder' as const,
      name,
      identifiers: [organisationId],
    })),
  ]);
}

async function startPlace(
  place: Place,
  ledger: FabricLedger,
  consortiumKey: Uint8Array,
  options: DemoOptions,
  opened: Steps,
): Promise<DemoFile['hospitals'][number]> {
  const { hospital, upstream, port } = place;
  const folder = join(options.dataDir, hospital.mspId);
  const privateJwk = await keepSigningKey(join(folder, 'client-key.json'), 'ES384', `${hospital.clientId}-1`);
  if ((await ledger.findClient(hospital.clientId)) === undefined) {
    await ledger.putClient({
      clientId: hospital.clientId,
      name: `${hospital.name} EHR`,
      jwks: { keys: [publicHalf(privateJwk)] },
      scope: CLIENT_SCOPE,
    });
  }
  const baseUrl = urlOf(port);
  const service = await startHospitalService({
    settings: { baseUrl, identifierSystems: [NATIONAL_SYSTEM], disclosure: 'hidden' },
    gatewayName: hospital.gatewayName,
    dataDir: folder,
    consortiumKey,
    upstream,
    ledger,
    server: port,
    log: options.log.child({ service: hospital.mspId }),
  });
  opened.push(() => service.close());
  return {
    name: hospital.name,
    mspId: hospital.mspId,
    fhirBaseUrl: `${baseUrl}/fhir`,
    tokenEndpoint: `${baseUrl}/oauth/token`,
    clients: [{ clientId: hospital.clientId, privateJwk, organisationId: hospital.organisationId }],
    practitioners: hospital.practitioners,
  };
}

function publicHalf(key: JWK): Record<string, unknown> {
  return Object.fromEntries(Object.entries(key).filter(([member]) => member !== 'd'));
}

/** An account for every person; passwords of an earlier run are kept. */
async function openAccounts(
  places: readonly Place[],
  trustee: TrusteeService,
  demoFile: string,
): Promise<readonly DemoFilePatient[]> {
  const kept = keptPasswords(demoFile);
  const patients: DemoFilePatient[] = [];
  for (const { hospital, upstream } of places) {
    for (const resource of upstream.patients()) {
      const person = personOf(resource);
      const password = kept.get(person.username) ?? randomBytes(PASSWORD_BYTES).toString('base64url');
      kept.set(person.username, password);
      await trustee.accounts.put({ ...person, password });
      patients.push({ ...person, password, hospital: hospital.mspId, patientId: resource.id ?? '' });
    }
  }
  return patients;
}

function keptPasswords(demoFile: string): Map<string, string> {
  if (!existsSync(demoFile)) {
    return new Map();
  }
  const before = JSON.parse(readFileSync(demoFile, 'utf8')) as DemoFile;
  return new Map(before.patients.map(({ username, password }) => [username, password]));
}

interface PatientResource extends FhirResource {
  readonly name?: readonly { readonly given?: readonly string[]; readonly family?: string }[];
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
}

function personOf(resource: PatientResource): Pick<DemoFilePatient, 'name' | 'username' | 'identifier'> {
  const given = resource.name?.[0]?.given?.[0];
  const family = resource.name?.[0]?.family;
  const value = resource.identifier?.find(({ system }) => system === NATIONAL_SYSTEM)?.value;
  if (given === undefined || family === undefined || value === undefined) {
    throw new Error(`the sample record ${resource.id ?? ''} has no name or national identifier`);
  }
  return {
    name: `${given} ${family}`,
    username: given.toLowerCase(),
    identifier: { system: NATIONAL_SYSTEM, value },
  };
}

function urlOf({ host, port }: TakenPort): string {
  return `http://${host}:${String(port)}`;
}
