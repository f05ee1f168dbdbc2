// SPDX-License-Identifier: Apache-2.0
import type {
  ClientApplication,
  NetworkSettings,
  Organisation,
  RegistryStatus,
} from '@chartwitness/chaincode/domain';
import { committedOf, type LedgerCalls } from './ledgerCalls';
import type { Committed, ProvenanceLedger } from './provenanceLedger';
import * as wire from './wire';

export type RegistryPart = Pick<
  ProvenanceLedger,
  | 'initialise'
  | 'findSettings'
  | 'admitOrganisation'
  | 'setOrganisationStatus'
  | 'organisations'
  | 'putClient'
  | 'setClientStatus'
  | 'findClient'
  | 'clients'
>;

/** The Registry contract: settings, organisations, client applications. */
export class RegistryCalls implements RegistryPart {
  readonly #calls: LedgerCalls;
  /** Who endorses the trustee's own writes; none: the peer's discovery chooses. */
  readonly #endorsers: readonly string[];

  constructor(calls: LedgerCalls, endorsers: readonly string[] = []) {
    this.#calls = calls;
    this.#endorsers = endorsers;
  }

  async initialise(settings: NetworkSettings): Promise<Committed> {
    return committedOf(
      await this.#calls.write('Registry', 'Initialise', [JSON.stringify(settings)], {
        endorsers: this.#endorsers,
      }),
    );
  }

  findSettings(): Promise<NetworkSettings | undefined> {
    return this.#calls.findSettings();
  }

  admitOrganisation(organisation: Omit<Organisation, 'status'>): Promise<Committed> {
    return this.#write('AdmitOrganisation', [JSON.stringify(organisation)]);
  }

  setOrganisationStatus(mspId: string, status: RegistryStatus): Promise<Committed> {
    return this.#write('SetOrganisationStatus', [mspId, status]);
  }

  async organisations(): Promise<readonly Organisation[]> {
    return wire.parseOrganisations(await this.#calls.evaluate('Registry', 'ListOrganisations', []));
  }

  putClient(client: Omit<ClientApplication, 'org' | 'status'>): Promise<Committed> {
    return this.#write('PutClient', [JSON.stringify(client)]);
  }

  setClientStatus(clientId: string, status: RegistryStatus): Promise<Committed> {
    return this.#write('SetClientStatus', [clientId, status]);
  }

  findClient(clientId: string): Promise<ClientApplication | undefined> {
    return this.#calls.find('Registry', 'GetClient', [clientId], wire.parseClient);
  }

  async clients(mspId: string): Promise<readonly ClientApplication[]> {
    return wire.parseClients(await this.#calls.evaluate('Registry', 'ListClients', [mspId]));
  }

  async #write(name: string, args: readonly string[]): Promise<Committed> {
    const isTrustee = this.#calls.mspId === (await this.#calls.trusteeMspId());
    const by = isTrustee ? { endorsers: this.#endorsers } : await this.#calls.ownAndTrustee();
    return committedOf(await this.#calls.write('Registry', name, args, by));
  }
}
