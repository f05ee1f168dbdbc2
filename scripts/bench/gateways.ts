// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { openReplayStore } from '../../gateway/dist/auth/replayStore';
import { US_IDENTIFIER_SYSTEMS } from '../../gateway/dist/compose/bootstrap';
import { createRandomPool } from '../../gateway/dist/compose/randomPool';
import type { Upstream } from '../../gateway/dist/fhir/sources/upstream';
import { createHospitalApp, type HospitalDependencies } from '../../gateway/dist/hospital/createHospitalApp';
import { takePort } from '../../gateway/dist/http/listen';
import { keepSigningKey } from '../../gateway/dist/keys/signingKey';
import type { FabricLedger } from '../../gateway/dist/ledger/fabricLedger';
import { createRegistryCache } from '../../gateway/dist/registry/registryCache';
import { createRecorder } from '../../gateway/dist/recorder/createRecorder';
import type { RecorderLimits } from '../../gateway/dist/recorder/limits';
import type { BatchReport, Recorder } from '../../gateway/dist/recorder/recorder';
import { openOutbox } from '../../gateway/dist/recorder/sqliteOutbox';
import type { Target } from './load';
import { log, NORTH } from './network';

/** What a recorder does when every access is a transaction of its own; as many at once as a lane allows. */
export const ONE_EACH: Partial<RecorderLimits> = { maxBatchEvents: 1, maxInFlight: 8, pipelineAt: 1 };

/** What the benchmark counts of a recorder. */
export interface Counted {
  readonly queued: number;
  readonly inFlight: number;
  readonly committedEvents: number;
  readonly committedBatches: number;
  readonly failedAttempts: number;
}
/** The product's recorder, or what it is compared with. */
export type CountedRecorder = HospitalDependencies['recorder'] & { state(): Counted };

export interface GatewayOptions {
  readonly ledger: FabricLedger;
  readonly dataDir: string;
  readonly name: string;
  readonly upstream: Upstream;
  /** Who is asked about over HTTP. */
  readonly patients: readonly string[];
  /** For pseudonyms; default: one of its own. */
  readonly consortiumKey?: Uint8Array;
  /** Replaces the timer by which what is absent waits. */
  readonly pause?: () => Promise<void>;
}

export interface StartedGateway<R extends CountedRecorder = Recorder> extends Target {
  readonly recorder: R;
}

/**
 * A hospital gateway on a free port with the product's own recorder.
 * @param options.onBatch hears of its commits
 */
export async function startGateway(
  options: GatewayOptions & {
    readonly limits?: Partial<RecorderLimits>;
    readonly onBatch?: (report: BatchReport) => void;
  },
): Promise<StartedGateway> {
  const { ledger, dataDir, name, limits, onBatch } = options;
  const recorder = await createRecorder({
    ledger,
    lane: `${NORTH}/${name}`,
    outbox: openOutbox(path.join(dataDir, `${name}-outbox.db`)),
    emergencyWithoutLedger: 'refuse',
    log,
    ...(limits === undefined ? {} : { limits }),
    ...(onBatch === undefined ? {} : { onBatch }),
  });
  return serveWith(recorder, options);
}

/** The same with a recorder that is given; all else is the product's own. */
export async function serveWith<R extends CountedRecorder>(
  recorder: R,
  options: GatewayOptions,
): Promise<StartedGateway<R>> {
  const { ledger, dataDir, name, upstream, patients, pause } = options;
  const server = await takePort('127.0.0.1', 0, 'PORT');
  const baseUrl = `http://127.0.0.1:${String(server.port)}`;
  const { app } = await createHospitalApp({
    settings: {
      baseUrl,
      identifierSystems: US_IDENTIFIER_SYSTEMS,
      disclosure: 'hidden',
      // What the gateway can, not what one client may.
      requestLimits: { anonymous: 600, caller: Number.MAX_SAFE_INTEGER },
    },
    tokens: {
      kind: 'embedded',
      signingKey: await keepSigningKey(path.join(dataDir, `${name}-key.json`), 'ES256', name),
      replays: openReplayStore(':memory:', Date.now),
    },
    registry: createRegistryCache({ ledger, log }),
    recorder,
    emergencyWithoutLedger: 'refuse',
    upstream,
    mspId: NORTH,
    consortiumKey: options.consortiumKey ?? randomBytes(32),
    pageKey: randomBytes(32),
    clock: Date.now,
    random: createRandomPool(),
    ...(pause === undefined ? {} : { pause }),
    log,
  });
  server.serve(app);
  return { baseUrl, recorder, paths: patients.flatMap(pathsOf) };
}

/** One search per type that the patient has, and a read of a single resource. */
function pathsOf(id: string): readonly string[] {
  return [
    `/fhir/Patient/${id}`,
    `/fhir/Condition?patient=${id}`,
    `/fhir/AllergyIntolerance?patient=${id}`,
    `/fhir/Immunization?patient=${id}&_count=10`,
  ];
}
