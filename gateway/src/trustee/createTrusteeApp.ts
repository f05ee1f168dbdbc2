// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import express, { type Express, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { LedgerKeeping } from '../api/schemas';
import { PUBLISHED_SCOPES } from '../auth/patientScopes';
import { createTokenVerifier } from '../auth/tokenVerifier';
import { type Admission, createAdmission, type RequestLimits } from '../http/admission';
import { createReadiness, healthRouter, type PartHealth, type ReadinessChecks } from '../http/health';
import type { Metrics } from '../http/metrics';
import { createOperationsApp } from '../http/operations';
import { notFound, problemHandler } from '../http/problem';
import { requestContext } from '../http/requestContext';
import { securityHeaders } from '../http/securityHeaders';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';
import type { NetworkDirectory } from '../registry/networkDirectory';
import type { ProjectionStatus } from '../projection/projectionStatus';
import type { AccessStore } from '../readmodel/accessStore';
import type { SqlDatabase } from '../sqlite/openDatabase';
import type { PatientAccounts } from './accounts/patientAccounts';
import type { SubjectOf } from './accounts/patientDirectory';
import type { ThrottleRules } from './accounts/signInThrottle';
import { accessRoutes } from './patientApi/accessRoutes';
import { authenticateCaller } from './patientApi/caller';
import { createConsentDesk } from './patientApi/consentDesk';
import { consentRoutes } from './patientApi/consentRoutes';
import { meRoutes } from './patientApi/meRoutes';
import { openApiDocument } from './patientApi/openApiDocument';
import { portalFiles } from './portalFiles';
import { createPortalSessions, type SessionLifetime } from './session/portalSession';
import { type BackChannel, createBackChannel } from './signIn/backChannel';
import { embeddedIdentity } from './signIn/embeddedIdentity';
import { externalIdentity, type ExternalIssuer } from './signIn/externalIdentity';
import type { Identity } from './signIn/identity';
import type { AppRegistration } from './signIn/patientProvider';
import { createPendingSignIns } from './signIn/pendingSignIns';
import { signInRoutes } from './signIn/signInRoutes';
import type { TrusteeKeys } from './signIn/trusteeKeys';

export interface TrusteeDeps {
  /** Public URL of this service, without a slash at its end. */
  readonly baseUrl: string;
  readonly ledger: Pick<ProvenanceLedger, 'findConsent' | 'consentHistory' | 'putConsent'>;
  /** Whether the organisations keep copies of that ledger: the portal promises no more than that. */
  readonly ledgerKeeping: LedgerKeeping;
  readonly store: AccessStore;
  readonly registry: NetworkDirectory;
  readonly projectionStatus: () => ProjectionStatus;
  /** From a patient's identifier to her subject: `Pseudonyms.of`. */
  readonly subjectOf: SubjectOf;
  /** One that `migrateTrusteeDatabase` has prepared. */
  readonly database: SqlDatabase;
  readonly accounts: PatientAccounts;
  readonly keys: TrusteeKeys;
  readonly apps: readonly AppRegistration[];
  readonly external?: ExternalIssuer;
  /** Folder of the built portal. */
  readonly portalDirectory: string;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly metrics: Metrics;
  /** Further parts for `/readyz`; the list itself is one already. */
  readonly readiness?: ReadinessChecks;
  /** Whether the service has begun to end; default never. */
  readonly isStopping?: () => boolean;
  /**
   * Base URL at which this process reaches itself, for its own calls to the embedded provider; default
   * `baseUrl`. Asked at each start of a sign-in, so that it may be known only after listening.
   */
  readonly backChannelUrl?: () => string;
  /** Express `trust proxy`: how many proxies stand before this process; default 0. */
  readonly trustedProxies?: number;
  readonly sessionLifetime?: SessionLifetime;
  readonly throttle?: ThrottleRules;
  /** How a sign-in waits whose account many guess at; default: time passes. */
  readonly pauseSignIn?: (ms: number) => Promise<void>;
  readonly limits?: TrusteeLimits;
  /** Runs before every request that concerns a patient; refuses all while the service must not serve. */
  readonly gate?: RequestHandler;
}

export interface TrusteeLimits extends RequestLimits {
  /**
   * Requests of one source a minute to the pages and endpoints of signing in, which nobody has authenticated
   * for yet.
   */
  readonly signIn: number;
}

export interface TrusteeApp {
  readonly app: Express;
  /** For a listener that only operators reach. */
  readonly operations: Express;
  /** The value for RFC 8707 `resource`: the audience of the API's access tokens. */
  readonly resource: string;
  /** Issuer of the patients' OpenID provider. */
  readonly issuer: string;
  /** Releases what the app itself holds; stores and ledger belong to the caller. */
  close(): Promise<void>;
}

export const DEFAULT_TRUSTEE_LIMITS: TrusteeLimits = { anonymous: 300, caller: 1200, signIn: 600 };
/** RFC 9728: where an app finds who issues tokens for the API. */
const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource/api/v1';

/**
 * The trustee's HTTP service: portal, sign-in, OpenID provider and patient API. Opens nothing and starts
 * nothing by itself.
 */
