// SPDX-License-Identifier: Apache-2.0
import {
  type ClientApplication,
  type NetworkSettings,
  type Organisation,
  parseClient,
  parseOrganisation,
  parseSettings,
} from '@chartwitness/chaincode/domain';
import type { ProvenanceLedger } from '../ledger/provenanceLedger';

/** All that the Registry holds. It is public among members and names no person. */
export interface WholeRegistry {
  /** Absent before the trustee has set the network up. */
  readonly settings: NetworkSettings | undefined;
  readonly organisations: readonly Organisation[];
  /** Of every organisation, by client id; suspended ones too. */
  readonly clients: ReadonlyMap<string, ClientApplication>;
}

/**
 * Asks the own peer for everything, one call after the other. A change in between may show in a part of it;
 * the caller follows the changes and asks again.
 * @throws LedgerError
 */
export async function readWholeRegistry(
  ledger: Pick<ProvenanceLedger, 'findSettings' | 'organisations' | 'clients'>,
): Promise<WholeRegistry> {
  const settings = await ledger.findSettings();
  const organisations = await ledger.organisations();
  const clients = new Map<string, ClientApplication>();
  for (const { mspId } of organisations) {
    for (const client of await ledger.clients(mspId)) {
      clients.set(client.clientId, client);
    }
  }
  return { settings, organisations, clients };
}

/** As plain data, in one order whatever the peer's. */
export function plainRegistry({ settings, organisations, clients }: WholeRegistry): unknown {
  return {
    settings: settings ?? null,
    organisations: sorted(organisations, ({ mspId }) => mspId),
    clients: sorted([...clients.values()], ({ clientId }) => clientId),
  };
}

/**
 * The other way round; every part is checked as the chaincode checks it.
 * @throws DomainError naming what does not have its form, RangeError for what contradicts itself.
 */
export function parseWholeRegistry(value: unknown): WholeRegistry {
  const { settings, organisations, clients, ...more } = membersOf(value);
  if (Object.keys(more).length > 0) {
    throw new RangeError(`unknown members: ${Object.keys(more).join(', ')}`);
  }
  const parsed = {
    settings: settings === null ? undefined : parseSettings(settings),
    organisations: listOf(organisations, 'organisations').map(parseOrganisation),
    clients: listOf(clients, 'clients').map(parseClient),
  };
  const owners = new Set(parsed.organisations.map(({ mspId }) => mspId));
  const byId = new Map(parsed.clients.map((client) => [client.clientId, client]));
  if (owners.size < parsed.organisations.length || byId.size < parsed.clients.length) {
    throw new RangeError('an organisation or a client stands in it twice');
  }
  if (parsed.clients.some(({ org }) => !owners.has(org))) {
    throw new RangeError('a client is of no organisation in it');
  }
  return { ...parsed, clients: byId };
}

function sorted<T>(values: readonly T[], keyOf: (value: T) => string): readonly T[] {
  return [...values].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RangeError('expected an object');
  }
  return { ...value };
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new RangeError(`${name}: expected a list`);
  }
  return value;
}
