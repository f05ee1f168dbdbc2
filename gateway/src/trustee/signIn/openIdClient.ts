// SPDX-License-Identifier: Apache-2.0
import * as openid from 'openid-client';
import { AppError } from '../../errors';

/** Where patients sign in, and as which client the portal is known there. */
export type OpenIdIssuer =
  | {
      readonly kind: 'embedded';
      readonly issuer: string;
      readonly clientId: string;
      readonly clientSecret: string;
      /**
       * Base URL for this process's own calls to the provider's token endpoint; for instance the loopback
       * address behind a proxy.
       */
      readonly backChannel: () => string;
      /** Sent with these calls. */
      readonly backChannelHeaders: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'external';
      readonly issuer: string;
      readonly clientId: string;
      readonly clientSecret: string;
    };

/** What must be kept between the two halves of a sign-in. */
export interface SignInState {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface SignedIn {
  /** `sub` of the ID token. */
  readonly login: string;
  /** `name` claim; empty when the issuer does not tell. */
  readonly name: string;
}

export interface OpenIdClient {
  /**
   * URL to which the browser goes, and what must come back with it.
   * @param uiLocales languages for the sign-in's pages (`ui_locales`), best first; absent: as the browser
   *   asks.
   */
  begin(uiLocales?: string): Promise<{ url: URL; state: SignInState }>;
  /**
   * Exchanges the code of the callback URL.
   * @throws AppError UNAUTHENTICATED when the answer is not one to `state`; ISSUER_UNAVAILABLE when the
   *   issuer does not answer, or says that it cannot now.
   */
  finish(callback: URL, state: SignInState): Promise<SignedIn>;
}

const TIMEOUT_SECONDS = 10;
const RETRY_SECONDS = 5;
/**
 * Plain http is used only where the deployment's own configuration says so, for instance on loopback. The
 * library recognises this very function before discovery, and marks it deprecated to make it stand out, not
 * to remove it.
 */
// eslint-disable-next-line @typescript-eslint/no-deprecated
const allowHttp: (config: openid.Configuration) => void = openid.allowInsecureRequests;

/**
 * The portal as OAuth client: code flow with PKCE S256, state and nonce; the ID token's signature is
 * verified.
 */
export function createOpenIdClient(source: OpenIdIssuer, redirectUri: string): OpenIdClient {
  let configured: Promise<openid.Configuration> | undefined;
  const configuration = async (): Promise<openid.Configuration> => {
    configured ??= source.kind === 'embedded' ? Promise.resolve(embedded(source)) : discover(source);
    try {
      return await configured;
    } catch (error) {
      // The next sign-in asks again.
      configured = undefined;
      throw unavailable(error);
    }
  };
  return {
    begin: async (uiLocales) => {
      const config = await configuration();
      const state = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid profile',
        state: state.state,
        nonce: state.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(state.verifier),
        code_challenge_method: 'S256',
        ...(uiLocales === undefined ? {} : { ui_locales: uiLocales }),
        // The next person at a shared computer must know the password too.
        ...(source.kind === 'embedded' ? { prompt: 'login' } : {}),
      });
      return { url, state };
    },
    finish: async (callback, state) => {
      const config = await configuration();
      try {
        const tokens = await openid.authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: state.verifier,
          expectedState: state.state,
          expectedNonce: state.nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) {
          throw new AppError('UNAUTHENTICATED', 'the issuer sent no ID token');
        }
        return { login: claims.sub, name: typeof claims['name'] === 'string' ? claims['name'] : '' };
      } catch (error) {
        throw translate(error);
      }
    },
  };
}

function embedded(source: Extract<OpenIdIssuer, { kind: 'embedded' }>): openid.Configuration {
  const back = `${source.backChannel()}/oidc`;
  const config = new openid.Configuration(
    {
      issuer: source.issuer,
      authorization_endpoint: `${source.issuer}/auth`,
      token_endpoint: `${back}/token`,
      jwks_uri: `${back}/jwks`,
      authorization_response_iss_parameter_supported: true,
    },
    source.clientId,
    { client_secret: source.clientSecret, id_token_signed_response_alg: 'ES256' },
    openid.ClientSecretBasic(source.clientSecret),
  );
  config[openid.customFetch] = (url, options) =>
    fetch(url, {
      ...(options as RequestInit),
      headers: { ...options.headers, ...source.backChannelHeaders },
    });
  return harden(config, back.startsWith('http://'));
}

async function discover(source: Extract<OpenIdIssuer, { kind: 'external' }>): Promise<openid.Configuration> {
  const insecure = source.issuer.startsWith('http://');
  const config = await openid.discovery(
    new URL(source.issuer),
    source.clientId,
    { client_secret: source.clientSecret },
    openid.ClientSecretBasic(source.clientSecret),
    { timeout: TIMEOUT_SECONDS, ...(insecure ? { execute: [allowHttp] } : {}) },
  );
  return harden(config, insecure);
}

function harden(config: openid.Configuration, insecure: boolean): openid.Configuration {
  config.timeout = TIMEOUT_SECONDS;
  openid.enableNonRepudiationChecks(config);
  if (insecure) {
    allowHttp(config);
  }
  return config;
}

/** By these an issuer says that it cannot serve now (RFC 6749 §4.1.2.1): no word about the patient. */
const NOT_NOW: readonly string[] = ['server_error', 'temporarily_unavailable'];

function translate(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  if (saysNotNow(error)) {
    return unavailable(error);
  }
  if (error instanceof openid.AuthorizationResponseError) {
    return new AppError('UNAUTHENTICATED', `the issuer refused: ${error.error}`, { cause: error });
  }
  if (error instanceof openid.ResponseBodyError) {
    return new AppError('UNAUTHENTICATED', `the token endpoint refused: ${error.error}`, { cause: error });
  }
  if (error instanceof openid.ClientError && error.code !== 'OAUTH_TIMEOUT') {
    return new AppError('UNAUTHENTICATED', `the sign-in answer is not valid: ${error.code ?? 'no code'}`, {
      cause: error,
    });
  }
  return unavailable(error);
}

function saysNotNow(error: unknown): boolean {
  return (
    (error instanceof openid.AuthorizationResponseError && NOT_NOW.includes(error.error)) ||
    (error instanceof openid.ResponseBodyError && NOT_NOW.includes(error.error)) ||
    // An answer from 500 on the library does not read; it gives it as the cause.
    (error instanceof openid.ClientError && error.cause instanceof Response && error.cause.status >= 500)
  );
}

function unavailable(cause: unknown): AppError {
  return new AppError('ISSUER_UNAVAILABLE', 'the OpenID provider did not answer', {
    cause,
    retryAfterSeconds: RETRY_SECONDS,
  });
}
