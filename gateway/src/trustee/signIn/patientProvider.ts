// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  type ClientMetadata,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import type { Logger } from 'pino';
import { grantablePatientScopes, identityScopes, withNarrowerScopes } from '../../auth/patientScopes';
import { sayWhenToRetry } from '../../auth/temporarilyUnavailable';
import { faultTrace } from '../../http/faultTrace';
import type { PatientAccounts } from '../accounts/patientAccounts';
import { LOGIN_CLAIM } from '../accounts/patientDirectory';
import type { OidcStorage } from './oidcStorage';
import { errorPage } from './signInPages';
import { languageOf, wordsIn } from './signInWords';
import type { TrusteeKeys } from './trusteeKeys';

/**
 * A third party's app that patients may let use the patient API: a public client (RFC 8252), so PKCE and no
 * secret.
 */
export interface AppRegistration {
  readonly clientId: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** Space-separated; the app may ask for these and for narrower ones. */
  readonly scope: string;
}

export interface PatientProviderOptions {
  /** Must end in the path under which the provider is mounted. */
  readonly issuer: string;
  /** Audience of access tokens (RFC 8707 `resource`). */
  readonly resource: string;
  readonly accounts: PatientAccounts;
  readonly storage: OidcStorage;
  readonly keys: TrusteeKeys;
  readonly apps: readonly AppRegistration[];
  readonly portalRedirectUri: string;
  readonly log: Logger;
}

/** The portal's own client id at the embedded provider. */
export const PORTAL_CLIENT_ID = 'portal';
/** Access tokens cannot be revoked before they end, so they end soon. */
export const ACCESS_TOKEN_SECONDS = 300;
const SIGNING_ALGORITHM = 'ES256';
const DAY_SECONDS = 86_400;

/** Where the provider sends the browser for a decision of the patient. */
export function interactionPath(uid: string): string {
  return `/oidc/interaction/${uid}`;
}

/**
 * The OpenID provider for patients: code flow with PKCE (S256) only, RFC 9068 access tokens for the patient
 * API, refresh tokens that rotate. Development conveniences of the library are off.
 * @throws RangeError when an app's scope does not exist here.
 */
export function createPatientProvider(options: PatientProviderOptions): Provider {
  const provider = new Provider(options.issuer, configuration(options));
  // Cookies get their Secure flag, and URLs their scheme, from the public URL and not from the hop before
  // this process.
  provider.proxy = true;
  provider.on('server_error', (_context, error) => {
    options.log.error({ fault: faultTrace(error) }, 'the OpenID provider failed');
  });
  sayWhenToRetry(provider);
  return provider;
}

function configuration(options: PatientProviderOptions): Configuration {
  return {
    adapter: options.storage.adapter,
    clients: [portalClient(options), ...options.apps.map(appClient)],
    clientDefaults: { id_token_signed_response_alg: SIGNING_ALGORITHM },
    clientAuthMethods: ['client_secret_basic', 'none'],
    jwks: { keys: options.keys.signingKeys.map((key) => ({ ...key })) },
    cookies: {
      keys: [...options.keys.cookieKeys],
      names: { session: 'cw_op_session', interaction: 'cw_op_interaction', resume: 'cw_op_resume' },
      long: { signed: true, httpOnly: true, sameSite: 'lax', path: '/oidc' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    enabledJWA: { idTokenSigningAlgValues: [SIGNING_ALGORITHM] },
    responseTypes: ['code'],
    scopes: [...identityScopes(), ...grantablePatientScopes()],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => options.resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => {
          if (resource !== options.resource) {
            throw new errors.InvalidTarget();
          }
          return {
            // `profile` too, so that the API can tell from the token whether the app may know the patient's
            // name.
            scope: ['profile', ...grantablePatientScopes()].join(' '),
            audience: options.resource,
            accessTokenTTL: ACCESS_TOKEN_SECONDS,
            accessTokenFormat: 'jwt' as const,
            jwt: { sign: { alg: SIGNING_ALGORITHM } },
          };
        },
      },
    },
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: 60,
      IdToken: 300,
      Interaction: 600,
      Session: 3600,
      Grant: 14 * DAY_SECONDS,
      RefreshToken: 14 * DAY_SECONDS,
    },
    interactions: { url: (_context, interaction) => interactionPath(interaction.uid) },
    loadExistingGrant: (context) => existingGrant(context, options.resource),
    // What the library calls an account is a login here, and ends with the password. Apps know the person,
    // each by a name of its own.
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: (_context, login, client) =>
      createHash('sha256')
        .update(`${client.clientId}|${options.accounts.find(login)?.id ?? login}`)
        .digest('base64url'),
    sectorIdentifierUriValidate: () => false,
    extraTokenClaims: (_context, token) =>
      'accountId' in token ? { [LOGIN_CLAIM]: token.accountId } : undefined,
    findAccount: (_context, login) => {
      const account = options.accounts.find(login);
      return account === undefined
        ? undefined
        : {
            accountId: login,
            claims: () => ({ sub: login, name: account.name, preferred_username: account.username }),
          };
    },
    renderError: (context, out) => {
      const language = languageOf((known) => context.acceptsLanguages(known));
      const page = errorPage(language, {
        ...wordsIn(language).failed,
        what: out.error_description ?? out.error,
      });
      context.set('Content-Security-Policy', page.policy);
      context.type = 'html';
      context.body = page.html;
    },
  };
}

function portalClient(options: PatientProviderOptions): ClientMetadata {
  return {
    client_id: PORTAL_CLIENT_ID,
    client_name: 'Portal',
    client_secret: options.keys.portalClientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [options.portalRedirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    scope: 'openid profile',
  };
}

function appClient(app: AppRegistration): ClientMetadata {
  const scope = [...new Set(['openid', ...withNarrowerScopes(app.scope)])].join(' ');
  return {
    client_id: app.clientId,
    client_name: app.name,
    token_endpoint_auth_method: 'none',
    redirect_uris: [...app.redirectUris],
    subject_type: 'pairwise',
    // Names nothing: the library wants one for redirect URIs of several hosts, and the identifier is made of
    // the client id.
    sector_identifier_uri: 'https://sector.invalid/',
    // RFC 8252: loopback addresses and private schemes belong to native apps, where any loopback port is the
    // same address.
    application_type: app.redirectUris.every((uri) => uri.startsWith('https://')) ? 'web' : 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope,
  };
}

/**
 * The portal is the trustee itself, so nobody is asked to allow it; every other client needs a grant that the
 * patient gave.
 */
async function existingGrant(
  context: KoaContextWithOIDC,
  resource: string,
): Promise<InstanceType<Provider['Grant']> | undefined> {
  const { client, session, result, provider } = context.oidc;
  if (client === undefined || session?.accountId === undefined) {
    return undefined;
  }
  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  if (grantId !== undefined) {
    return await provider.Grant.find(grantId);
  }
  if (client.clientId !== PORTAL_CLIENT_ID) {
    return undefined;
  }
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid profile');
  grant.addResourceScope(resource, 'profile');
  await grant.save();
  return grant;
}
