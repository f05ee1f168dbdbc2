// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { AccessLimits } from '../hospital/limits';
import { contradictions, limitsOf } from '../hospital/limitSettings';
import type { RecorderLimits } from '../recorder/limits';
import { COMMON, type CommonConfig, commonOf } from './commonConfig';
import { ConfigError } from './configError';
import { ConfigReader, finish, parseShape } from './configReader';
import { type Environment, modeOf, type ReadFile, type ReadMode } from './environment';
import { KIB, MIB, MIN_SECRET_BYTES } from './forms';
import { HOSPITAL_VARIABLES, LIMIT_VARIABLES_OF_AN_ACCESS } from './hospitalVariables';
import type { Secret } from './secret';
import { type UpstreamConfig, upstreamOf } from './upstreamConfig';
import { shapeOf } from './variable';

export interface HospitalConfig extends CommonConfig {
  readonly gatewayName: string;
  /** The deployment's choice for emergencies on which neither the ledger nor the own peer has a word. */
  readonly emergencyWithoutLedger: 'release' | 'refuse';
  /** How long clients and organisations that were read count while the ledger is away, in milliseconds. */
  readonly registryRememberedMs: number;
  readonly recorderLimits: Partial<RecorderLimits>;
  readonly accessLimits: AccessLimits;
  /** Seals next links; absent: this gateway keeps one of its own. */
  readonly pageKey: Secret | undefined;
  readonly upstream: UpstreamConfig;
  readonly disclosure: 'hidden' | 'announced';
  readonly externalIssuer: { readonly issuer: string; readonly jwksUrl: string } | undefined;
}

const MINUTE_MS = 60_000;
const HOSPITAL = { ...COMMON, ...HOSPITAL_VARIABLES, ...LIMIT_VARIABLES_OF_AN_ACCESS } as const;

type HospitalValues = z.infer<ReturnType<typeof shapeOf<typeof HOSPITAL>>>;

/**
 * The hospital role's configuration.
 * @throws {@link ConfigError} with every problem found.
 */
export function parseHospitalConfig(
  environment: Environment,
  readFile: ReadFile = readFileSync,
  readMode: ReadMode = modeOf,
): HospitalConfig {
  const reader = new ConfigReader(readFile, readMode);
  const values = parseShape(shapeOf(HOSPITAL), environment, reader);
  if (values === undefined) {
    throw new ConfigError(reader.problems);
  }
  const external = reader.together({
    TOKEN_ISSUER: values.TOKEN_ISSUER,
    TOKEN_JWKS_URL: values.TOKEN_JWKS_URL,
  });
  const config: HospitalConfig = {
    ...commonOf(values, reader),
    gatewayName: values.GATEWAY_NAME,
    emergencyWithoutLedger: values.EMERGENCY_WITHOUT_LEDGER,
    registryRememberedMs: values.REGISTRY_REMEMBERED_MINUTES * MINUTE_MS,
    recorderLimits: recorderLimitsOf(values, reader),
    accessLimits: accessLimitsOf(values, reader),
    pageKey: pageKeyOf(values, reader),
    upstream: upstreamOf(values, reader),
    disclosure: values.DISCLOSURE,
    externalIssuer: external
      ? { issuer: values.TOKEN_ISSUER ?? '', jwksUrl: values.TOKEN_JWKS_URL ?? '' }
      : undefined,
  };
  return finish(config, reader);
}

function recorderLimitsOf(values: HospitalValues, reader: ConfigReader): Partial<RecorderLimits> {
  const least = values.LEDGER_AWAY_AFTER_MS + values.OWN_PEER_WAIT_MS;
  if (values.EMERGENCY_DEADLINE_MS <= least) {
    // An emergency would always be over before the ledger counts as away, so that none would ever be released
    // late.
    reader.complain(
      'EMERGENCY_DEADLINE_MS',
      `is not more than ${String(least)}, which LEDGER_AWAY_AFTER_MS and OWN_PEER_WAIT_MS take together`,
    );
  }
  return {
    deadlineMs: values.ACCESS_DEADLINE_MS,
    readingMs: values.READING_DEADLINE_MS,
    emergencyWaitMs: values.EMERGENCY_DEADLINE_MS,
    awayAfterMs: values.LEDGER_AWAY_AFTER_MS,
    evaluateMs: values.OWN_PEER_WAIT_MS,
    maxAdmitted: values.MAX_ADMITTED,
    maxAdmittedEmergencies: values.MAX_ADMITTED_EMERGENCIES,
    maxQueued: values.MAX_QUEUED,
    maxQueuedBytes: values.MAX_QUEUED_MIB * MIB,
    maxBatchEvents: values.MAX_BATCH_EVENTS,
    maxBatchBytes: values.MAX_BATCH_KIB * KIB,
    maxInFlight: values.MAX_BATCHES_IN_FLIGHT,
    pipelineAt: values.NEXT_BATCH_AT,
    pipelineAfterMs: values.NEXT_BATCH_AFTER_MS,
    awayMemoryMs: values.LEDGER_AWAY_FOR_MS,
    drainMs: values.STOP_WITHIN_MS,
  };
}

function accessLimitsOf(values: HospitalValues, reader: ConfigReader): AccessLimits {
  const limits = limitsOf(values);
  for (const [variable, problem] of contradictions(limits)) {
    reader.complain(variable, problem);
  }
  return limits;
}

function pageKeyOf(
  { PAGE_KEY_FILE: file, CONSORTIUM_KEY_FILE: sharedFile }: HospitalValues,
  reader: ConfigReader,
): Secret | undefined {
  if (file === undefined) {
    return undefined;
  }
  const key = reader.secret('PAGE_KEY_FILE', file, MIN_SECRET_BYTES);
  const isShared = file === sharedFile || Buffer.compare(key.reveal(), reader.quietly(sharedFile)) === 0;
  if (isShared && key.reveal().length >= MIN_SECRET_BYTES) {
    reader.complain(
      'PAGE_KEY_FILE',
      'holds the key of CONSORTIUM_KEY_FILE, which other organisations have as well',
    );
  }
  return key;
}
