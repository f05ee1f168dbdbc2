// SPDX-License-Identifier: Apache-2.0
import type { JSONWebKeySet } from 'jose';
import { B2bRefused, parseB2b, type B2bExtension } from './b2bExtension';
import { inspectHeader, JwsRefused, readClaims } from './compactJws';
import { isNumericDate } from './numericDate';
import type { JsonObject } from './strictJson';

export interface AssertionRules {
  /** Accepted audiences; the assertion names exactly one of them. */
  readonly audiences: readonly string[];
  /** Keys registered for the client. */
  readonly jwks: Pick<JSONWebKeySet, 'keys'>;
  /** Identifiers of the organisation that runs the client. */
  readonly organisationIdentifiers: readonly string[];
  /** This server's clock, with its fraction of a second. */
  readonly nowSeconds: number;
  /** How far clocks may differ. */
  readonly skewSeconds: number;
}

/** Refused because its times are ahead of this server's clock, though its form is right. */
export class AheadOfTime extends JwsRefused {}

/**
 * SMART Backend Services: `exp` at most five minutes ahead; UDAP: an assertion with `hl7-b2b` lives at most
 * five minutes.
 */
export const MAX_ASSERTION_SECONDS = 300;
const MAX_JTI_LENGTH = 256;
/**
 * RFC 7523 assertions are `JWT`; the update of that RFC names them `client-authentication+jwt`. Other kinds
 * of token are refused.
 */
const TYPES = new Set(['jwt', 'client-authentication+jwt']);
const KEY_TYPES: Readonly<Record<string, string>> = { ES256: 'EC', ES384: 'EC', RS384: 'RSA' };

/**
 * What a client assertion, whose signature was verified, must satisfy beyond a valid signature, issuer and
 * unused `jti` (SMART App Launch 2.2 Backend Services, RFC 7523 §3, UDAP `hl7-b2b`).
 * @returns who asks and why.
 * @throws {@link JwsRefused} or {@link B2bRefused}; both messages may be shown to the client.
 */
export function checkClientAssertion(assertion: string, rules: AssertionRules): B2bExtension {
  checkHeader(inspectHeader(assertion), rules);
  const payload = readClaims(assertion);
  checkClaims(payload, rules);
  const b2b = parseB2b(payload);
  if (!rules.organisationIdentifiers.includes(b2b.organizationId)) {
    throw new B2bRefused('hl7-b2b organization_id is not of the organisation that runs this client');
  }
  return b2b;
}

function checkHeader(header: JsonObject, rules: AssertionRules): void {
  const { typ, alg, kid } = header;
  if (typ !== undefined && (typeof typ !== 'string' || !TYPES.has(typ.toLowerCase()))) {
    throw new JwsRefused('typ of a client assertion must be JWT or client-authentication+jwt');
  }
  const keyType = typeof alg === 'string' ? KEY_TYPES[alg] : undefined;
  const matching = rules.jwks.keys.filter((key) => key.kid === kid && key.kty === keyType);
  if (kid === undefined || matching.length !== 1) {
    throw new JwsRefused('kid must name exactly one registered key');
  }
}

function checkClaims(payload: JsonObject, rules: AssertionRules): void {
  const { aud, jti, sub, iss } = payload;
  if (typeof aud !== 'string' || !rules.audiences.includes(aud)) {
    throw new JwsRefused('aud must be exactly the issuer or the token endpoint, as one string');
  }
  if (typeof sub !== 'string' || sub !== iss) {
    throw new JwsRefused('iss and sub must both be the client_id');
  }
  if (typeof jti !== 'string' || jti.length === 0 || jti.length > MAX_JTI_LENGTH) {
    throw new JwsRefused('jti must be a string of 1–256 characters');
  }
  checkTimes(payload, rules);
}

/**
 * An absent `iat` (RFC 7523 asks for none) is no fault: `exp` alone bounds what the assertion can still do.
 */
function checkTimes(payload: JsonObject, { nowSeconds, skewSeconds }: AssertionRules): void {
  const { exp, iat } = payload;
  if (!isNumericDate(exp)) {
    throw new JwsRefused('exp must be a number of seconds since 1970');
  }
  if (exp > nowSeconds + MAX_ASSERTION_SECONDS + skewSeconds) {
    const isAhead = isNumericDate(iat) && iat > nowSeconds + skewSeconds;
    throw new (isAhead ? AheadOfTime : JwsRefused)(
      'exp must be at most 300 seconds ahead of this server’s clock',
    );
  }
  if (iat === undefined) {
    return;
  }
  if (!isNumericDate(iat)) {
    throw new JwsRefused('iat must be a number of seconds since 1970');
  }
  if (iat > nowSeconds + skewSeconds) {
    throw new AheadOfTime('iat must not be ahead of this server’s clock');
  }
  if (exp - iat > MAX_ASSERTION_SECONDS + skewSeconds) {
    throw new JwsRefused('exp must be at most 300 seconds after iat');
  }
}
