// SPDX-License-Identifier: Apache-2.0
import {
  type ClientApplication,
  DomainError,
  type NetworkSettings,
  type Organisation,
  parseClient,
  parseOrganisation,
  parseSettings,
  type RefusalReason,
  type Requester,
} from '../domain';
import { mspIdForm } from '../domain/consentForm';
import { parseAs, record } from '../domain/form';
import { clientIdForm } from '../domain/registryForm';
import type { TransactionState } from './transactionState';

const SETTINGS = 'settings';
const ORGANISATION = 'organisation';
const IDENTIFIER = 'identifier';
const CLIENT = 'client';
const CLIENT_OF = 'clientOf';

const ownerForm = record<{ mspId: string }>({ mspId: mspIdForm });
const linkForm = record<{ clientId: string }>({ clientId: clientIdForm });
const parseOwner = (value: unknown): { mspId: string } => parseAs(ownerForm, value, 'identifier');
const parseLink = (value: unknown): { clientId: string } => parseAs(linkForm, value, 'clientOf');

/** The public registry: settings, organisations and client applications. It holds no persons. */
export class RegistryStore {
  readonly #state: TransactionState;

  constructor(state: TransactionState) {
    this.#state = state;
  }

  findSettings(): Promise<NetworkSettings | undefined> {
    return this.#state.find(SETTINGS, parseSettings);
  }

  /** @throws DomainError `NOT_INITIALISED` when the network has no settings yet. */
  async getSettings(): Promise<NetworkSettings> {
    const settings = await this.findSettings();
    if (settings === undefined) {
      throw new DomainError('NOT_INITIALISED', 'call Registry:Initialise first');
    }
    return settings;
  }

  putSettings(settings: NetworkSettings): Promise<void> {
    return this.#state.put(SETTINGS, settings);
  }

  findOrganisation(mspId: string): Promise<Organisation | undefined> {
    return this.#state.find(this.#state.key(ORGANISATION, mspId), parseOrganisation);
  }

  listOrganisations(): Promise<Organisation[]> {
    return this.#state.list(ORGANISATION, [], parseOrganisation);
  }

  /**
   * Stores an organisation and its claim on its identifiers; identifiers that it no longer has become free.
   * @throws DomainError `CONFLICT` when another organisation has one of them.
   */
  async putOrganisation(organisation: Organisation): Promise<void> {
    const { mspId, identifiers } = organisation;
    const before = await this.findOrganisation(mspId);
    const claimed = before?.identifiers ?? [];
    for (const identifier of identifiers.filter((one) => !claimed.includes(one))) {
      await this.#claim(identifier, mspId);
    }
    for (const identifier of claimed.filter((one) => !identifiers.includes(one))) {
      await this.#state.remove(this.#state.key(IDENTIFIER, identifier));
    }
    await this.#state.put(this.#state.key(ORGANISATION, mspId), organisation);
  }

  findClient(clientId: string): Promise<ClientApplication | undefined> {
    return this.#state.find(this.#state.key(CLIENT, clientId), parseClient);
  }

  async listClients(mspId: string): Promise<ClientApplication[]> {
    const links = await this.#state.list(CLIENT_OF, [mspId], parseLink);
    const clients: ClientApplication[] = [];
    for (const { clientId } of links) {
      const client = await this.findClient(clientId);
      if (client === undefined) {
        throw new DomainError('CORRUPT', 'clientOf: names a client that is not there');
      }
      clients.push(client);
    }
    return clients;
  }

  async putClient(client: ClientApplication): Promise<void> {
    const { clientId, org } = client;
    await this.#state.put(this.#state.key(CLIENT, clientId), client);
    await this.#state.put(this.#state.key(CLIENT_OF, org, clientId), { clientId });
  }

  /**
   * Why the registry refuses a requester, or undefined when its organisation and client are in good standing.
   */
  async findRefusal({ org, clientId }: Requester): Promise<RefusalReason | undefined> {
    const organisation = await this.findOrganisation(org);
    if (organisation === undefined) {
      return 'organisationUnknown';
    }
    if (organisation.status !== 'active') {
      return 'organisationSuspended';
    }
    const client = await this.findClient(clientId);
    // Another organisation's client is no client of this one.
    if (client?.org !== org) {
      return 'clientUnknown';
    }
    return client.status === 'active' ? undefined : 'clientSuspended';
  }

  async #claim(identifier: string, mspId: string): Promise<void> {
    const key = this.#state.key(IDENTIFIER, identifier);
    const owner = await this.#state.find(key, parseOwner);
    if (owner !== undefined && owner.mspId !== mspId) {
      throw new DomainError('CONFLICT', `${owner.mspId} already has the identifier ${identifier}`);
    }
    await this.#state.put(key, { mspId });
  }
}
