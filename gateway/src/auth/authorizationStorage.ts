// SPDX-License-Identifier: Apache-2.0
import type { ClientApplication } from '@chartwitness/chaincode/domain';
import { errors, type Adapter, type AdapterPayload, type SigningAlgorithm } from 'oidc-provider';
import { LedgerError } from '../ledger/ledgerError';
import type { RegistryReader } from './registryReader';
import type { ReplayStore } from './replayStore';
import { narrowerScopes } from './systemScopes';
import { fromStore, TemporarilyUnavailable } from './temporarilyUnavailable';

export interface AdapterOptions {
  readonly registry: RegistryReader;
  readonly replays: ReplayStore;
  readonly clock: () => number;
  /** Scopes that the server knows; a client's are those that its registered scope covers. */
  readonly grantable: readonly string[];
  readonly signingAlgorithm: SigningAlgorithm;
}

/**
 * The library's own words for an assertion that it finds used, so that both ways of finding out read the
 * same.
 */
export const USED_BEFORE = 'client assertion tokens must only be used once';

const NOTHING_STORED = (): Promise<undefined> => Promise.resolve(undefined);

/**
 * A model that this server never stores: JWT access tokens are self-contained and there are no sessions,
 * grants or codes.
 */
const EMPTY: Adapter = {
  upsert: () => Promise.reject(new Error('this authorization server stores no such model')),
  find: NOTHING_STORED,
  findByUserCode: NOTHING_STORED,
  findByUid: NOTHING_STORED,
  consume: NOTHING_STORED,
  destroy: NOTHING_STORED,
  revokeByGrantId: NOTHING_STORED,
};

/**
 * oidc-provider's storage: clients come from the ledger's Registry at each request, used assertions go to the
 * replay store.
 */
export function createAdapterFactory(options: AdapterOptions): (model: string) => Adapter {
  const models: Readonly<Record<string, Adapter>> = {
    Client: { ...EMPTY, find: (clientId) => findClient(clientId, options) },
    ReplayDetection: replayAdapter(options),
  };
  return (model) => models[model] ?? EMPTY;
}

async function findClient(clientId: string, options: AdapterOptions): Promise<AdapterPayload | undefined> {
  try {
    return await findActiveClient(clientId, options);
  } catch (error) {
    throw error instanceof LedgerError
      ? new TemporarilyUnavailable('the registry of clients cannot be read; try again later', error)
      : error;
  }
}

async function findActiveClient(
  clientId: string,
  options: AdapterOptions,
): Promise<AdapterPayload | undefined> {
  const client = await options.registry.findClient(clientId);
  if (client?.status !== 'active') {
    return undefined;
  }
  const organisation = await options.registry.findOrganisation(client.org);
  return organisation?.status === 'active' ? clientMetadata(client, options) : undefined;
}

function clientMetadata(client: ClientApplication, options: AdapterOptions): AdapterPayload {
  return {
    client_id: client.clientId,
    client_name: client.name,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: client.jwks.keys.map((key) => ({ ...key })) },
    scope: narrowerScopes(client.scope, options.grantable).join(' '),
    // Unused without ID tokens, but the library refuses a client whose default algorithm the server has no
    // key for.
    id_token_signed_response_alg: options.signingAlgorithm,
  };
}

/**
 * The library asks `find` and then `upsert`s: two requests at once both pass the first. The store's unique
 * key decides between them, and the loser is refused here.
 */
function replayAdapter({ replays, clock }: AdapterOptions): Adapter {
  return {
    ...EMPTY,
    find: (id) => fromStore(() => (replays.isUsed(id) ? { jti: id, kind: 'ReplayDetection' } : undefined)),
    upsert: (id, _payload, expiresIn = 0) =>
      fromStore(() => {
        // An `exp` may have a fraction; the store keeps whole milliseconds, and rather one too many.
        if (!replays.use(id, Math.ceil(clock() + expiresIn * 1000))) {
          throw new errors.InvalidClientAuth(USED_BEFORE);
        }
      }),
  };
}
