// SPDX-License-Identifier: Apache-2.0
import type { RequestListener } from 'node:http';
import type { ClientApplication, Organisation } from '@chartwitness/chaincode/domain';
import { calculateJwkThumbprint, type JWK } from 'jose';
import {
  errors,
  type AccessToken,
  type ClientCredentials,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import type { Logger } from 'pino';
import { AppError } from '../errors';
import { faultTrace } from '../http/faultTrace';
import { B2B, B2bRefused, formatB2b, type B2bExtension } from './b2bExtension';
import { AheadOfTime, checkClientAssertion } from './clientAssertion';
import { type ClientClocks, type ClockSign, signOf } from './clientClocks';
import { JwsRefused, readClaims } from './compactJws';
import { createAdapterFactory } from './authorizationStorage';
import type { RegistryReader } from './registryReader';
import type { ReplayStore } from './replayStore';
import { grantableScopes } from './systemScopes';
import { counted, explainRefusals, type RefusalReason, toldTo } from './tokenRefusals';
import { sayWhenToRetry, TooManyRequests } from './temporarilyUnavailable';

export const ASSERTION_ALGORITHMS = ['ES384', 'RS384', 'ES256'] as const;
export const ACCESS_TOKEN_SECONDS = 300;
const SIGNING_ALGORITHM = 'ES256';
const SKEW_SECONDS = 5;

export interface AuthorizationServerOptions {
  /** Issuer identifier; the server must be mounted under the path of this URL. */
  readonly issuer: string;
  /** The one resource that tokens are for: the FHIR base URL. */
  readonly audience: string;
  /** Private EC P-256 key that signs access tokens. */
  readonly signingKey: JWK;
  /** FHIR types for which narrow scopes exist. */
  readonly types: readonly string[];
  readonly registry: RegistryReader;
  readonly replays: ReplayStore;
  readonly clock: () => number;
  readonly log: Logger;
  /** Counts a genuine request of a client. @throws AppError TOO_MANY_REQUESTS when there were too many. */
  readonly admit: (clientId: string, purpose: string) => void;
  /** Told how the clocks of clients compare with this one. */
  readonly clocks?: Pick<ClientClocks, 'note'> | undefined;
  /** Told of each refused token request. */
  readonly onRefusal?: ((reason: RefusalReason) => void) | undefined;
}

export interface AuthorizationServer {
  /** Serves the token endpoint and the JWKS, relative to the issuer's path. */
  readonly listener: RequestListener;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly scopes: readonly string[];
  /** Public keys that verify its tokens. */
  readonly jwks: { readonly keys: JWK[] };
}

/** Verified assertions by request: what the claims of the token are made from. */
type AssertionsByRequest = WeakMap<object, B2bExtension>;

/**
 * The SMART Backend Services token endpoint: client_credentials with private_key_jwt alone; answers with an
 * RFC 9068 access token that is bound to the organisation, person and purpose of the assertion's `hl7-b2b`
 * object.
 */
export async function createAuthorizationServer(
  options: AuthorizationServerOptions,
): Promise<AuthorizationServer> {
  const { issuer, audience } = options;
  const tokenEndpoint = `${issuer}/token`;
  const scopes = grantableScopes(options.types);
  const privateKey = await namedKey(options.signingKey);
  const assertions: AssertionsByRequest = new WeakMap();
  const provider = new Provider(issuer, {
    adapter: createAdapterFactory({ ...options, grantable: scopes, signingAlgorithm: SIGNING_ALGORITHM }),
    jwks: { keys: [privateKey] },
    scopes: [...scopes],
    responseTypes: [],
    clientAuthMethods: ['private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM },
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS],
      idTokenSigningAlgValues: [SIGNING_ALGORITHM],
    },
    clockTolerance: SKEW_SECONDS,
    routes: { token: '/token', jwks: '/jwks' },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== audience) {
            throw new errors.InvalidTarget();
          }
          return {
            scope: scopes.join(' '),
            audience,
            accessTokenTTL: ACCESS_TOKEN_SECONDS,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: SIGNING_ALGORITHM } },
          };
        },
      },
    },
    ttl: { ClientCredentials: ACCESS_TOKEN_SECONDS },
    assertJwtClientAuthClaimsAndHeader: async (ctx) => {
      assertions.set(ctx, await checkAssertion(ctx, options, [issuer, tokenEndpoint]));
    },
    extraTokenClaims: (ctx, token) => tokenClaims(ctx, token, assertions),
  });
  // Audiences are those of the configuration, never of the Host header that a caller sends.
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = () => new Set([issuer, tokenEndpoint]);
  provider.on('server_error', (_ctx, error) => {
    options.log.error({ fault: faultTrace(error) }, 'token endpoint failed');
  });
  explainRefusals(provider, options);
  sayWhenToRetry(provider);
  const callback = provider.callback();
  return {
    listener: (request, response) => void callback(request, response),
    tokenEndpoint,
    jwksUri: `${issuer}/jwks`,
    scopes,
    jwks: { keys: [publicPart(privateKey)] },
  };
}

