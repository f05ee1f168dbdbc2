// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { dist } from './dist.mjs';
import { log, NORTH } from './network.mjs';

const { US_IDENTIFIER_SYSTEMS } = dist('compose/bootstrap.js');
const { createHospitalApp } = dist('hospital/createHospitalApp.js');
const { createRegistryCache } = dist('ledger/registryCache.js');
const { createRecorder } = dist('recorder/createRecorder.js');
const { openOutbox } = dist('recorder/sqliteOutbox.js');
const { openReplayStore } = dist('auth/replayStore.js');
const { createSampleHospital } = dist('fhir/sampleHospital.js');
const { keepSigningKey } = dist('keys/signingKey.js');
const { createRandomPool } = dist('compose/randomPool.js');
const { takePort } = dist('http/listen.js');

/** What a recorder does when every access is a transaction of its own; as many at once as a lane allows. */
export const ONE_EACH = { maxBatchEvents: 1, maxInFlight: 8, pipelineAt: 1 };

/**
 * A hospital gateway on a free port; the parts are the product's own. Unless given: the sample hospital as its source of data, a key of its own
 * for pseudonyms, and the product's recorder with `limits` (`onBatch` is told of its commits). `pause` replaces the timer by which what is absent waits.
 */
export async function startGateway({ ledger, dataDir, name, limits, onBatch, ...given }) {
  const server = await takePort('127.0.0.1', 0, 'PORT');
  const baseUrl = `http://127.0.0.1:${String(server.port)}`;
  const upstream = given.upstream ?? createSampleHospital({ patients: ['alberto', 'liz', 'ned', 'chet'] });
  const recorder =
    given.recorder ??
    (await createRecorder({
      ledger,
      lane: `${NORTH}/${name}`,
      outbox: openOutbox(join(dataDir, `${name}-outbox.db`)),
      emergencyWithoutLedger: 'refuse',
      log,
      limits,
      onBatch,
    }));
  const registry = createRegistryCache({ ledger, log });
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
      signingKey: await keepSigningKey(join(dataDir, `${name}-key.json`), 'ES256', name),
      replays: openReplayStore(':memory:', Date.now),
    },
    registry,
    recorder,
    upstream,
    mspId: NORTH,
    consortiumKey: given.consortiumKey ?? randomBytes(32),
    pageKey: randomBytes(32),
    clock: Date.now,
    random: createRandomPool(),
    ...(given.pause === undefined ? {} : { pause: given.pause }),
    log,
  });
  server.serve(app);
  return { baseUrl, recorder, upstream, paths: readPaths(upstream) };
}

/** One search per patient and type that the patient has, and reads of single resources. */
function readPaths(upstream) {
  return upstream
    .patients()
    .flatMap((patient) => [
      `/fhir/Patient/${patient.id}`,
      `/fhir/Condition?patient=${patient.id}`,
      `/fhir/AllergyIntolerance?patient=${patient.id}`,
      `/fhir/Immunization?patient=${patient.id}&_count=10`,
    ]);
}
