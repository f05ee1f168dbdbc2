// SPDX-License-Identifier: Apache-2.0
import { Contract, Info, Returns, Transaction } from 'fabric-contract-api';
import {
  canonicalJson,
  DomainError,
  LEDGER_EVENTS,
  type NetworkSettings,
  type OrganisationInput,
  parseClientInput,
  parseOrganisationInput,
  parseSettings,
  parseStatus,
  type RegistryChanged,
} from '../domain';
import { jsonArgument } from './argument';
import { callerMspId, requireMember, requireTrustee, requireTrusteeIdentity } from './caller';
import { ProvenanceContext } from './context';

/**
 * Which organisations take part and which keys their client applications sign with. Public state, no persons;
 * anyone on the channel may read it. Every argument and result is text; JSON results are canonical.
 */
@Info({
  title: 'Registry',
  description: 'Organisations, their client applications, and the network’s settings',
})
export class RegistryContract extends Contract {
  constructor() {
    super('Registry');
  }

  override createContext(): ProvenanceContext {
    return new ProvenanceContext();
  }

  /**
   * Sets the network up, once; the caller is the trustee that the settings name. `CONFLICT` the second time.
   */
  @Transaction()
  async Initialise(ctx: ProvenanceContext, settingsJson: string): Promise<void> {
    const settings = parseSettings(jsonArgument(settingsJson, 'settings'));
    requireTrusteeIdentity(ctx, settings.trustee);
    if ((await ctx.stores.registry.findSettings()) !== undefined) {
      throw new DomainError('CONFLICT', 'the network is set up already');
    }
    await ctx.stores.registry.putSettings(settings);
    announce(ctx, { kind: 'settings', id: settings.trustee });
  }

  /** The network's settings; `NOT_INITIALISED` before there are any. */
  @Transaction(false)
  @Returns('string')
  async GetSettings(ctx: ProvenanceContext): Promise<string> {
    return canonicalJson(await ctx.stores.registry.getSettings());
  }

  /**
   * Admits an organisation, or updates a known one, whose status stays; trustee only. `CONFLICT` for a taken
   * identifier.
   */
  @Transaction()
  async AdmitOrganisation(ctx: ProvenanceContext, organisationJson: string): Promise<void> {
    const settings = await requireTrustee(ctx);
    const input = parseOrganisationInput(jsonArgument(organisationJson, 'organisation'));
    checkRole(input, settings);
    const { registry } = ctx.stores;
    const status = (await registry.findOrganisation(input.mspId))?.status ?? 'active';
    await registry.putOrganisation({ ...input, status });
    announce(ctx, { kind: 'organisation', id: input.mspId });
  }

  /** Suspends an organisation or makes it active again; trustee only, and not for the trustee itself. */
  @Transaction()
  async SetOrganisationStatus(ctx: ProvenanceContext, mspId: string, status: string): Promise<void> {
    const { trustee } = await requireTrustee(ctx);
    const wanted = parseStatus(status);
    // Nobody could undo it.
    if (mspId === trustee) {
      throw new DomainError('NOT_ALLOWED', 'the trustee’s own status cannot be changed');
    }
    const organisation = mspId === '' ? undefined : await ctx.stores.registry.findOrganisation(mspId);
    if (organisation === undefined) {
      throw new DomainError('NOT_FOUND', 'no such organisation');
    }
    await ctx.stores.registry.putOrganisation({ ...organisation, status: wanted });
    announce(ctx, { kind: 'organisation', id: mspId });
  }

  /** All organisations, ordered by MSP id. */
  @Transaction(false)
  @Returns('string')
  async ListOrganisations(ctx: ProvenanceContext): Promise<string> {
    return canonicalJson(await ctx.stores.registry.listOrganisations());
  }

  /**
   * Registers a client application of the caller's own organisation, or updates it; its status stays.
   * `CONFLICT` for another's id.
   */
  @Transaction()
  async PutClient(ctx: ProvenanceContext, clientJson: string): Promise<void> {
    const { organisation } = await requireMember(ctx);
    const input = parseClientInput(jsonArgument(clientJson, 'client'));
    const { registry } = ctx.stores;
    const known = await registry.findClient(input.clientId);
    if (known !== undefined && known.org !== organisation.mspId) {
      throw new DomainError('CONFLICT', 'this client id belongs to another organisation');
    }
    await registry.putClient({ ...input, org: organisation.mspId, status: known?.status ?? 'active' });
    announce(ctx, { kind: 'client', id: input.clientId });
  }

  /** Suspends a client application of the caller's own organisation or makes it active again. */
  @Transaction()
  async SetClientStatus(ctx: ProvenanceContext, clientId: string, status: string): Promise<void> {
    const { organisation } = await requireMember(ctx);
    const wanted = parseStatus(status);
    const client = clientId === '' ? undefined : await ctx.stores.registry.findClient(clientId);
    if (client === undefined) {
      throw new DomainError('NOT_FOUND', 'no such client application');
    }
    if (client.org !== organisation.mspId) {
      throw new DomainError('NOT_ALLOWED', 'this client application belongs to another organisation');
    }
    await ctx.stores.registry.putClient({ ...client, status: wanted });
    announce(ctx, { kind: 'client', id: clientId });
  }

  @Transaction(false)
  @Returns('string')
  async GetClient(ctx: ProvenanceContext, clientId: string): Promise<string> {
    const client = clientId === '' ? undefined : await ctx.stores.registry.findClient(clientId);
    if (client === undefined) {
      throw new DomainError('NOT_FOUND', 'no such client application');
    }
    return canonicalJson(client);
  }

  /** The client applications of one organisation, ordered by id; empty for an unknown organisation. */
  @Transaction(false)
  @Returns('string')
  async ListClients(ctx: ProvenanceContext, mspId: string): Promise<string> {
    const owner = mspId === '' ? callerMspId(ctx) : mspId;
    return canonicalJson(await ctx.stores.registry.listClients(owner));
  }
}

function checkRole({ mspId, role }: OrganisationInput, { trustee }: NetworkSettings): void {
  if ((role === 'trustee') !== (mspId === trustee)) {
    throw new DomainError('INVALID_INPUT', `organisation.role: ${trustee}, and no other, is the trustee`);
  }
}

function announce(ctx: ProvenanceContext, change: RegistryChanged): void {
  ctx.emit(LEDGER_EVENTS.registryChanged, change);
}
