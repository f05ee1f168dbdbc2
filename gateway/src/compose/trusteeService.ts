// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { IdentifierSystem } from '@chartwitness/chaincode/domain';
import type { Logger } from 'pino';
import type { LedgerKeeping } from '../api/schemas';
import type { PublicApp, TrusteeConfig } from '../config/trusteeConfig';
import type { TakenPort } from '../http/listen';
import { createMetrics } from '../http/metrics';
import { openTrusteeClockCheck } from '../ledger/clockCheck';
import { addProjectionMetrics } from './projectionMetrics';
import { NetworkCheck } from '../ledger/networkCheck';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { createProjection, type Projection } from '../projection/projection';
import { createNetworkDirectory } from '../registry/networkDirectory';
import { createRegistryCache } from '../registry/registryCache';
import type { NetworkName } from '../registry/registryFileForm';
import type { AccessStore } from '../readmodel/accessStore';
import { openDatabase } from '../sqlite/openDatabase';
import { probeWrite } from '../sqlite/probeWrite';
import { identifierTable } from '../subjects/networkTable';
import { createPseudonyms } from '../subjects/pseudonyms';
import { openTableGuard } from '../subjects/tableGuard';
import { createTrusteeApp, type TrusteeLimits } from '../trustee/createTrusteeApp';
import { openPatientAccounts, type PatientAccounts } from '../trustee/accounts/patientAccounts';
import { migrateTrusteeDatabase } from '../trustee/trusteeDatabase';
import { openTrusteeKeys } from '../trustee/signIn/trusteeKeys';
import { addPeerClockMetric, clockHealth } from './clockHealth';
import { addCertificateDays, type Certificates } from './certificateDays';
import { closeAll } from './closeAll';
import { keptRegistry } from './keptRegistry';
import { addStoreFailures, countedDatabase, countedFailures } from './countedFailures';
import { addNetworkMetric, networkHealth } from './networkHealth';
import { StoreWatch } from './storeWatch';

export interface TrusteeServiceOptions {
  readonly baseUrl: string;
  readonly dataDir: string;
  readonly consortiumKey: Uint8Array;
  /** As the ledger's settings have them; compared at start. */
  readonly identifierSystems: readonly IdentifierSystem[];
  readonly apps: readonly PublicApp[];
  readonly externalOpenId?: TrusteeConfig['externalOpenId'];
  /** Reverse proxies before this service; default none. */
  readonly trustedProxies?: number;
  readonly limits?: TrusteeLimits;
  /** How long a place of a lane may be open while later ones are filled, in milliseconds; default 60,000. */
  readonly openPlaceMs?: number;
  /** Stays the caller's. */
  readonly ledger: ProvenanceLedger;
  readonly ledgerKeeping: LedgerKeeping;
  /** What the ledger is called: a remembered Registry of another one is not used. */
  readonly network: Omit<NetworkName, 'mspId'>;
  /** Of the ledger, for the operator's metric. */
  readonly certificates?: Certificates | undefined;
  /** Closed with the service. */
  readonly store: AccessStore;
  /** A taken port on which the service is served; closed with it. */
  readonly server: TakenPort;
  /** Another one, for operators; closed with it too. */
  readonly operations: TakenPort;
  readonly log: Logger;
}

export interface TrusteeService {
  readonly accounts: PatientAccounts;
  readonly projection: Projection;
  /** RFC 8707 value for the patient API. */
  readonly resource: string;
  readonly issuer: string;
  /** Finishes requests in flight, stops the projection after the batch in hand, closes the stores. */
  close(): Promise<void>;
}

/** Where the built portal lies. */
function portalDirectory(): string {
  return join(dirname(require.resolve('@chartwitness/web/package.json')), 'dist');
}

/**
 * Wires the trustee's service, starts its projection and serves it.
 * @throws TablesDiffer when the network reads patient identifiers in another way.
 */
