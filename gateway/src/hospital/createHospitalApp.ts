// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from 'node:timers/promises';
import type { IdentifierSystem, IdentifierTable } from '@chartwitness/chaincode/domain';
import express, { type Express, type RequestHandler, Router } from 'express';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import { createAuthorizationServer } from '../auth/authorizationServer';
import { REFUSAL_REASONS } from '../auth/tokenRefusals';
import {
  authorizationServerMetadata,
  protectedResourceMetadata,
  smartConfiguration,
  type TokenService,
} from '../auth/discovery';
import { fhirAdmission, tokenAdmission, tokenKey } from '../auth/fhirAdmission';
import type { ClientClocks } from '../auth/clientClocks';
import { createAuthenticator } from '../auth/principal';
import type { RegistryReader } from '../auth/registryReader';
import type { ReplayStore } from '../auth/replayStore';
import { grantableScopes } from '../auth/systemScopes';
import { createTokenVerifier, type IssuerKeys } from '../auth/tokenVerifier';
import { AppError } from '../errors';
import { capabilityStatement } from '../fhir/capabilityStatement';
import { prepareSource } from '../fhir/sources/preparedSource';
import { createResourceWriter } from '../fhir/release';
import { createFactsReader, type FactsReader } from '../fhir/resourceFacts';
import { DIRECTORY_TYPES, PATIENT_TYPES } from '../fhir/resourceTypes';
import { createSubjects } from '../fhir/subject';
import type { PreparedUpstream, Upstream } from '../fhir/sources/upstream';
import { type Admission, createAdmission, type RequestLimits } from '../http/admission';
import { endsConnections } from '../http/connectionEnd';
import { createReadiness, healthRouter, type Readiness, type ReadinessChecks } from '../http/health';
import type { Metrics } from '../http/metrics';
import { createOperationsApp } from '../http/operations';
import { notFound, problemHandler } from '../http/problem';
import { requestContext } from '../http/requestContext';
import { securityHeaders } from '../http/securityHeaders';
import type { EmergencyWithoutLedger, Recorder } from '../recorder/recorder';
import { identifierTable } from '../subjects/networkTable';
import { createPatientFindings } from '../subjects/patientFindings';
import { createPseudonyms } from '../subjects/pseudonyms';
import type { AccessRecorder } from './absence';
import { createAccess } from './access';
import { createFhirRouter, type Disclosure } from './fhirRouter';
import { type AccessLimits, DEFAULT_ACCESS_LIMITS } from './limits';
import { createPageCursors } from './pageCursor';
import { createTickets } from './tickets';

/** Who issues the access tokens that this gateway accepts. */
export type TokenIssuer =
  /** The embedded authorization server under `/oauth`; `signingKey` is a private EC P-256 JWK. */
  | { readonly kind: 'embedded'; readonly signingKey: JWK; readonly replays: ReplayStore }
  | {
      readonly kind: 'external';
      readonly issuer: string;
      readonly jwksUrl: string;
      /** Told in discovery documents; default `<issuer>/token`. */
      readonly tokenEndpoint?: string;
    };

export interface HospitalSettings {
  /** URL under which callers reach this service, without a slash at its end. */
  readonly baseUrl: string;
  /** The network's identifier systems in its order; the first that a patient has counts. */
  readonly identifierSystems: readonly IdentifierSystem[];
  readonly disclosure: Disclosure;
  /** Those that differ from the defaults. */
  readonly limits?: Partial<AccessLimits>;
  /** Express `trust proxy`: how many proxies stand before this process; default 0. */
  readonly trustedProxies?: number;
  /** Default {@link DEFAULT_REQUEST_LIMITS}. */
  readonly requestLimits?: RequestLimits;
}

export interface HospitalDependencies {
  readonly settings: HospitalSettings;
  readonly tokens: TokenIssuer;
  readonly registry: RegistryReader;
  readonly recorder: Pick<Recorder, 'admit'> & AccessRecorder;
  /**
   * As at the recorder: decides in an emergency on a further number of a record in use while the own peer is
   * silent.
   */
  readonly emergencyWithoutLedger: EmergencyWithoutLedger;
  readonly upstream: Upstream;
  /** At least 32 bytes, the same at every organisation of the network. */
  readonly consortiumKey: Uint8Array;
  /**
   * At least 32 bytes, the same at all gateways under one base URL, of this organisation alone: seals next
   * links.
   */
  readonly pageKey: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Resolves after so many milliseconds; the platform's timer unless given. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** Milliseconds from any moment on, never going back; default the process's own. */
  readonly stopwatch?: () => number;
  readonly log: Logger;
  /** Told how the clocks of clients compare with this one. */
  readonly clocks?: Pick<ClientClocks, 'note'> | undefined;
  readonly metrics?: Metrics;
  /** MSP id of the holder whose gateway this is. */
  readonly mspId: string;
  /** Runs before every FHIR and token request; refuses all while the gateway must not serve. */
  readonly gate?: RequestHandler;
  /** Readiness of the parts that the caller owns (ledger, recorder); the source of data is added here. */
  readonly readiness?: ReadinessChecks;
  /** Whether the service has begun to end; default never. */
  readonly isStopping?: () => boolean;
}

