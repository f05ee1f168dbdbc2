// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import {
  type AccessRequest,
  type ClientApplication,
  type DecidedItem,
  type Organisation,
  parseAccessRequest,
} from '@chartwitness/chaincode/domain';
import { withholdUnreached } from '../../../chaincode/src/domain/reach';
import type { Express } from 'express';
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import pino, { type Logger } from 'pino';
import request from 'supertest';
import { US_IDENTIFIER_SYSTEMS } from '../../../gateway/src/compose/bootstrap';
import type { ClientClocks } from '../../../gateway/src/auth/clientClocks';
import { openReplayStore, type ReplayStore } from '../../../gateway/src/auth/replayStore';
import { createSampleHospital, type SampleHospital } from '../../../gateway/src/fhir/sources/sampleHospital';
import type { Upstream } from '../../../gateway/src/fhir/sources/upstream';
import type { Metrics } from '../../../gateway/src/http/metrics';
import {
  createHospitalApp,
  type HospitalSettings,
  type TokenIssuer,
} from '../../../gateway/src/hospital/createHospitalApp';
import type { EmergencyWithoutLedger, Recorder, RecordOutcome } from '../../../gateway/src/recorder/recorder';

export const BASE_URL = 'https://gateway.north.example.org';
export const FHIR = `${BASE_URL}/fhir`;
export const ISSUER = `${BASE_URL}/oauth`;
export const TOKEN_URL = `${ISSUER}/token`;
export const NORTH_ID = 'https://north-hospital.example.org';
export const CONSORTIUM_KEY = new Uint8Array(32).fill(7);
export const PAGE_KEY = new Uint8Array(32).fill(8);
export const DOCTOR = {
  subject_id: 'urn:oid:2.16.840.1.113883.4.6#10',
  subject_name: 'Dr. Mariam Gleason',
  subject_role: 'doctor',
};

export interface ClientKey {
  readonly alg: string;
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
}

export async function makeKey(alg: string, kid = `key-${alg}`): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    alg,
    privateJwk: { ...(await exportJWK(privateKey)), kid, alg },
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg },
  };
}

/** As the ledger does: what is reached only from withheld items is withheld. */
function reachable({ items }: AccessRequest, outcome: RecordOutcome): RecordOutcome {
  if (outcome.permitted.length !== items.length) {
    return outcome;
  }
  const decided = items.map((item, place): DecidedItem => ({
    ...item,
    decision: outcome.permitted[place] === true ? 'permit' : 'deny',
    basis: { kind: 'default', version: 1 },
  }));
  return { ...outcome, permitted: withholdUnreached(decided).map(({ decision }) => decision === 'permit') };
}

/** Answers for the ledger at the recorder's interface: keeps what it was given and decides as told. */
export class FakeRecorder {
  readonly requests: AccessRequest[] = [];
  decide: (request: AccessRequest) => RecordOutcome | Promise<RecordOutcome> = (access) => ({
    permitted: access.items.map(() => true),
    late: false,
    transactionId: 'tx',
  });

  async record(parts: readonly AccessRequest[]): Promise<readonly RecordOutcome[]> {
    // The real recorder refuses what does not have this form.
    this.requests.push(...parts.map((part) => parseAccessRequest(JSON.parse(JSON.stringify(part)))));
    return Promise.all(parts.map(async (part) => reachable(part, await this.decide(part))));
  }

  /** Whether the ledger is known to commit. */
  isCommitting = true;

  commitsNow(): boolean {
    return this.isCommitting;
  }

  /** Nobody is asked for here. */
  rehearse(): Promise<{ late: boolean }> {
    return Promise.resolve({ late: false });
  }

  admit(): { at: number; release: () => void } {
    return { at: 0, release: () => undefined };
  }

  timeLeft(): number {
    return Infinity;
  }

  async evaluate(access: AccessRequest): Promise<readonly boolean[]> {
    const question = parseAccessRequest(JSON.parse(JSON.stringify(access)));
    return reachable(question, await this.decide(question)).permitted;
  }

  permitWhere(isPermitted: (item: AccessRequest['items'][number]) => boolean): void {
    this.decide = (access) => ({ permitted: access.items.map(isPermitted), late: false });
  }

  denyAll(): void {
    this.permitWhere(() => false);
  }
}

export class FakeRegistry {
  readonly clients = new Map<string, ClientApplication>();
  readonly organisations = new Map<string, Organisation>();
  failure: Error | undefined;