export async function startTrusteeService(options: TrusteeServiceOptions): Promise<TrusteeService> {
  const { ledger, log, server } = options;
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const guard = await openTableGuard({ systems: options.identifierSystems, ledger, log });
  const pseudonyms = createPseudonyms({
    table: identifierTable(options.identifierSystems, Date.now),
    consortiumKey: options.consortiumKey,
  });
  const metrics = createMetrics('trustee');
  const storeFailed = addStoreFailures(metrics, ['list', 'accounts', 'registry']);
  const store = countedFailures(options.store, () => {
    storeFailed('list');
  });
  addCertificateDays(metrics, options.certificates ?? {}, Date.now);
  const clocks = openTrusteeClockCheck({ ledger, log });
  addPeerClockMetric(metrics, clocks);
  const network = new NetworkCheck({ ledger, log });
  addNetworkMetric(metrics, network);
  const kept = keptRegistry({ dataDir: options.dataDir, ledger, network: options.network, log });
  // Read at once, so that names are there when the ledger goes before anybody has asked for one.
  const memory = kept.follow(() => {
    storeFailed('registry');
  });
  const cache = createRegistryCache({ ledger, log, memory });
  const registry = createNetworkDirectory(cache, kept.remembered?.registry.organisations, log);
  const projection = createProjection({
    ledger,
    store,
    log,
    clock: Date.now,
    random: Math.random,
    sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
    ...(options.openPlaceMs === undefined ? {} : { openPlaceMs: options.openPlaceMs }),
  });
  const file = openDatabase(join(options.dataDir, 'accounts.db'));
  const accountsWatch = new StoreWatch({
    store: 'accounts and sign-ins',
    probe: () => {
      probeWrite(file);
    },
    log,
  });
  const database = countedDatabase(file, (error) => {
    storeFailed('accounts');
    accountsWatch.note(error);
  });
  migrateTrusteeDatabase(database);
  const accounts = openPatientAccounts(database);
  const external = options.externalOpenId;
  let isStopping = false;
  const trustee = createTrusteeApp({
    baseUrl: options.baseUrl,
    ledger: network.noting(ledger),
    ledgerKeeping: options.ledgerKeeping,
    store,
    registry,
    projectionStatus: () => projection.status(),
    subjectOf: (identifier) => pseudonyms.of(identifier),
    gate: guard.gate,
    readiness: {
      network: () => networkHealth(network),
      identifiers: () => guard.health(),
      clock: () => clockHealth(clocks),
      accounts: () => accountsWatch.health(),
    },
    database,
    accounts,
    keys: await openTrusteeKeys(join(options.dataDir, 'keys.json')),
    apps: options.apps,
    ...(external === undefined
      ? {}
      : {
          external: {
            ...external,
            clientSecret: new TextDecoder().decode(external.clientSecret.reveal()).trim(),
          },
        }),
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    portalDirectory: portalDirectory(),
    log,
    clock: Date.now,
    metrics,
    isStopping: () => isStopping,
    backChannelUrl: () => `http://${inUrl(server.host)}:${String(server.port)}`,
  });
  const stop = new AbortController();
  addProjectionMetrics(metrics, projection);
  const projecting = projection.run(stop.signal);
  server.serve(trustee.app);
  options.operations.serve(trustee.operations);
  return {
    accounts,
    projection,
    resource: trustee.resource,
    issuer: trustee.issuer,
    close: () => {
      isStopping = true;
      return closeAll([
        () => server.close(),
        () => {
          stop.abort();
          return projecting;
        },
        () => guard.close(),
        () => {
          clocks.close();
          network.close();
        },
        () => cache.close(),
        () => memory.close(),
        () => trustee.close(),
        () => store.close(),
        () => {
          accountsWatch.close();
          database.close();
        },
        // To the end it says that the service is stopping.
        () => options.operations.close(0),
      ]);
    },
  };
}

/** An address as a URL has it: IPv6 in brackets (RFC 3986 §3.2.2). */
function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
