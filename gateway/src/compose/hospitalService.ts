// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ClientClocks } from '../auth/clientClocks';
import { openReplayStore } from '../auth/replayStore';
import { timedUpstream } from '../fhir/sources/timedUpstream';
import type { Upstream } from '../fhir/sources/upstream';
import { createHospitalApp, type HospitalSettings, type TokenIssuer } from '../hospital/createHospitalApp';
import type { TakenPort } from '../http/listen';
import { createMetrics } from '../http/metrics';
import { openHospitalClockCheck } from '../ledger/clockCheck';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import { createRegistryCache } from '../registry/registryCache';
import type { NetworkName, RegistryAsOf } from '../registry/registryFileForm';
import { DEFAULT_STALE_MS } from '../registry/rememberedAnswer';
import { watchLedger } from '../ledger/watchedLedger';
import type { RecorderLimits } from '../recorder/limits';
import { openOutbox } from '../recorder/sqliteOutbox';
import { createRecorder } from '../recorder/createRecorder';
import type { EmergencyWithoutLedger, Recorder } from '../recorder/recorder';
import { openTableGuard, type RememberedTable } from '../subjects/tableGuard';
import { keepSecret } from '../keys/keyFile';
import { keepSigningKey } from '../keys/signingKey';
import { createRandomPool } from './randomPool';
import { addClientClockMetric, addPeerClockMetric, clockHealth } from './clockHealth';
import { addCertificateDays, type Certificates } from './certificateDays';
import { closeAll } from './closeAll';
import { addStoreFailures, countedFailures } from './countedFailures';
import { keptRegistry } from './keptRegistry';
import { recorderHealth } from './recorderHealth';
import { addBatchSeconds, addRecorderMetrics } from './recorderMetrics';
import { addRegistryMetric, registryHealth } from './registryHealth';
import { StoreWatch } from './storeWatch';

export interface HospitalServiceOptions {
  readonly settings: HospitalSettings;
  readonly gatewayName: string;
  readonly emergencyWithoutLedger: EmergencyWithoutLedger;
  readonly recorderLimits?: Partial<RecorderLimits>;
  readonly dataDir: string;
  readonly consortiumKey: Uint8Array;
  /**
   * Seals next links; the same at all gateways under one base URL. Absent: this gateway keeps one of its own.
   */
  readonly pageKey?: Uint8Array | undefined;
  readonly externalIssuer?: { readonly issuer: string; readonly jwksUrl: string } | undefined;
  readonly upstream: Upstream;
  /** Of ledger and source, for the operator's metric. */
  readonly certificates?: Certificates | undefined;
  /** Stays the caller's. */
  readonly ledger: ProvenanceLedger;
  /** Which one it is. */
  readonly network: Pick<NetworkName, 'channel' | 'chaincode'>;
  /**
   * How long clients and organisations that were read count while the ledger is away, in milliseconds.
   * Default {@link DEFAULT_STALE_MS}.
   */
  readonly registryRememberedMs?: number;
  /** A taken port on which the service is served; closed with it. */
  readonly server: TakenPort;
  /** Another one, for operators; closed with it too. */
  readonly operations: TakenPort;
  readonly log: Logger;
}

export interface HospitalService {
  readonly recorder: Recorder;
  /** Finishes requests in flight, flushes the recorder, closes the stores. */
  close(): Promise<void>;
}

const PAGE_KEY_BYTES = 32;

/** The table of the network as it was read last, for a start without the ledger. */
function tableOf(remembered: RegistryAsOf | undefined): RememberedTable | undefined {
  const settings = remembered?.registry.settings;
  return remembered === undefined || settings === undefined
    ? undefined
    : { systems: settings.identifierSystems, asOf: new Date(remembered.readAt).toISOString() };
}

/**
 * Wires one hospital gateway and serves it.
 * @throws TablesDiffer when the network reads patient identifiers in another way.
 */