  findClient(clientId: string): Promise<ClientApplication | undefined> {
    return this.failure === undefined
      ? Promise.resolve(this.clients.get(clientId))
      : Promise.reject(this.failure);
  }
  findOrganisation(mspId: string): Promise<Organisation | undefined> {
    return this.failure === undefined
      ? Promise.resolve(this.organisations.get(mspId))
      : Promise.reject(this.failure);
  }
}

export interface FixtureOptions {
  readonly metrics?: Metrics;
  readonly clocks?: Pick<ClientClocks, 'note'>;
  readonly upstream?: Upstream;
  readonly settings?: Partial<HospitalSettings>;
  readonly tokens?: TokenIssuer;
  readonly replays?: ReplayStore;
  readonly clock?: () => number;
  readonly log?: Logger;
  /** Default `release`. */
  readonly emergencyWithoutLedger?: EmergencyWithoutLedger;
  /** Instead of the fake one. */
  readonly ownRecorder?: Recorder;
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly stopwatch?: () => number;
}

export interface Hospital {
  readonly app: Express;
  readonly operations: Express;
  readonly recorder: FakeRecorder;
  readonly registry: FakeRegistry;
  readonly sample: SampleHospital;
  readonly key: ClientKey;
  readonly signingKey: JWK;
  /** Asks the token endpoint; the errand's `b2b` is merged over a valid one. */
  token(errand?: Errand): Promise<string>;
  /** A call with an access token for the errand, as the token endpoint would issue it. */
  get(path: string, errand?: Errand, headers?: Record<string, string>): Promise<request.Response>;
}

export interface Errand {
  readonly purpose?: string;
  readonly scope?: string;
  readonly b2b?: Record<string, unknown>;
}

let sampleKey: Promise<ClientKey> | undefined;
let serverKey: Promise<ClientKey> | undefined;
/** Read-only, so every test of a file may use the same. */
let sharedSample: SampleHospital | undefined;

function choiceOf({ emergencyWithoutLedger = 'release' }: FixtureOptions): EmergencyWithoutLedger {
  return emergencyWithoutLedger;
}

function givenOf({
  pause,
  stopwatch,
  metrics,
}: FixtureOptions): Pick<FixtureOptions, 'pause' | 'stopwatch' | 'metrics'> {
  return {
    ...(pause === undefined ? {} : { pause }),
    ...(stopwatch === undefined ? {} : { stopwatch }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}

export async function createHospital(options: FixtureOptions = {}): Promise<Hospital> {
  const key = await (sampleKey ??= makeKey('ES384', 'north-1'));
  const signing = await (serverKey ??= makeKey('ES256', 'gateway-1'));
  const clock = options.clock ?? Date.now;
  const recorder = new FakeRecorder();
  const registry = new FakeRegistry();
  registry.organisations.set('NorthHospitalMSP', {
    mspId: 'NorthHospitalMSP',
    role: 'holder',
    name: 'North Hospital',
    identifiers: [NORTH_ID],
    status: 'active',
  });
  registry.clients.set('north-ehr', {
    clientId: 'north-ehr',
    org: 'NorthHospitalMSP',
    name: 'North EHR',
    jwks: { keys: [key.publicJwk] },
    scope: 'system/*.rs',
    status: 'active',
  });
  const sample = (sharedSample ??= createSampleHospital({ patients: ['alberto', 'liz', 'ned'] }));
  const { app, operations } = await createHospitalApp({
    settings: {
      baseUrl: BASE_URL,
      identifierSystems: US_IDENTIFIER_SYSTEMS,
      disclosure: 'hidden',
      requestLimits: { anonymous: 1_000_000, caller: 1_000_000 },
      ...options.settings,
    },
    tokens: options.tokens ?? {
      kind: 'embedded',
      signingKey: signing.privateJwk,
      replays: options.replays ?? openReplayStore(':memory:', clock),
    },
    registry,
    recorder: options.ownRecorder ?? recorder,
    emergencyWithoutLedger: choiceOf(options),
    ...givenOf(options),
    clocks: options.clocks,
    upstream: options.upstream ?? sample,
    consortiumKey: CONSORTIUM_KEY,
    mspId: 'NorthHospitalMSP',
    pageKey: PAGE_KEY,
    clock,
    random: randomBytes,
    log: options.log ?? pino({ level: 'silent' }),
  });
  const token = async (errand: Errand = {}): Promise<string> => {
    const response = await requestToken(app, {
      assertion: await assertion(key, errand),
      scope: errand.scope,
    });
    const body = response.body as { access_token?: unknown };
    if (typeof body.access_token !== 'string') {
      throw new Error(`no token: ${String(response.status)} ${response.text}`);
    }
    return body.access_token;
  };
  return {
    app,
    operations,
    recorder,
    registry,
    sample,
    key,
    signingKey: signing.privateJwk,
    token,
    get: async (path, errand = {}, headers = {}) => {
      const now = Math.floor(clock() / 1000);
      const claims = { scope: errand.scope ?? 'system/*.rs', extensions: { 'hl7-b2b': businessOf(errand) } };
      const signed = await accessToken(signing.privateJwk, 'ES256', { claims }, now);
      return request(app).get(`/fhir/${path}`).set('authorization', `Bearer ${signed}`).set(headers);
    },
  };
}

export interface AssertionChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Record<string, unknown>;
}

function businessOf({ purpose = 'TREAT', b2b }: Errand): Record<string, unknown> {
  return {
    version: '1',
    organization_id: NORTH_ID,
    purpose_of_use: [`urn:oid:2.16.840.1.113883.5.8#${purpose}`],
    ...DOCTOR,
    ...b2b,
  };
}

/** A valid client assertion, with changes. */
export async function assertion(
  key: ClientKey,
  errand: Errand = {},
  changes: AssertionChanges = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: 'north-ehr',
    sub: 'north-ehr',
    aud: TOKEN_URL,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
    extensions: { 'hl7-b2b': businessOf(errand) },
    ...changes.claims,
  })
    .setProtectedHeader({ alg: key.alg, typ: 'JWT', kid: key.privateJwk.kid ?? '', ...changes.header })
    .sign(await importJWK(key.privateJwk, key.alg));
}