async function checkAssertion(
  ctx: KoaContextWithOIDC,
  options: AuthorizationServerOptions,
  audiences: readonly string[],
): Promise<B2bExtension> {
  const { client, organisation } = await findRegistered(ctx.oidc.client?.clientId ?? '', options.registry);
  const assertion = String(ctx.oidc.params?.['client_assertion']);
  const nowSeconds = options.clock() / 1000;
  const note = (refusedAs: ClockSign['refusedAs']): void => {
    options.clocks?.note(signOf(client.clientId, readClaims(assertion), nowSeconds, refusedAs));
  };
  try {
    const b2b = checkClientAssertion(assertion, {
      audiences,
      jwks: client.jwks as { keys: JWK[] },
      organisationIdentifiers: organisation.identifiers,
      nowSeconds,
      skewSeconds: SKEW_SECONDS,
    });
    note('none');
    options.admit(client.clientId, b2b.purpose);
    return b2b;
  } catch (error) {
    if (error instanceof AppError && error.code === 'TOO_MANY_REQUESTS') {
      throw new TooManyRequests(error);
    }
    if (error instanceof AheadOfTime) {
      note('ahead');
    }
    // The library turns any other class into a 500.
    if (error instanceof JwsRefused) {
      throw toldTo(
        new errors.InvalidClientAuth(error.message),
        error instanceof AheadOfTime ? 'clock' : 'assertion',
      );
    }
    if (error instanceof B2bRefused) {
      throw counted(new errors.InvalidRequest(error.message), 'hl7-b2b');
    }
    throw error;
  }
}

async function findRegistered(
  clientId: string,
  registry: RegistryReader,
): Promise<{ client: ClientApplication; organisation: Organisation }> {
  const client = await registry.findClient(clientId);
  const organisation = client && (await registry.findOrganisation(client.org));
  if (client === undefined || organisation === undefined) {
    throw counted(new errors.InvalidClientAuth('client not found'), 'client');
  }
  return { client, organisation };
}

function tokenClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  assertions: AssertionsByRequest,
): { extensions: Record<string, unknown> } {
  const b2b = assertions.get(ctx);
  if (b2b === undefined) {
    throw counted(new errors.InvalidRequest('client_assertion with hl7-b2b is required'), 'hl7-b2b');
  }
  if (token.scope === undefined || token.scope === '') {
    throw new errors.InvalidScope('scope must name at least one supported scope', '');
  }
  return { extensions: { [B2B]: formatB2b(b2b) } };
}

async function namedKey(key: JWK): Promise<JWK> {
  return { ...key, kid: key.kid ?? (await calculateJwkThumbprint(key)), use: 'sig', alg: SIGNING_ALGORITHM };
}

/** Exactly the public members of an EC key (RFC 7518 §6.2.1). */
function publicPart({ kty, crv, x, y, kid, use, alg }: JWK): JWK {
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, kid, use, alg }).filter(([, value]) => value !== undefined),
  );
}