export function createTrusteeApp(deps: TrusteeDeps): TrusteeApp {
  const limits = deps.limits ?? DEFAULT_TRUSTEE_LIMITS;
  const backChannel = createBackChannel();
  const parts = wire(deps, createAdmission(limits, deps.clock), backChannel);
  const readiness = createReadiness({
    checks: { list: () => listHealth(deps.projectionStatus()), ...deps.readiness },
    clock: deps.clock,
    log: deps.log,
    isStopping: deps.isStopping,
  });
  const signingIn = createAdmission({ anonymous: limits.signIn, caller: limits.signIn }, deps.clock).open;
  const https = deps.baseUrl.startsWith('https:');
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', deps.trustedProxies ?? 0);
  app.set('etag', false);
  app.use(requestContext(deps.log), deps.metrics.middleware, securityHeaders('portal', https));
  app.use(healthRouter(readiness));
  app.use(['/api/v1', '/auth', '/oidc'], deps.gate ?? pass);
  app.use('/api/v1', parts.api);
  app.use('/auth', signingIn, parts.signIn);
  if (parts.provider !== undefined) {
    app.use('/oidc', backChannel.unlessOwn(signingIn), parts.provider);
  }
  app.get('/openapi.json', (_request, response) => {
    response.json(parts.openApi);
  });
  app.get(RESOURCE_METADATA_PATH, (_request, response) => {
    response.json({
      resource: parts.resource,
      authorization_servers: [parts.issuer],
      scopes_supported: PUBLISHED_SCOPES,
      bearer_methods_supported: ['header'],
    });
  });
  app.use(portalFiles(deps.portalDirectory));
  app.use(notFound(), problemHandler());
  return {
    app,
    operations: createOperationsApp({ readiness, metrics: deps.metrics, log: deps.log }),
    resource: parts.resource,
    issuer: parts.issuer,
    close: () => Promise.resolve(),
  };
}

interface Parts {
  readonly api: Router;
  readonly signIn: Router;
  readonly provider: Router | undefined;
  readonly openApi: unknown;
  readonly resource: string;
  readonly issuer: string;
}

function wire(deps: TrusteeDeps, admission: Admission, backChannel: BackChannel): Parts {
  const resource = `${deps.baseUrl}/api/v1`;
  const https = deps.baseUrl.startsWith('https:');
  const identity = identityOf(deps, resource, backChannel);
  const sessions = createPortalSessions({
    database: deps.database,
    key: deps.keys.sessionKey,
    https,
    clock: deps.clock,
    randomId: () => randomBytes(24).toString('base64url'),
    ...(deps.sessionLifetime === undefined ? {} : { lifetime: deps.sessionLifetime }),
  });
  const pending = createPendingSignIns({ key: deps.keys.sessionKey, https, clock: deps.clock });
  const { baseUrl, store, registry } = deps;
  const { directory, client, endProviderSessions, failedSignIns, issuer } = identity;
  const tokens = createTokenVerifier({
    issuer,
    audience: resource,
    keys: identity.tokenKeys,
    clock: deps.clock,
  });
  const resourceMetadataUrl = `${baseUrl}${RESOURCE_METADATA_PATH}`;
  const desk = createConsentDesk({ ledger: deps.ledger, registry });
  const api = Router();
  api.use(
    noStore,
    authenticateCaller({ sessions, directory, tokens, baseUrl, resourceMetadataUrl, admission }),
  );
  api.use(
    meRoutes({
      sessions,
      registry,
      projectionStatus: deps.projectionStatus,
      ledgerKeeping: deps.ledgerKeeping,
      failedSignIns,
    }),
    accessRoutes({ store, registry }),
    consentRoutes({ desk, store, registry }),
  );
  return {
    api,
    signIn: signInRoutes({ client, directory, sessions, pending, baseUrl, endProviderSessions }),
    provider: identity.router,
    openApi: openApiDocument(baseUrl, issuer),
    resource,
    issuer,
  };
}

/** The provider here, unless the patients have one elsewhere. */
function identityOf(deps: TrusteeDeps, resource: string, backChannel: BackChannel): Identity {
  const { baseUrl, database, accounts, subjectOf, keys, apps, log, clock, registry } = deps;
  return deps.external === undefined
    ? embeddedIdentity({
        baseUrl,
        resource,
        database,
        accounts,
        subjectOf,
        keys,
        apps,
        backChannel,
        backChannelUrl: deps.backChannelUrl,
        throttle: deps.throttle,
        pauseSignIn: deps.pauseSignIn,
        trusteeName: () => registry.organisations().find(({ role }) => role === 'trustee')?.name,
        log,
        clock,
      })
    : externalIdentity(deps, deps.external);
}

const pass: RequestHandler = (_request, _response, next) => {
  next();
};

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/**
 * A stale list is still right, so the service stays ready; a halted one must not be shown as complete, nor
 * another peer be left unnoticed. A lane with an open place is one holder's doing, which must not take
 * everybody's list away: the portal says so.
 */
function listHealth({ state, problem, problemKind, remedy }: ProjectionStatus): PartHealth {
  return {
    ready: state !== 'halted' && problemKind !== 'OTHER_PEER',
    detail: state,
    ...(problem === undefined ? {} : { reason: problem }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}
