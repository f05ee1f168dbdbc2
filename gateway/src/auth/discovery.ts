// SPDX-License-Identifier: Apache-2.0
import { ASSERTION_ALGORITHMS } from './authorizationServer';

/** Where clients get tokens for this gateway: from itself, or from another issuer. */
export interface TokenService {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly scopes: readonly string[];
}

const COMMON = {
  grant_types_supported: ['client_credentials'],
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
};

/**
 * SMART App Launch 2.2 `.well-known/smart-configuration`. `issuer` and `jwks_uri` are only for
 * `sso-openid-connect`, so absent.
 */
export function smartConfiguration(service: TokenService): Readonly<Record<string, unknown>> {
  return {
    token_endpoint: service.tokenEndpoint,
    ...COMMON,
    scopes_supported: service.scopes,
    response_types_supported: [],
    code_challenge_methods_supported: ['S256'],
    capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2'],
  };
}

/** RFC 8414 authorization server metadata. */
export function authorizationServerMetadata(service: TokenService): Readonly<Record<string, unknown>> {
  return {
    issuer: service.issuer,
    token_endpoint: service.tokenEndpoint,
    jwks_uri: service.jwksUri,
    ...COMMON,
    scopes_supported: service.scopes,
    response_types_supported: [],
  };
}

/** RFC 9728 protected resource metadata of the FHIR base. */
export function protectedResourceMetadata(
  service: TokenService,
  resource: string,
): Readonly<Record<string, unknown>> {
  return {
    resource,
    authorization_servers: [service.issuer],
    scopes_supported: service.scopes,
    bearer_methods_supported: ['header'],
  };
}
