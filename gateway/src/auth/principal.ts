// SPDX-License-Identifier: Apache-2.0
import type { Requester } from '@chartwitness/chaincode/domain';
import { AppError } from '../errors';
import { B2bRefused, parseB2b, type B2bExtension } from './b2bExtension';
import type { RegistryReader } from './registryReader';
import type { AccessToken } from './accessToken';
import type { TokenVerifier } from './tokenVerifier';

/** Who asks, as authenticated for one request. */
export interface Principal {
  readonly requester: Requester;
  /** Bare HL7 v3 ActReason code that the token is bound to. */
  readonly purpose: string;
  /** Space-separated SMART scopes. */
  readonly scope: string;
}

/** Turns an `Authorization` header into a {@link Principal}. */
export interface Authenticator {
  /**
   * @throws AppError UNAUTHENTICATED (nothing sent), INVALID_TOKEN, ISSUER_UNAVAILABLE; LedgerError when the
   *   Registry cannot answer.
   */
  authenticate(authorization: string | undefined): Promise<Principal>;
}

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

export function createAuthenticator(verifier: TokenVerifier, registry: RegistryReader): Authenticator {
  return {
    authenticate: async (authorization) => {
      if (authorization === undefined) {
        throw new AppError('UNAUTHENTICATED', 'no Authorization header');
      }
      const credentials = BEARER.exec(authorization)?.[1];
      if (credentials === undefined) {
        throw new AppError('INVALID_TOKEN', 'the Authorization header is not "Bearer <token>"');
      }
      const token = await verifier.verify(credentials);
      const b2b = readB2b(token);
      const org = await activeOrganisation(registry, token.clientId, b2b.organizationId);
      return {
        requester: { org, clientId: token.clientId, person: b2b.person },
        purpose: b2b.purpose,
        scope: token.scope,
      };
    },
  };
}

function readB2b(token: AccessToken): B2bExtension {
  try {
    return parseB2b(token.claims);
  } catch (error) {
    if (error instanceof B2bRefused) {
      throw new AppError('INVALID_TOKEN', error.message, { cause: error });
    }
    throw error;
  }
}

/**
 * The client must be active and run by an active organisation that is known by the identifier that the token
 * names.
 */
async function activeOrganisation(
  registry: RegistryReader,
  clientId: string,
  organizationId: string,
): Promise<string> {
  const client = await registry.findClient(clientId);
  if (client?.status !== 'active') {
    throw new AppError('INVALID_TOKEN', 'the client is unknown or suspended');
  }
  const organisation = await registry.findOrganisation(client.org);
  if (organisation?.status !== 'active') {
    throw new AppError('INVALID_TOKEN', 'the organisation is unknown or suspended');
  }
  if (!organisation.identifiers.includes(organizationId)) {
    throw new AppError('INVALID_TOKEN', 'organization_id is not of the organisation that runs the client');
  }
  return organisation.mspId;
}