export interface TokenRequest {
  readonly assertion: string;
  readonly scope?: string | undefined;
  readonly more?: Record<string, string>;
}

export function requestToken(app: Express, { assertion: signed, scope, more }: TokenRequest): request.Test {
  return request(app)
    .post('/oauth/token')
    .type('form')
    .send({
      grant_type: 'client_credentials',
      scope: scope ?? 'system/*.rs',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signed,
      ...more,
    });
}

/**
 * An access token as the gateway's own server makes them, signed with `key`, with changes to claims or
 * header.
 */
export async function accessToken(
  key: JWK,
  alg: string,
  changes: AssertionChanges = {},
  now = Math.floor(Date.now() / 1000),
): Promise<string> {
  return new SignJWT({ ...validClaims(now), ...changes.claims })
    .setProtectedHeader({
      alg,
      typ: 'at+jwt',
      ...(key.kid === undefined ? {} : { kid: key.kid }),
      ...changes.header,
    })
    .sign(await importJWK(key, alg));
}

export function validClaims(now: number): JWTPayload {
  return {
    iss: ISSUER,
    sub: 'north-ehr',
    aud: FHIR,
    client_id: 'north-ehr',
    jti: randomUUID(),
    iat: now,
    exp: now + 300,
    scope: 'system/*.rs',
    extensions: {
      'hl7-b2b': {
        version: '1',
        organization_id: NORTH_ID,
        purpose_of_use: ['urn:oid:2.16.840.1.113883.5.8#TREAT'],
        ...DOCTOR,
      },
    },
  };
}

export interface Bundle {
  readonly total: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly fullUrl?: string;
    readonly resource: Readonly<Record<string, unknown>> & {
      readonly resourceType: string;
      readonly id: string;
    };
    readonly search: { readonly mode: string };
  }[];
}

export function bundleOf(response: request.Response): Bundle {
  return JSON.parse(response.text) as Bundle;
}

export function outcomeCode(response: request.Response): string | undefined {
  const body = JSON.parse(response.text) as { issue?: { details?: { coding?: { code: string }[] } }[] };
  return body.issue?.[0]?.details?.coding?.[0]?.code;
}

export function patientId(hospital: Hospital, family: string): string {
  const patient = hospital.sample.patients().find((one) => JSON.stringify(one['name']).includes(family));
  if (patient?.id === undefined) {
    throw new Error(`no sample patient ${family}`);
  }
  return patient.id;
}