export interface HospitalApp {
  readonly app: Express;
  /** For a listener that only operators reach. */
  readonly operations: Express;
  /** Releases what this app opened itself. What was passed in stays the caller's. */
  close(): Promise<void>;
}

/** Directory types come beside a patient's data, and only within a token's scope; so they have scopes too. */
const SCOPED_TYPES: readonly string[] = [...PATIENT_TYPES, ...DIRECTORY_TYPES];
/**
 * A hospital's clients are programs: what does not authenticate is a mistake or an attack, what does may ask
 * a thousand times a second.
 */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = { anonymous: 600, caller: 60_000 };
const ISSUER_PATH = '/oauth';
const MAX_TOKEN_REQUEST_BYTES = 32 * 1024;

interface TokenSide {
  readonly service: TokenService;
  readonly keys: IssuerKeys;
  readonly router: Router;
}

/**
 * The hospital gateway as one Express app; see README.md for the order in which a request passes through it.
 */
export async function createHospitalApp(dependencies: HospitalDependencies): Promise<HospitalApp> {
  const { settings, log, metrics } = dependencies;
  const fhirBaseUrl = `${settings.baseUrl}/fhir`;
  const admission = createAdmission(settings.requestLimits ?? DEFAULT_REQUEST_LIMITS, dependencies.clock);
  const tokens = await createTokenSide(dependencies, fhirBaseUrl, admission);
  const table = identifierTable(settings.identifierSystems, dependencies.clock);
  const facts = factsOf(dependencies, table);
  const upstream = prepareSource(dependencies.upstream, {
    facts,
    clock: dependencies.clock,
    log,
    maxBytes: limitsFor(settings).sourceBytes,
  });
  const readiness = readinessOf(dependencies, upstream);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', settings.trustedProxies ?? 0);
  app.use(endsConnections);
  app.use(requestContext(log));
  if (metrics !== undefined) {
    app.use(metrics.middleware);
  }
  app.use(securityHeaders('api', settings.baseUrl.startsWith('https:')));
  app.use('/fhir', createFhir(dependencies, { upstream, table, facts, tokens, admission }, fhirBaseUrl));
  app.use(healthRouter(readiness));
  app.use(ISSUER_PATH, ...gateOf(dependencies), tokens.router);
  app.use(wellKnown(tokens.service, fhirBaseUrl));
  app.use(notFound(), problemHandler());
  return {
    app,
    operations: createOperationsApp({ readiness, metrics, log }),
    close: () => Promise.resolve(),
  };
}

function limitsFor({ limits }: HospitalSettings): AccessLimits {
  return { ...DEFAULT_ACCESS_LIMITS, ...limits };
}

function factsOf({ upstream, metrics }: HospitalDependencies, identifiers: IdentifierTable): FactsReader {
  return createFactsReader({
    upstreamBaseUrl: upstream.baseUrl,
    identifiers,
    distrustUnlabelled: upstream.labels === 'nowhere',
    onUntoldLabels: countUntoldLabels(metrics),
  });
}

function readinessOf(dependencies: HospitalDependencies, upstream: Upstream): Readiness {
  const { readiness: given, clock, log, isStopping } = dependencies;
  return createReadiness({
    checks: { ...given, upstream: () => upstream.isReady() },
    clock,
    log,
    isStopping,
  });
}

function gateOf({ gate }: HospitalDependencies): readonly RequestHandler[] {
  return gate === undefined ? [] : [gate];
}

interface FhirParts {
  readonly upstream: PreparedUpstream;
  readonly table: IdentifierTable;
  readonly facts: FactsReader;
  readonly tokens: TokenSide;
  readonly admission: Admission;
}

function createFhir(
  dependencies: HospitalDependencies,
  { upstream, table, facts, tokens, admission }: FhirParts,
  fhirBaseUrl: string,
): Router {
  const { settings, clock, registry } = dependencies;
  const findings = createPatientFindings(dependencies.log, dependencies.metrics?.registry);
  const pseudonyms = createPseudonyms({ table, consortiumKey: dependencies.consortiumKey });
  const verifier = createTokenVerifier({
    issuer: tokens.service.issuer,
    audience: fhirBaseUrl,
    keys: tokens.keys,
    clock,
  });
  const limits = limitsFor(settings);
  const write = createResourceWriter(upstream.baseUrl);
  const access = createAccess({
    ...dependencies,
    upstream,
    onUnreadable: tellUnreadable(dependencies),
    pause: dependencies.pause ?? setTimeout,
    limits,
    cursors: createPageCursors({
      key: dependencies.pageKey,
      clock,
      random: dependencies.random,
      maxAgeSeconds: limits.linkAgeSeconds,
    }),
    sizeOf: (candidate) => Buffer.byteLength(write(candidate)),
    subjects: createSubjects({
      pseudonyms,
      onMalformed: (system) => {
        findings.report('malformedNumber', { system });
      },
    }),
    localSubject: (id) => pseudonyms.ofLocal(dependencies.mspId, id),
    findings,
    facts,
    table,
  });
  const authenticator = createAuthenticator(verifier, registry);
  return createFhirRouter({
    limiters: [...gateOf(dependencies), fhirAdmission(admission, authenticator)],
    access,
    authenticator,
    fhirBaseUrl,
    tickets: createTickets(dependencies.recorder, limits, {
      stopwatch: dependencies.stopwatch ?? (() => performance.now()),
      pause: dependencies.pause ?? setTimeout,
    }),
    write,
    sendLimits: limits,
    disclosure: settings.disclosure,
    capabilityStatement: capabilityStatement({
      fhirBaseUrl,
      date: new Date(clock()).toISOString(),
    }),
    smartConfiguration: smartConfiguration(tokens.service),
    resourceMetadataUrl: `${settings.baseUrl}/.well-known/oauth-protected-resource/fhir`,
  });
}

