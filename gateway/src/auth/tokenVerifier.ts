// SPDX-License-Identifier: Apache-2.0
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { AppError } from '../errors';
import type { AccessToken } from './accessToken';
import { inspectHeader, JwsRefused, readClaims } from './compactJws';
import { isNumericDate } from './numericDate';
import type { JsonObject } from './strictJson';
import { VerifiedTokens } from './verifiedTokens';

/** Where an issuer's public keys come from: held here, or fetched and cached from its JWKS URL. */
export type IssuerKeys = { readonly jwks: JSONWebKeySet } | { readonly jwksUrl: string };

export interface TokenVerifierOptions {
  /** Compared exactly with `iss`. */
  readonly issuer: string;
  /** Compared exactly with `aud`, which must be this one string. */
  readonly audience: string;
  readonly keys: IssuerKeys;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Default ES256, ES384, RS256, RS384. Never a symmetric algorithm. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** Longest age and longest lifetime; default 300. */
  readonly maxAgeSeconds?: number;
  /** How far clocks may differ; default 5. */
  readonly skewSeconds?: number;
}

export type SignatureAlgorithm = 'ES256' | 'ES384' | 'RS256' | 'RS384' | 'PS256' | 'PS384' | 'EdDSA';

export interface TokenVerifier {
  /**
   * @throws AppError INVALID_TOKEN for any token that is not valid now; ISSUER_UNAVAILABLE when the issuer's
   *   keys cannot be had.
   */
  verify(token: string): Promise<AccessToken>;
}

const DEFAULT_ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'RS256', 'RS384'];
const REQUIRED_CLAIMS = ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'];
const MAX_CLAIM_LENGTH = 256;

/**
 * Verifies RFC 9068 access tokens of one issuer for one audience (RFC 8725). The only place where the gateway
 * decides that a token is genuine: algorithms, issuer, audience and type are pinned here and never read from
 * the token.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const getKey = keySource(options.keys);
  const maxAgeSeconds = options.maxAgeSeconds ?? 300;
  const skewSeconds = options.skewSeconds ?? 5;
  const verify = async (token: string): Promise<AccessToken> => {
    const header = inspectHeader(token);
    await jwtVerify(token, getKey, {
      algorithms: [...(options.algorithms ?? DEFAULT_ALGORITHMS)],
      issuer: options.issuer,
      audience: options.audience,
      typ: 'at+jwt',
      requiredClaims: REQUIRED_CLAIMS,
      maxTokenAge: maxAgeSeconds,
      clockTolerance: skewSeconds,
      currentDate: new Date(options.clock()),
    });
    // jose also takes `application/at+jwt`; one spelling is enough here.
    if (header['typ'] !== 'at+jwt') {
      throw new JwsRefused('typ is not at+jwt');
    }
    return checkClaims(readClaims(token), options, maxAgeSeconds);
  };
  const verified = new VerifiedTokens();
  return {
    verify: async (token) => {
      const known = verified.find(token, options.clock());
      if (known !== undefined) {
        return known;
      }
      try {
        const accepted = await verify(token);
        verified.keep(token, accepted, options.clock());
        return accepted;
      } catch (error) {
        throw translate(error);
      }
    },
  };
}

function keySource(keys: IssuerKeys): JWTVerifyGetKey {
  return 'jwks' in keys
    ? createLocalJWKSet(keys.jwks)
    : createRemoteJWKSet(new URL(keys.jwksUrl), { timeoutDuration: 3000, cooldownDuration: 10_000 });
}

/** What jose leaves to its caller: exact types, a single audience, and a bounded lifetime. */
function checkClaims(payload: JsonObject, options: TokenVerifierOptions, maxAgeSeconds: number): AccessToken {
  if (payload['aud'] !== options.audience) {
    throw new JwsRefused('aud is not exactly this audience');
  }
  const issuedAt = seconds(payload, 'iat');
  const expiresAt = seconds(payload, 'exp');
  if (expiresAt <= issuedAt || expiresAt - issuedAt > maxAgeSeconds) {
    throw new JwsRefused('lifetime is out of bounds');
  }
  return {
    issuer: options.issuer,
    subject: text(payload, 'sub'),
    clientId: text(payload, 'client_id'),
    scope: typeof payload['scope'] === 'string' ? payload['scope'] : '',
    tokenId: text(payload, 'jti'),
    issuedAt,
    expiresAt,
    claims: payload,
  };
}

function seconds(payload: JsonObject, name: string): number {
  const value = payload[name];
  if (!isNumericDate(value)) {
    throw new JwsRefused(`${name} is not a number of seconds since 1970`);
  }
  return value;
}

function text(payload: JsonObject, name: string): string {
  const value = payload[name];
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_CLAIM_LENGTH) {
    throw new JwsRefused(`${name} is not a string of acceptable length`);
  }
  return value;
}

function translate(error: unknown): AppError {
  if (error instanceof JwsRefused) {
    return new AppError('INVALID_TOKEN', error.message, { cause: error });
  }
  if (error instanceof errors.JWKSTimeout || isFetchFailure(error)) {
    return new AppError('ISSUER_UNAVAILABLE', 'the issuer JWKS could not be fetched', {
      cause: error,
      retryAfterSeconds: 5,
    });
  }
  if (error instanceof errors.JOSEError) {
    return new AppError('INVALID_TOKEN', error.code, { cause: error });
  }
  // jose throws TypeError for keys and algorithms that do not fit each other: still the token's fault.
  return new AppError('INVALID_TOKEN', 'the token cannot be verified', { cause: error });
}

/**
 * The base class itself is thrown when the JWKS URL answers with an error; fetch's own error when it does not
 * answer.
 */
function isFetchFailure(error: unknown): boolean {
  return error instanceof errors.JOSEError
    ? error.code === 'ERR_JOSE_GENERIC'
    : typeof error === 'object' && error !== null && 'message' in error && error.message === 'fetch failed';
}