export async function startHospitalService(options: HospitalServiceOptions): Promise<HospitalService> {
  const { log, server } = options;
  const ledger = watchLedger(options.ledger, log, Date.now);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const kept = keptRegistry({ dataDir: options.dataDir, ledger, network: options.network, log });
  const guard = await openTableGuard({
    systems: options.settings.identifierSystems,
    ledger,
    remembered: tableOf(kept.remembered),
    log,
  });
  const metrics = createMetrics('hospital');
  const lane = `${ledger.mspId}/${options.gatewayName}`;
  const storeFailed = addStoreFailures(metrics, ['outbox', 'replays', 'registry']);
  const staleMs = options.registryRememberedMs ?? DEFAULT_STALE_MS;
  const memory = kept.follow(() => {
    storeFailed('registry');
  }, staleMs);
  addRegistryMetric(metrics, memory);
  const recorder = await createRecorder({
    ledger,
    lane,
    outbox: countedFailures(openOutbox(join(options.dataDir, 'outbox.db')), () => {
      storeFailed('outbox');
    }),
    emergencyWithoutLedger: options.emergencyWithoutLedger,
    limits: options.recorderLimits ?? {},
    onBatch: addBatchSeconds(metrics),
    log,
  });
  addRecorderMetrics(metrics, recorder);
  addCertificateDays(metrics, options.certificates ?? {}, Date.now);
  // Not by the watched ledger: a trustee's peer that does not answer this question is nobody's trouble.
  const peerClocks = openHospitalClockCheck({ ledger: options.ledger, lane, log });
  const clientClocks = new ClientClocks({
    clock: Date.now,
    onSuspicion: (suspicion) => {
      log.warn(suspicion ?? 'clients get tokens again: their clocks agree with this one');
    },
  });
  addPeerClockMetric(metrics, peerClocks);
  addClientClockMetric(metrics, clientClocks);
  const registry = createRegistryCache({
    ledger,
    log,
    staleMs,
    memory,
    isLedgerAway: () => recorder.state().ledgerAway,
  });
  const replays = openReplayStore(join(options.dataDir, 'replays.db'), Date.now);
  const replaysWatch = new StoreWatch({
    store: 'used client assertions',
    probe: () => {
      replays.probe();
    },
    log,
  });
  const tokens: TokenIssuer =
    options.externalIssuer === undefined
      ? {
          kind: 'embedded',
          signingKey: await keepSigningKey(join(options.dataDir, 'token-key.json'), 'ES256', 'gateway'),
          replays: countedFailures(replays, (error) => {
            storeFailed('replays');
            replaysWatch.note(error);
          }),
        }
      : { kind: 'external', ...options.externalIssuer };
  let isStopping = false;
  const hospital = await createHospitalApp({
    settings: options.settings,
    tokens,
    registry,
    recorder,
    emergencyWithoutLedger: options.emergencyWithoutLedger,
    upstream: timedUpstream(options.upstream, {
      now: () => performance.now(),
      observe: metrics.durations(
        'chartwitness_source_seconds',
        'Answers of the clinical data source',
        'result',
      ),
    }),
    consortiumKey: options.consortiumKey,
    pageKey: options.pageKey ?? keepSecret(join(options.dataDir, 'page.key'), PAGE_KEY_BYTES),
    clock: Date.now,
    random: createRandomPool(),
    log,
    metrics,
    gate: guard.gate,
    mspId: ledger.mspId,
    clocks: clientClocks,
    isStopping: () => isStopping,
    readiness: {
      recorder: () => recorderHealth(recorder, ledger),
      registry: () => registryHealth(memory),
      identifiers: () => guard.health(),
      clock: () => clockHealth(peerClocks, clientClocks),
      replays: () => replaysWatch.health(),
    },
  });
  server.serve(hospital.app);
  options.operations.serve(hospital.operations);
  return {
    recorder,
    close: () => {
      isStopping = true;
      ledger.leave();
      recorder.windDown();
      // Follows the ledger beside the rest: a peer that hangs answers its last question after seconds.
      const registryClosed = registry.close();
      return closeAll([
        () => server.close(options.recorderLimits?.drainMs),
        () => guard.close(),
        () => {
          peerClocks.close();
        },
        () => recorder.close(),
        // Until here it says that the service is stopping.
        () => options.operations.close(0),
        () => hospital.close(),
        () => registryClosed,
        () => memory.close(),
        () => {
          replaysWatch.close();
          replays.close();
        },
      ]);
    },
  };
}