async function createTokenSide(
  dependencies: HospitalDependencies,
  fhirBaseUrl: string,
  admission: Admission,
): Promise<TokenSide> {
  const { tokens, settings, registry, clock, clocks, log, metrics } = dependencies;
  const router = Router();
  if (tokens.kind === 'external') {
    const { issuer, jwksUrl, tokenEndpoint = `${issuer}/token` } = tokens;
    const scopes = grantableScopes(SCOPED_TYPES);
    return { service: { issuer, tokenEndpoint, jwksUri: jwksUrl, scopes }, keys: { jwksUrl }, router };
  }
  const issuer = `${settings.baseUrl}${ISSUER_PATH}`;
  const server = await createAuthorizationServer({
    issuer,
    audience: fhirBaseUrl,
    signingKey: tokens.signingKey,
    types: SCOPED_TYPES,
    registry,
    replays: tokens.replays,
    clock,
    clocks,
    log,
    onRefusal: metrics?.counter(
      'chartwitness_token_refusals_total',
      'Refused token requests by reason',
      'reason',
      REFUSAL_REASONS,
    ),
    admit: (clientId, purpose) => {
      admission.countCaller(tokenKey(clientId, purpose));
    },
  });
  router.use(tokenRoutesOnly(), tokenAdmission(admission), (request, response) => {
    server.listener(request, response);
  });
  const { tokenEndpoint, jwksUri, scopes, jwks } = server;
  return { service: { issuer, tokenEndpoint, jwksUri, scopes }, keys: { jwks }, router };
}

const TOKEN_ROUTES: Readonly<Record<string, string>> = { '/token': 'POST', '/jwks': 'GET' };

/**
 * Lets through what the gateway offers of the authorization server, and refuses large bodies before they are
 * read.
 */
function tokenRoutesOnly(): RequestHandler {
  return (request, response, next) => {
    const method = TOKEN_ROUTES[request.path];
    if (method === undefined) {
      throw new AppError('NOT_FOUND', 'no such OAuth endpoint');
    }
    if (request.method !== method) {
      response.setHeader('Allow', method);
      throw new AppError('METHOD_NOT_ALLOWED', 'method not served');
    }
    if (Number(request.get('content-length') ?? 0) > MAX_TOKEN_REQUEST_BYTES) {
      throw new AppError('PAYLOAD_TOO_LARGE', 'token request exceeds the limit');
    }
    next();
  };
}

function wellKnown(service: TokenService, fhirBaseUrl: string): Router {
  const router = Router();
  const metadata = authorizationServerMetadata(service);
  // RFC 8414 puts the issuer's path behind the well-known name; callers also look at the bare name.
  router.get(
    ['/.well-known/oauth-authorization-server', `/.well-known/oauth-authorization-server${ISSUER_PATH}`],
    (_request, response) => {
      response.json(metadata);
    },
  );
  router.get('/.well-known/oauth-protected-resource/fhir', (_request, response) => {
    response.json(protectedResourceMetadata(service, fhirBaseUrl));
  });
  return router;
}

/** In every answer in which one occurs: somebody has to raise a bound, or look at the source. */
function tellUnreadable({ metrics, log }: HospitalDependencies): (type: string) => void {
  let resources = 0;
  metrics?.gauge(
    'chartwitness_unreadable_resources',
    'Resources stepped over: larger than UPSTREAM_ANSWER_MIB, or not to be read in an emergency',
    () => resources,
  );
  return (type) => {
    resources += 1;
    log.warn({ type }, 'a resource is stepped over: larger than UPSTREAM_ANSWER_MIB, or not to be read');
  };
}

/** The source's labels are its duty: a number that grows says that data are withheld for want of them. */
function countUntoldLabels(metrics: Metrics | undefined): () => void {
  let resources = 0;
  metrics?.gauge(
    'chartwitness_untold_labels',
    'Resources read whose labels cannot be told, are not trusted, or are more than 20: denials about labels withhold them',
    () => resources,
  );
  return () => {
    resources += 1;
  };
}
