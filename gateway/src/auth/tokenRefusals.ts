// SPDX-License-Identifier: Apache-2.0
import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';
import { type Failure, noteFailure } from '../http/requestContext';
import { toAppError } from '../http/toAppError';
import { type ClientClocks, signOf } from './clientClocks';
import { JwsRefused, readClaims } from './compactJws';
import { USED_BEFORE } from './authorizationStorage';
import type { JsonObject } from './strictJson';
import { TemporarilyUnavailable } from './temporarilyUnavailable';

const EXPIRED = 'jwt expired';

/** Why a token was refused, for an operator who counts them. Closed, and names nobody. */
export const REFUSAL_REASONS = [
  /** No such client is registered, or its organisation is suspended. */
  'client',
  /** The assertion does not hold: its key, its signature, or a claim. */
  'assertion',
  /** A time in it does not fit this server's clock. */
  'clock',
  /** It was used before. */
  'replayed',
  /** Who asks, for whom and what for (its `hl7-b2b` object) is missing or not acceptable. */
  'hl7-b2b',
  'scope',
  /** The request itself: grant type, form, resource. */
  'request',
  /** More than this client may ask for. */
  'throttled',
  /** A store or the ledger did not serve. */
  'unavailable',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface RefusalsOptions {
  readonly log: Logger;
  readonly onRefusal?: ((reason: RefusalReason) => void) | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly clocks?: Pick<ClientClocks, 'note'> | undefined;
}

/**
 * What the library found wrong after it had verified the signature, in words for the client. Everything that
 * it finds before (client unknown, key unknown, signature wrong) stays one and the same answer: it would tell
 * a stranger which clients and keys are registered.
 */
const AFTER_THE_SIGNATURE: Readonly<Record<string, string>> = {
  [EXPIRED]: 'exp is in the past of this server’s clock',
  'invalid exp value': 'exp must be a number of seconds since 1970',
  'jwt not active yet': 'nbf is ahead of this server’s clock',
  'invalid nbf value': 'nbf must be a number of seconds since 1970',
  'invalid iat value': 'iat must be a number of seconds since 1970',
  [USED_BEFORE]: 'this assertion was used before; make one with another jti',
};

/** By refusal, where its code alone does not say. */
const REASONS = new WeakMap<object, RefusalReason>();

/** A refusal after the signature was verified: who signed may read what is wrong. */
export function toldTo(refusal: errors.InvalidClientAuth, reason: RefusalReason): errors.InvalidClientAuth {
  refusal.error_description = refusal.error_detail ?? refusal.error_description ?? '';
  return counted(refusal, reason);
}

/** The same refusal, counted under this reason. */
export function counted<Refusal extends errors.OIDCProviderError>(
  refusal: Refusal,
  reason: RefusalReason,
): Refusal {
  REASONS.set(refusal, reason);
  return refusal;
}

const BY_CODE: Readonly<Record<string, RefusalReason>> = {
  invalid_client: 'assertion',
  invalid_scope: 'scope',
  server_error: 'unavailable',
};

const BY_DETAIL: Readonly<Record<string, RefusalReason>> = {
  [EXPIRED]: 'clock',
  'jwt not active yet': 'clock',
  [USED_BEFORE]: 'replayed',
};

function reasonOf(error: errors.OIDCProviderError, isKnownClient: boolean): RefusalReason {
  const marked = REASONS.get(error) ?? BY_DETAIL[error.error_detail ?? ''];
  if (marked !== undefined) {
    return marked;
  }
  if (error.error === 'temporarily_unavailable') {
    return error.statusCode === 429 ? 'throttled' : 'unavailable';
  }
  const reason = BY_CODE[error.error] ?? 'request';
  return reason === 'assertion' && !isKnownClient ? 'client' : reason;
}

/**
 * Logs every refused token request with its reason, for the hospital's operator, and puts the reason into
 * `error_description` where that gives nothing away. Neither holds a claim's value: reasons are fixed texts,
 * and the client is named only when it is registered.
 */
export function explainRefusals(
  provider: Provider,
  { log, clock, clocks, onRefusal }: RefusalsOptions,
): void {
  provider.on('grant.error', (context: KoaContextWithOIDC, error) => {
    const { client, params } = context.oidc;
    const failure = failureOf(error);
    if (!(error instanceof TemporarilyUnavailable)) {
      log.info({ ...failure, client: client?.clientId }, 'token request refused');
    }
    noteFailure(context.res, failure);
    onRefusal?.(reasonOf(error, client !== undefined));
    if (client !== undefined && error.error_detail === EXPIRED) {
      const claims = claimsOf(String(params?.['client_assertion']));
      clocks?.note(signOf(client.clientId, claims, clock() / 1000, 'expired'));
    }
    const told = AFTER_THE_SIGNATURE[error.error_detail ?? ''];
    const body: unknown = context.body;
    if (told !== undefined && typeof body === 'object' && body !== null) {
      context.body = { ...body, error_description: told };
    }
  });
}

/**
 * For the log. What does not serve is no refusal of the client: the line at the request's end, a warning,
 * says what it is.
 */
function failureOf(error: errors.OIDCProviderError): Failure {
  if (error instanceof TemporarilyUnavailable) {
    const { code, message } = toAppError(error.cause);
    return { code, reason: message };
  }
  return { code: error.error, reason: error.error_detail ?? error.error_description };
}

/** The library reads more loosely than this product: what it alone can read says nothing here. */
function claimsOf(assertion: string): JsonObject {
  try {
    return readClaims(assertion);
  } catch (error) {
    if (error instanceof JwsRefused) {
      return {};
    }
    throw error;
  }
}
