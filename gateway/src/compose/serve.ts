// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { HospitalConfig } from '../config/hospitalConfig';
import type { TrusteeConfig } from '../config/trusteeConfig';
import { createHttpUpstream } from '../fhir/sources/httpUpstream';
import { createSampleHospital } from '../fhir/sources/sampleHospital';
import { SAMPLE_PATIENTS, type SamplePatient } from '../fhir/sources/sampleRecords';
import { createTokenFile } from '../fhir/sources/tokenFile';
import type { Upstream } from '../fhir/sources/upstream';
import { DEFAULT_REQUEST_LIMITS } from '../hospital/createHospitalApp';
import type { RequestLimits } from '../http/admission';
import { takePort, type TakenPort } from '../http/listen';
import { DEFAULT_TRUSTEE_LIMITS } from '../trustee/createTrusteeApp';
import type { Certificates } from './certificateDays';
import { closeAll } from './closeAll';
import { startHospitalService } from './hospitalService';
import { type OpenedLedger, openLedger } from './openLedger';
import { openStore } from './openStore';
import { serviceLog } from './serviceLog';
import { startTrusteeService } from './trusteeService';

export interface Serving {
  /** Where the service is reached, as configured. */
  readonly url: string;
  close(): Promise<void>;
}

/** Where each role's operators look unless told otherwise: both roles may run on one machine. */
const OPERATIONS_PORTS = { hospital: 9464, trustee: 9465 } as const;

/** Runs the hospital role. @throws when a port is busy or a key does not fit. */
export async function serveHospital(config: HospitalConfig): Promise<Serving> {
  const log = serviceLog(config.logLevel);
  return withLedger(config, 'holder', log, async (opened, take) => {
    const service = await startHospitalService({
      settings: {
        baseUrl: config.baseUrl,
        identifierSystems: config.subjectIdentifierSystems,
        disclosure: config.disclosure,
        trustedProxies: config.trustedProxies,
        requestLimits: limitsOf(config, DEFAULT_REQUEST_LIMITS),
        limits: config.accessLimits,
      },
      gatewayName: config.gatewayName,
      emergencyWithoutLedger: config.emergencyWithoutLedger,
      recorderLimits: config.recorderLimits,
      dataDir: config.dataDir,
      consortiumKey: config.consortiumKey.reveal(),
      pageKey: config.pageKey?.reveal(),
      externalIssuer: config.externalIssuer,
      upstream: upstreamOf(config, log),
      certificates: { ...ofLedger(config), ...ofSource(config) },
      ledger: opened.ledger,
      network: { channel: config.channel, chaincode: config.chaincode },
      registryRememberedMs: config.registryRememberedMs,
      server: await take(config.host, config.port, 'PORT'),
      operations: await takeOperations(config, OPERATIONS_PORTS.hospital, take, log),
      log,
    });
    return { url: config.baseUrl, close: () => closeAll([() => service.close(), () => opened.close()]) };
  });
}

/** Runs the trustee role. @throws when a port is busy, a key does not fit, or the store cannot be opened. */
export async function serveTrustee(config: TrusteeConfig): Promise<Serving> {
  const log = serviceLog(config.logLevel);
  return withLedger(config, 'trustee', log, async (opened, take) => {
    const server = await take(config.host, config.port, 'PORT');
    const service = await startTrusteeService({
      baseUrl: config.baseUrl,
      dataDir: config.dataDir,
      consortiumKey: config.consortiumKey.reveal(),
      identifierSystems: config.subjectIdentifierSystems,
      apps: config.apps,
      externalOpenId: config.externalOpenId,
      trustedProxies: config.trustedProxies,
      openPlaceMs: config.openPlaceMs,
      limits: {
        ...limitsOf(config, DEFAULT_TRUSTEE_LIMITS),
        signIn: config.signInLimit ?? DEFAULT_TRUSTEE_LIMITS.signIn,
      },
      ledger: opened.ledger,
      ledgerKeeping: opened.keeping,
      network: { channel: config.channel, chaincode: config.chaincode },
      certificates: ofLedger(config),
      store: await openStore({ mongodbUri: config.mongodbUri, file: join(config.dataDir, 'accesses.db') }),
      server,
      operations: await takeOperations(config, OPERATIONS_PORTS.trustee, take, log),
      log,
    });
    return { url: config.baseUrl, close: () => closeAll([() => service.close(), () => opened.close()]) };
  });
}

function limitsOf<T extends RequestLimits>(
  { requestLimits }: HospitalConfig | TrusteeConfig,
  defaults: T,
): T {
  return {
    ...defaults,
    anonymous: requestLimits.anonymous ?? defaults.anonymous,
    caller: requestLimits.caller ?? defaults.caller,
  };
}

async function takeOperations(
  { operations }: HospitalConfig | TrusteeConfig,
  usual: number,
  take: typeof takePort,
  log: Logger,
): Promise<TakenPort> {
  const taken = await take(operations.host, operations.port ?? usual, 'OPERATIONS_PORT');
  log.info({ host: taken.host, port: taken.port }, 'metrics and detailed readiness');
  return taken;
}

/** Gives back the ledger and the ports when the rest does not start. */
async function withLedger(
  config: HospitalConfig | TrusteeConfig,
  role: 'holder' | 'trustee',
  log: Logger,
  start: (opened: OpenedLedger, take: typeof takePort) => Promise<Serving>,
): Promise<Serving> {
  const opened = await openLedger(config, role, log);
  const taken: TakenPort[] = [];
  try {
    return await start(opened, async (...place) => {
      const port = await takePort(...place);
      taken.push(port);
      return port;
    });
  } catch (error) {
    await closeAll([...taken.map((port) => () => port.close(0)), () => opened.close()]);
    throw error;
  }
}

function upstreamOf({ upstream, mspId, accessLimits }: HospitalConfig, log: Logger): Upstream {
  if (upstream.kind === 'sample') {
    return createSampleHospital(
      upstream.patients === undefined
        ? { patients: Object.keys(SAMPLE_PATIENTS) as SamplePatient[] }
        : { patients: upstream.patients, idNamespace: mspId },
    );
  }
  const { url, labels, aliases, timeoutMs, bearerTokenFile, ca, clientCertificate, clientKey } = upstream;
  return createHttpUpstream({
    baseUrl: url,
    labels,
    aliases,
    timeoutMs,
    maxBytes: accessLimits.sourceBytes,
    ...(bearerTokenFile === undefined ? {} : { bearerToken: createTokenFile(bearerTokenFile, log) }),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : { clientCertificate }),
      ...(clientKey === undefined ? {} : { clientKey: clientKey.reveal() }),
    },
  });
}

function ofLedger({ peer }: HospitalConfig | TrusteeConfig): Certificates {
  return {
    FABRIC_CERT_FILE: peer?.certificatePem,
    FABRIC_TLS_CA_FILE: peer?.tls?.rootCertificates,
    FABRIC_CLIENT_TLS_CERT_FILE: peer?.tls?.clientCertificate,
    FABRIC_ORDERER_TLS_CA_FILE: peer?.orderers?.tls.rootCertificates,
  };
}

function ofSource({ upstream }: HospitalConfig): Certificates {
  return upstream.kind === 'sample'
    ? {}
    : { UPSTREAM_CA_FILE: upstream.ca, UPSTREAM_CLIENT_CERT_FILE: upstream.clientCertificate };
}
