// SPDX-License-Identifier: Apache-2.0
import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from 'pino';
import { type ClientClocks, signOf } from './clientClocks';
import { JwsRefused, readClaims } from './compactJws';
import { USED_BEFORE } from './authorizationStorage';
import type { JsonObject } from './strictJson';

const EXPIRED = 'jwt expired';

export interface RefusalsOptions {
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly clocks?: Pick<ClientClocks, 'note'> | undefined;
}

/**
 * What the library found wrong after it had verified the signature, in words for the client. Everything that it finds before (client
 * unknown, key unknown, signature wrong) stays one and the same answer: it would tell a stranger which clients and keys are registered.
 */
const AFTER_THE_SIGNATURE: Readonly<Record<string, string>> = {
  [EXPIRED]: 'exp is in the past of this server’s clock',
  'invalid exp value': 'exp must be a number of seconds since 1970',
  'jwt not active yet': 'nbf is ahead of this server’s clock',
  'invalid nbf value': 'nbf must be a number of seconds since 1970',
  'invalid iat value': 'iat must be a number of seconds since 1970',
  [USED_BEFORE]: 'this assertion was used before; make one with another jti',
};

/** A refusal after the signature was verified: who signed may read what is wrong. */
export function toldTo(refusal: errors.InvalidClientAuth): errors.InvalidClientAuth {
  refusal.error_description = refusal.error_detail ?? refusal.error_description ?? '';
  return refusal;
}

/**
 * Logs every refused token request with its reason, for the hospital's operator, and puts the reason into `error_description` where that
 * gives nothing away. Neither holds a claim's value: reasons are fixed texts, and the client is named only when it is registered.
 */
export function explainRefusals(provider: Provider, { log, clock, clocks }: RefusalsOptions): void {
  provider.on('grant.error', (context: KoaContextWithOIDC, error) => {
    const detail = error.error_detail ?? error.error_description;
    log.info(
      { code: error.error, reason: detail, client: context.oidc.client?.clientId },
      'token request refused',
    );
    const { client, params } = context.oidc;
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
