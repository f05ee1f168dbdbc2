// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import { createMetrics } from '../../../gateway/src/http/metrics';
import { createNetworkDirectory } from '../../../gateway/src/registry/networkDirectory';
import { createRegistryCache } from '../../../gateway/src/registry/registryCache';
import { createProjection, type Projection } from '../../../gateway/src/projection/projection';
import type { AccessStore } from '../../../gateway/src/readmodel/accessStore';
import { openSqlAccessStore } from '../../../gateway/src/readmodel/sqlAccessStore';
import { openDatabase, type SqlDatabase } from '../../../gateway/src/sqlite/openDatabase';
import {
  openPatientAccounts,
  type PatientAccounts,
} from '../../../gateway/src/trustee/accounts/patientAccounts';
import {
  createTrusteeApp,
  type TrusteeApp,
  type TrusteeDeps,
} from '../../../gateway/src/trustee/createTrusteeApp';
import { openTrusteeKeys } from '../../../gateway/src/trustee/signIn/trusteeKeys';
import { migrateTrusteeDatabase } from '../../../gateway/src/trustee/trusteeDatabase';
import { FakeProvenanceLedger } from '../../support/fakeProvenanceLedger';
import { pause } from '../../support/pause';
import { subjectOf } from './subjects';

// Nothing here waits for time to pass; a busy machine is slow all the same.
jest.setTimeout(30_000);

export const SYSTEM = 'http://hl7.org/fhir/sid/us-ssn';
export const ALICE = {
  username: 'alice',
  password: 'alice likes tea',
  name: 'Alice Kreiger',
  value: '999-11-1111',
};
export const BOB = {
  username: 'bob',
  password: 'bob likes coffee',
  name: 'Bob Hoeger',
  value: '999-22-2222',
};
export const LANE = 'NorthHospitalMSP/main';
export const APP = {
  clientId: 'diary',
  name: 'Health Diary',
  redirectUris: ['http://127.0.0.1:7777/callback'],
  scope: 'openid profile offline_access patient/AuditEvent.rs patient/Consent.cruds',
};

/** An app that was registered for less. */
export const READER = { ...APP, clientId: 'reader', name: 'Reader', scope: 'patient/AuditEvent.s' };

export interface Harness {
  readonly baseUrl: string;
  readonly trustee: TrusteeApp;
  readonly ledger: FakeProvenanceLedger;
  readonly store: AccessStore;
  readonly projection: Projection;
  readonly accounts: PatientAccounts;
  /** Of accounts and sign-ins. */
  readonly database: SqlDatabase;
  readonly logLines: string[];
  /** How long sign-ins were held back, one number each. */
  readonly pauses: number[];
  /** Moves the service's clock; OpenID Connect itself runs on the real one. */
  advance(ms: number): void;
  /** Stops it, so that how long an answer takes decides nothing. */
  stopClock(): void;
  /** Waits until the list holds everything that the ledger has. */
  projected(): Promise<void>;
  close(): Promise<void>;
}

/** The real trustee over real HTTP, stores in a temporary folder, on the fake ledger. */
export async function startTrustee(change: Partial<TrusteeDeps> = {}): Promise<Harness> {
  const directory = mkdtempSync(join(tmpdir(), 'chartwitness-trustee-'));
  const logLines: string[] = [];
  const pauses: number[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => logLines.push(line) });
  let shift = 0;
  let stoppedAt: number | undefined;
  const clock = (): number => (stoppedAt ?? Date.now()) + shift;
  const ledger = new FakeProvenanceLedger();
  await ledger.initialise({
    trustee: 'TrusteeMSP',
    defaultPolicy: {
      rules: [{ id: 'own-staff-treatment', effect: 'permit', org: '@holder', purposes: ['TREAT'] }],
      default: 'deny',
    },
    identifierSystems: US_IDENTIFIER_SYSTEMS,
  });
  await ledger.admitOrganisation({
    mspId: 'NorthHospitalMSP',
    role: 'holder',
    name: 'North Hospital',
    identifiers: ['https://north.example.org'],
  });
  const store = openSqlAccessStore(join(directory, 'readmodel.db'));
  const cache = createRegistryCache({ ledger, log });
  const registry = createNetworkDirectory(cache);
  const projection = createProjection({
    ledger,
    store,
    log,
    clock,
    random: () => 0.5,
    sleep: pause,
    pollMs: 20,
  });
  const database = openDatabase(join(directory, 'trustee.db'));
  migrateTrusteeDatabase(database);
  const accounts = openPatientAccounts(database, { N: 16, r: 1, p: 1 });
  for (const { username, password, name, value } of [ALICE, BOB]) {
    await accounts.put({ username, password, name, identifier: { system: SYSTEM, value } });
  }
  const server: Server = createServer((request, response) => {
    trustee.app(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const trustee = createTrusteeApp({
    ledgerKeeping: 'shared',
    baseUrl,
    ledger,
    store,
    registry,
    projectionStatus: () => projection.status(),
    subjectOf: ({ value }) => subjectOf(value),
    database,
    accounts,
    keys: await openTrusteeKeys(join(directory, 'keys.json')),
    apps: [APP, READER],
    portalDirectory: join(directory, 'portal'),
    log,
    clock,
    metrics: createMetrics('trustee'),
    pauseSignIn: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    ...change,
  });
  const stop = new AbortController();
  const running = projection.run(stop.signal);
  return {
    baseUrl,
    trustee,
    ledger,
    store,
    projection,
    accounts,
    database,
    logLines,
    pauses,
    stopClock: () => {
      stoppedAt = Date.now();
    },
    advance: (ms) => {
      shift += ms;
    },
    projected: async () => {
      const wanted = ledger.blocks.length - 1;
      await new Promise<void>((resolve) => {
        const done = projection.watch(check);
        function check(): void {
          if (projection.status().block === wanted) {
            done();
            resolve();
          }
        }
        check();
      });
    },
    close: async () => {
      stop.abort();
      await running;
      await cache.close();
      await trustee.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}
